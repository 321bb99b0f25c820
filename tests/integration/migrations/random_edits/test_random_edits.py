"""Random sequences of model edits: afterwards the tables equal the models, and no row is lost.

MIGRATION_EXAMPLES is the number of sequences on each database, MIGRATION_SEED the first of them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from databases import DATABASES, emptied
from integration.migrations.changing import insert, on_link, read
from integration.migrations.random_edits.answering import answered
from integration.migrations.random_edits.classes import classes_of
from integration.migrations.random_edits.editor import Editor
from integration.migrations.random_edits.models import Model, renames_of
from integration.migrations.random_edits.rows import (
    Rows,
    check_rows,
    check_undone,
    differing,
    new_rows,
)
from starmodel.core.classes.registry import entity_type
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.plan import plan
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.loading import load_file
from starmodel.migrations.files.order import in_order
from starmodel.migrations.files.writing import migration_text
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.runner import downgrade, upgrade
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.physical import Difference, table_differences

EXAMPLES = int(os.environ.get("MIGRATION_EXAMPLES", "4"))
FIRST_SEED = int(os.environ.get("MIGRATION_SEED", "0"))
MIGRATIONS = 6
T = TypeVar("T")


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.timeout(60 + 60 * EXAMPLES)
def test_tables_equal_the_models_after_random_edits(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    failures = []
    for seed in range(FIRST_SEED, FIRST_SEED + EXAMPLES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        if kind == "sqlite":
            url = f"sqlite:///{folder / 'data.db'}"
        else:
            url = emptied(request.getfixturevalue(f"{kind}_url"))
        try:
            with asyncio.Runner() as runner:
                Sequence(url, seed, folder, runner).run()
        except Exception as error:
            failures.append((seed, error))
    assert not failures, "\n".join(f"seed {seed}: {error!r}" for seed, error in failures)


class Sequence:
    """One sequence of migrations on one database."""

    def __init__(self, url: str, seed: int, folder: Path, runner: asyncio.Runner) -> None:
        self.url, self.folder, self.runner = url, folder, runner
        self.editor = Editor(seed)
        self.model = Model()
        self.files: list[MigrationFile] = []
        self.rows: Rows = {}
        self.restored: set[str] = set()
        self.seen: dict[Any, Any] = {}
        self.converted: set[tuple[str, str]] = set()

    @property
    def schema(self) -> Schema:
        return self.files[-1].schema if self.files else Schema()

    def run(self) -> None:
        first = self.model = self._migrated(self.editor.first())
        for _ in range(MIGRATIONS):
            self._insert()
            self.model = self._migrated(self.editor.edits(self.model))
        self._undo_and_apply_again(first)

    def _on_link(self, work: Callable[[Session], T]) -> T:
        return self.runner.run(on_link(self.url, work))

    def _insert(self) -> None:
        editor = self.editor
        made = new_rows(self.model, self.rows, editor.random, lambda: int(editor.name("")))
        named = {self.model.entities[key].name: rows for key, rows in made.items()}

        def work(session: Session) -> Rows:
            insert(session, self.schema, named)
            return _rows(session, self.schema, self.model)

        self.rows = self._on_link(work)
        self._remember()

    def _remember(self) -> None:
        """Note the values of fields, to compare them once the fields are restored."""
        for key, entity in self.model.entities.items():
            for own, spec in entity.fields.items():
                for row in self.rows[key]:
                    self.seen[key, row["id"], own] = row[spec.name]

    def _migrated(self, model: Model) -> Model:
        """Migrate to a model, and return it; the present one, where its rows don't allow that."""
        before = self.rows
        self._add_file(model)
        try:
            self.runner.run(upgrade(self.url, in_order(self.files)))
        except MigrationError as error:
            refused = str(error)
        else:
            refused = ""
        if refused:
            assert self.editor.may_refuse or "unique" in refused, refused
            assert "nothing was changed" in refused, refused
            self.files.pop()
            assert differing(self._checked_rows(self.model), before) == []
            return self.model
        self.rows = self._checked_rows(model)
        check_rows(self.model, model, before, self.rows, self.restored)
        self._note_converted(model)
        return model

    def _add_file(self, model: Model) -> None:
        """Write a migration file, and load it."""
        is_declared = self.editor.random.random() < 0.5
        classes = classes_of(model, self.model if is_declared else None)
        renames = {} if is_declared else renames_of(self.model, model)
        types = [entity_type(cls, "sql") for cls in classes]
        after = collect(types, self.schema, renames)
        changes = compare(self.schema, after)
        id = f"{len(self.files) + 1:04d}_edit"
        answers = answered(changes, model, self.editor.random)
        self.restored = {ref for ref, is_restored in answers.restores.items() if is_restored}
        made = plan(changes, answers, id)
        past = [self.files[-1].id] if self.files else []
        path = self.folder / f"{id}.py"
        path.write_text(migration_text("An edit", past, made.steps, made.schema), encoding="utf-8")
        self.files.append(load_file(path))
        again = collect(types, self.files[-1].schema)
        assert not compare(self.files[-1].schema, again).in_database

    def _checked_rows(self, model: Model) -> Rows:
        """Return the rows; assert that the tables equal the classes, and nothing is left to do."""
        assert self.runner.run(upgrade(self.url, in_order(self.files))).is_empty

        def work(session: Session) -> tuple[list[Difference], Rows]:
            found = table_differences(session.connection, self.schema, session.sql_dialect)
            return found, _rows(session, self.schema, model)

        found, rows = self._on_link(work)
        # What an undo has put aside stays beside the table.
        assert [each.text for each in found if "_undone_" not in each.text] == []
        return rows

    def _note_converted(self, model: Model) -> None:
        """Note the fields whose values an undo may not restore exactly."""
        self.converted |= {
            (key, own)
            for key, entity in self.model.entities.items()
            if key in model.entities
            for own, spec in entity.fields.items()
            if (now := model.entities[key].fields.get(own)) is not None
            and (now.kind, now.members, now.parts) != (spec.kind, spec.members, spec.parts)
        }

    def _undo_and_apply_again(self, first: Model) -> None:
        last = self.rows
        start = self.files[0]
        try:
            self.runner.run(downgrade(self.url, in_order(self.files), start.id))
        except MigrationError as error:  # values that no longer fit the type before
            refused = str(error)
        else:
            refused = ""
        assert "the database refused it" not in refused, refused
        if not refused:
            seen = {k: v for k, v in self.seen.items() if (k[0], k[2]) not in self.converted}
            undone = self._on_link(lambda session: _rows(session, start.schema, first))
            check_undone(first, undone, seen)
        try:
            self.runner.run(upgrade(self.url, in_order(self.files)))
        except MigrationError as error:
            self._check_refused_again(str(error))
            return
        # Fields that were required before had to be filled.
        assert differing(self._checked_rows(self.model), last, filled=True) == []

    def _check_refused_again(self, refused: str) -> None:
        """Rows may violate a unique constraint that they did not have to meet before.

        They were inserted once it was gone, or the undo has filled a field that was NULL in them.
        """
        reasons = ("would have the unique values of another row", "not unique, and it has to be")
        assert any(reason in refused for reason in reasons), refused
        assert "nothing was changed" in refused, refused
        ids = [file.id for file in self.files]
        done = self.files[ids.index(refused.partition(" ")[0]) - 1].schema
        found = self._on_link(lambda s: table_differences(s.connection, done, s.sql_dialect))
        assert [each.text for each in found if "_undone_" not in each.text] == []


def _rows(session: Session, schema: Schema, model: Model) -> Rows:
    names = {key: entity.name for key, entity in model.entities.items()}
    found = read(session, schema, list(names.values()))
    return {key: found[name] for key, name in names.items()}
