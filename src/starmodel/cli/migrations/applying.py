"""Writes drafted migrations and runs what is pending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starmodel.cli.migrations.database import Database, print_notice, print_progress
from starmodel.cli.migrations.drafting import Draft
from starmodel.core.errors import ConfigurationError, StarModelError
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.order import Migrations, in_order
from starmodel.migrations.schema.definitions import Schema


@dataclass(frozen=True)
class Outcome:
    """The files that were written, and the ids of the migrations that the database has now.

    Shapes: recorded are those whose tables existed already; waiting are those that wait for
    --contract.
    """

    written: tuple[Path, ...] = ()
    recorded: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


def with_drafts(migrations: Migrations, drafts: Sequence[Draft]) -> Migrations:
    """Return the migrations with those that are not written yet."""
    known = {file.id for file in migrations}
    new = (draft.file for draft in drafts if draft.file.id not in known)
    return in_order([*migrations, *new], migrations.environment)


def apply_drafts(
    migrations: Migrations,
    drafts: Sequence[Draft],
    database: Database,
    *,
    blocking: bool,
    contract: bool = False,
    report: Callable[[str, float], None] = print_progress,
    again: str = "starmodel migrate",
) -> Outcome:
    """Write files and run all pending migrations.

    When a new migration can't begin, as with values that don't fit, its file is removed again, so
    that the command can be repeated with other answers.

    Shapes: a first draft without predecessors beside others describes existing tables; again is
    the command that gives the same answers.
    Raises: MigrationError; ConfigurationError, when the database is unreachable.
    """
    complete = with_drafts(migrations, drafts)
    written = [draft.write() for draft in drafts]
    recorded: tuple[str, ...] = ()
    try:
        described = [draft.file for draft in drafts if draft.is_description]
        if described:
            database.record(Migrations(tuple(described)))
            recorded = tuple(file.id for file in described)
        result = database.upgrade(
            complete,
            blocking=blocking,
            contract=contract,
            report=report,
            notice=print_notice,
        )
    except BaseException as error:  # Ctrl+C while it waits, too
        removed = _remove_unbegun(drafts, database)
        if removed and isinstance(error, StarModelError):
            names = ", ".join(path.name for path in removed)
            raise MigrationError(
                f"{error}\n{names} is not written. After a correction, or with another answer, "
                f"run:\n  {again}"
            ) from error
        raise
    return Outcome(tuple(written), (*recorded, *result.adopted), result.applied, result.waiting)


def _remove_unbegun(drafts: Sequence[Draft], database: Database) -> list[Path]:
    """Remove the files of drafts that the database has not begun.

    A contract migration stays once the one before it is begun: it is the rest of that change.
    """
    begun: set[str] = set()
    try:
        begun.update(entry.id for entry in database.state(Schema()).entries)
    except MigrationError:
        pass  # a ledger that can't be read has begun nothing
    except ConfigurationError:
        return []  # unreachable now, so nobody knows
    removed = [
        draft.path
        for draft in drafts
        if draft.file.id not in begun
        and not (draft.file.contract and begun.issuperset(draft.file.after))
    ]
    for path in removed:
        path.unlink(missing_ok=True)
    return removed
