"""The order of migrations: each runs after those that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from starmodel.migrations.environment import Environment
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.folder import number_of
from starmodel.migrations.files.merging import merged
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.schema.definitions import Schema


class OrderError(MigrationError):
    """The migrations have no order: a predecessor is missing, or they are circular."""


class SeveralHeadsError(MigrationError):
    """Two branches added migrations, and nothing merges them. Shapes: heads are their ids."""

    def __init__(self, heads: Iterable[str]) -> None:
        self.heads = tuple(heads)
        names = " and ".join(self.heads)
        super().__init__(
            f"{len(self.heads)} migrations are the newest: {names}. They come from branches that "
            "were merged. Combine them with: starmodel migrate --merge"
        )


@dataclass(frozen=True)
class Migrations:
    """All migrations of a project, in the order in which they run."""

    files: tuple[MigrationFile, ...] = ()
    environment: Environment = field(default_factory=Environment)

    def __iter__(self) -> Iterator[MigrationFile]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, id: str) -> MigrationFile:
        """Raises: KeyError."""
        for file in self.files:
            if file.id == id:
                return file
        raise KeyError(id)

    @property
    def heads(self) -> list[MigrationFile]:
        """The migrations that no other follows: one, or one for each branch."""
        followed = {id for file in self.files for id in file.after}
        return [file for file in self.files if file.id not in followed]

    @property
    def newest(self) -> Schema:
        """The snapshot of the last migration; empty without one.

        Raises: SeveralHeadsError.
        """
        heads = self.heads
        if len(heads) > 1:
            raise SeveralHeadsError(file.id for file in heads)
        return heads[0].schema if heads else Schema()

    def before(self, file: MigrationFile) -> Schema:
        """Return the schema that a migration starts from: that of the ones it follows.

        Raises: MigrationError, when several contradict each other.
        """
        return self.combined([self[id] for id in file.after])

    def combined(self, files: list[MigrationFile]) -> Schema:
        """Return what several migrations lead to together.

        Raises: MigrationError, when they contradict each other.
        """
        if not files:
            return Schema()
        schema, past = files[0].schema, self.ancestors(files[0])
        for file in files[1:]:
            common = past & self.ancestors(file)
            base = next((f.schema for f in reversed(self.files) if f.id in common), Schema())
            schema = merged(base, schema, file.schema, (files[0].id, file.id))
            past |= self.ancestors(file)
        return schema

    def ancestors(self, file: MigrationFile) -> set[str]:
        """Return the ids of a migration and of all before it."""
        found: set[str] = set()
        waiting = [file.id]
        while waiting:
            id = waiting.pop()
            if id not in found:
                found.add(id)
                waiting += self[id].after
        return found


def in_order(files: Iterable[MigrationFile], environment: Environment | None = None) -> Migrations:
    """Return migrations in order: after those that they follow, otherwise by number and name.

    Raises: OrderError.
    """
    waiting = {file.id: file for file in sorted(files, key=lambda f: (number_of(f.id), f.id))}
    for file in waiting.values():
        for id in file.after:
            if id not in waiting:
                raise OrderError(
                    f"The migration {file.id} follows {id!r}, and there is no such file. Restore "
                    f"{id}.py, or correct `after` in {file.id}.py."
                )
    ordered: list[MigrationFile] = []
    while waiting:
        ready = next((f for f in waiting.values() if not waiting.keys() & set(f.after)), None)
        if ready is None:
            raise OrderError(
                f"The migrations {' and '.join(waiting)} follow each other, or one that does. "
                "Correct `after` in one of them."
            )
        ordered.append(waiting.pop(ready.id))
    return Migrations(tuple(ordered), environment or Environment())
