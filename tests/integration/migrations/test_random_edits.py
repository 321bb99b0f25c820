"""Random sequences of model edits: afterwards the tables equal the models, and no row is lost.

MIGRATION_EXAMPLES is the number of sequences on each database.
"""

from __future__ import annotations

import asyncio
import datetime
import decimal
import os
import random
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from databases import DATABASES, emptied
from integration.migrations.changing import History, insert_rows, read_rows
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.plan import plan
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.order import in_order
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.runner import downgrade, upgrade
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.physical import table_differences

EXAMPLES = int(os.environ.get("MIGRATION_EXAMPLES", "4"))
EDITS = 6
VALUES: dict[Any, list[Any]] = {
    str: ["", "7", "ä 'quoted' %s", "12"],
    int: [0, 7, -3],
    float: [0.5, -2.0],
    bool: [True, False],
    decimal.Decimal: [decimal.Decimal("1.5"), decimal.Decimal(3)],
    datetime.date: [datetime.date(2024, 2, 29)],
    dict[str, int]: [{"a": 1}, {}],
}
CONVERTIBLE = {(int, str), (int, float), (int, decimal.Decimal), (bool, int), (float, str)}


@dataclass(frozen=True)
class FieldSpec:
    type: Any
    optional: bool = False
    indexed: bool = False
    unique: bool = False
    refers: str = ""


@dataclass(frozen=True)
class Model:
    """Entities by name. Shapes: renames are those of the last edit."""

    entities: dict[str, dict[str, FieldSpec]] = field(default_factory=dict)
    renames: dict[str, str] = field(default_factory=dict)

    def classes(self) -> list[type[Entity]]:
        return [_class(name, fields) for name, fields in self.entities.items()]

    def with_fields(self, entity: str, fields: dict[str, FieldSpec]) -> Model:
        return Model({**self.entities, entity: fields})


def _class(name: str, fields: dict[str, FieldSpec]) -> type[Entity]:
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {
        "__annotations__": annotations,
        "__module__": __name__,
        "model_config": {"store": "sql"},
    }
    for own, spec in fields.items():
        annotations[own] = spec.type | None if spec.optional else spec.type
        options: dict[str, Any] = {}
        if spec.indexed:
            options["index"] = True
        if spec.unique:
            options["unique"] = True
        if spec.refers:
            options["foreign_key"] = f"{spec.refers.lower()}.id"
        if spec.optional:
            namespace[own] = Field(default=None, **options)
        elif spec.type in (dict[str, int],):
            namespace[own] = Field(default={}, **options)
        else:
            namespace[own] = Field(default=VALUES[spec.type][0], **options)
    return type(Entity)(name, (Entity,), namespace)


class Editor:
    """Makes random edits. Names are never used twice, so that nothing is guessed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0

    def name(self, start: str) -> str:
        self.number += 1
        return f"{start}{self.number}"

    def spec(self) -> FieldSpec:
        kind = self.random.choice(list(VALUES))
        indexed = kind is not dict[str, int] and self.random.random() < 0.3
        return FieldSpec(kind, self.random.random() < 0.4, indexed)

    def first(self) -> Model:
        return Model({self.name("Thing"): {self.name("f"): self.spec() for _ in range(3)}})

    def edit(self, model: Model) -> Model:
        edits = [
            self.add_field, self.add_field, self.drop_field, self.rename_field, self.toggle,
            self.retype, self.add_entity, self.drop_entity, self.rename_entity, self.refer,
        ]  # fmt: skip
        while True:
            made = self.random.choice(edits)(model)
            if made is not None:
                return made

    def pick(self, model: Model) -> tuple[str, dict[str, FieldSpec]]:
        name = self.random.choice(list(model.entities))
        return name, dict(model.entities[name])

    def add_field(self, model: Model) -> Model | None:
        entity, fields = self.pick(model)
        return model.with_fields(entity, {**fields, self.name("f"): self.spec()})

    def drop_field(self, model: Model) -> Model | None:
        entity, fields = self.pick(model)
        if len(fields) < 2:
            return None
        fields.pop(self.random.choice(list(fields)))
        return model.with_fields(entity, fields)

    def rename_field(self, model: Model) -> Model | None:
        entity, fields = self.pick(model)
        old, new = self.random.choice(list(fields)), self.name("f")
        renamed = {new if name == old else name: spec for name, spec in fields.items()}
        return replace(model.with_fields(entity, renamed), renames={f"{entity}.{old}": new})

    def toggle(self, model: Model) -> Model | None:
        entity, fields = self.pick(model)
        name = self.random.choice(list(fields))
        spec = fields[name]
        if spec.type is dict[str, int]:
            return None
        which = self.random.choice(["optional", "indexed"])
        if spec.refers and which == "optional":
            return None
        fields[name] = replace(spec, **{which: not getattr(spec, which)})
        return model.with_fields(entity, fields)

    def retype(self, model: Model) -> Model | None:
        entity, fields = self.pick(model)
        name = self.random.choice(list(fields))
        spec = fields[name]
        kinds = [to for was, to in CONVERTIBLE if was is spec.type]
        if not kinds or spec.refers:
            return None
        fields[name] = replace(spec, type=self.random.choice(kinds))
        return model.with_fields(entity, fields)

    def add_entity(self, model: Model) -> Model | None:
        return model.with_fields(self.name("Thing"), {self.name("f"): self.spec()})

    def drop_entity(self, model: Model) -> Model | None:
        free = [
            name
            for name in model.entities
            if not any(s.refers == name for f in model.entities.values() for s in f.values())
        ]
        if len(model.entities) < 2 or not free:
            return None
        gone = self.random.choice(free)
        return Model({name: fields for name, fields in model.entities.items() if name != gone})

    def rename_entity(self, model: Model) -> Model | None:
        old, _ = self.pick(model)
        new = self.name("Thing")
        entities = {
            new if name == old else name: {
                own: replace(spec, refers=new) if spec.refers == old else spec
                for own, spec in fields.items()
            }
            for name, fields in model.entities.items()
        }
        return Model(entities, {old: new})

    def refer(self, model: Model) -> Model | None:
        entity, fields = self.pick(model)
        target, _ = self.pick(model)
        added = FieldSpec(str, optional=True, refers=target)
        return model.with_fields(entity, {**fields, self.name("f"): added})

    def rows(self, model: Model, entity: str, count: int) -> list[dict[str, Any]]:
        rows = []
        for _ in range(count):
            row: dict[str, Any] = {"id": self.name("row")}
            for name, spec in model.entities[entity].items():
                empty = spec.refers or (spec.optional and self.random.random() < 0.3)
                row[name] = None if empty else self.random.choice(VALUES[spec.type])
            rows.append(row)
        return rows


def _migrate(history: History, model: Model) -> None:
    before = history.schema
    classes = [entity_type(cls, "sql") for cls in model.classes()]
    after = collect(classes, before, model.renames)
    number = len(history.files) + 1
    id = f"{number:04d}_edit"
    made = plan(compare(before, after), Answers(), id)
    history.schema = made.schema
    past = (history.files[-1].id,) if history.files else ()
    history.files.append(MigrationFile(id, past, made.steps, made.schema, ""))


async def _differences(url: str, schema: Schema) -> list[str]:
    async with open_link(url) as link:
        found = await link.run(lambda s: table_differences(s.connection, schema, s.sql_dialect))
    return [each.text for each in found]


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.timeout(60 + 30 * EXAMPLES)
def test_tables_equal_the_models_after_random_edits(
    request: pytest.FixtureRequest, tmp_path: Any, kind: str
) -> None:
    for seed in range(EXAMPLES):
        if kind == "sqlite":
            url = f"sqlite:///{tmp_path / f'{seed}.db'}"
        else:
            url = emptied(request.getfixturevalue(f"{kind}_url"))
        try:
            _check(url, seed)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def _check(url: str, seed: int) -> None:
    editor = Editor(seed)
    model = editor.first()
    history = History.__new__(History)
    history.files, history.schema = [], Schema()
    _migrate(history, model)
    asyncio.run(upgrade(url, in_order(history.files)))
    stored: dict[str, int] = {}
    for _ in range(EDITS):
        for entity in model.entities:
            rows = editor.rows(model, entity, 3)
            insert_rows(url, history.schema, entity, rows)
            id = history.schema.entity(entity).id
            stored[id] = stored.get(id, 0) + len(rows)
        before = {e.name: read_rows(url, history.schema, e.name) for e in history.schema}
        earlier = history.schema
        model = editor.edit(model)
        _migrate(history, model)
        asyncio.run(upgrade(url, in_order(history.files)))
        assert asyncio.run(_differences(url, history.schema)) == []
        assert asyncio.run(upgrade(url, in_order(history.files))).is_empty
        _compare_rows(url, earlier, history.schema, before, stored)
    first = history.files[0]
    try:
        asyncio.run(downgrade(url, in_order(history.files), first.id))
    except MigrationError as error:  # texts that are no numbers any more
        assert "can't be converted" in str(error)  # noqa: PT017
        return
    found = asyncio.run(_differences(url, first.schema))
    assert [text for text in found if "_undone_" not in text] == []
    entity = first.schema.entities[0]
    assert len(read_rows(url, first.schema, entity.name)) == stored[entity.id]


def _compare_rows(
    url: str,
    earlier: Schema,
    schema: Schema,
    before: dict[str, list[dict[str, Any]]],
    stored: dict[str, int],
) -> None:
    """Values of fields that stay, under whatever name, are what they were."""
    olds = {entity.id: entity for entity in earlier}
    for entity in schema:
        old = olds.get(entity.id)
        if old is None:
            continue
        rows = read_rows(url, schema, entity.name)
        assert len(rows) == stored.get(entity.id, 0)
        names = {f.id: f.name for f in old.fields}
        types = {f.id: f.type for f in old.fields}
        for was, now in zip(before[old.name], rows, strict=True):
            for own in entity.fields:
                if types.get(own.id) == own.type and was[names[own.id]] is not None:
                    assert now[own.name] == was[names[own.id]]
