"""Random sequences of model edits: afterwards the tables equal the models, and no row is lost.

MIGRATION_EXAMPLES is the number of sequences on each database, MIGRATION_SEED the first of them.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from databases import DATABASES, emptied
from integration.migrations.changing import insert_tables, read_tables
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
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.runner import downgrade, upgrade
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.physical import table_differences

EXAMPLES = int(os.environ.get("MIGRATION_EXAMPLES", "4"))
FIRST_SEED = int(os.environ.get("MIGRATION_SEED", "0"))
MIGRATIONS = 6


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
            Sequence(url, seed, folder).run()
        except Exception as error:
            failures.append((seed, error))
    assert not failures, "\n".join(f"seed {seed}: {error!r}" for seed, error in failures)


class Sequence:
    """One sequence of migrations on one database."""

    def __init__(self, url: str, seed: int, folder: Path) -> None:
        self.url, self.folder = url, folder
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

    def _rows(self, schema: Schema, model: Model) -> Rows:
        names = {key: entity.name for key, entity in model.entities.items()}
        found = read_tables(self.url, schema, list(names.values()))
        return {key: found[name] for key, name in names.items()}

    def _insert(self) -> None:
        editor = self.editor
        made = new_rows(self.model, self.rows, editor.random, lambda: int(editor.name("")))
        named = {self.model.entities[key].name: rows for key, rows in made.items()}
        insert_tables(self.url, self.schema, named)
        self.rows = self._rows(self.schema, self.model)
        self._remember()

    def _remember(self) -> None:
        """Note the values of fields, to compare them once the fields are restored."""
        for key, entity in self.model.entities.items():
            for own, spec in entity.fields.items():
                for row in self.rows[key]:
                    self.seen[key, row["id"], own] = row[spec.name]

    def _migrated(self, model: Model) -> Model:
        """Migrate to a model, and return it; the present one, where its rows don't allow that."""
        old, before = self.schema, self.rows
        self._add_file(model)
        try:
            asyncio.run(upgrade(self.url, in_order(self.files)))
        except MigrationError as error:
            refused = str(error)
        else:
            refused = ""
        if refused:
            assert self.editor.may_refuse or "unique" in refused, refused
            assert "nothing was changed" in refused, refused
            self.files.pop()
            self._check_tables()
            assert differing(self._rows(old, self.model), before) == []
            return self.model
        self._check_tables()
        self.rows = self._rows(self.schema, model)
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

    def _check_tables(self) -> None:
        """Assert that the tables equal the classes, and that nothing is left to do."""

        async def differences() -> list[str]:
            async with open_link(self.url) as link:
                found = await link.run(
                    lambda s: table_differences(s.connection, self.schema, s.sql_dialect)
                )
                # What an undo has put aside stays beside the table.
            return [each.text for each in found if "_undone_" not in each.text]

        assert asyncio.run(differences()) == []
        assert asyncio.run(upgrade(self.url, in_order(self.files))).is_empty

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
            asyncio.run(downgrade(self.url, in_order(self.files), start.id))
        except MigrationError as error:  # values that no longer fit the type before
            refused = str(error)
        else:
            refused = ""
        assert "the database refused it" not in refused, refused
        if not refused:
            seen = {k: v for k, v in self.seen.items() if (k[0], k[2]) not in self.converted}
            check_undone(first, self._rows(start.schema, first), seen)
        asyncio.run(upgrade(self.url, in_order(self.files)))
        self._check_tables()
        # Fields that were required before had to be filled.
        assert differing(self._rows(self.schema, self.model), last, filled=True) == []
