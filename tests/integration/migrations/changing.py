"""Migrations of classes that a test defines, with rows that it stores and reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.plan import plan
from starmodel.migrations.comparing.questions import RemovedQuestion, open_questions
from starmodel.migrations.files.order import Migrations, in_order
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.rows.table import RowTable, stored_value
from starmodel.migrations.running.runner import Options, Result, downgrade, upgrade
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Kept, Schema
from starmodel.migrations.schema.tables import build_tables
from starmodel.migrations.steps import CreateEntity, DropEntity, DropField, Step

Classes = Sequence[type[Entity]]
T = TypeVar("T")


class History:
    """A chain of migrations. `add` appends one that leads to these classes."""

    def __init__(self, *classes: type[Entity]) -> None:
        self.files: list[MigrationFile] = []
        self.schema = Schema()
        schema = collect([entity_type(cls, "sql") for cls in classes])
        self.add(*classes, steps=[CreateEntity(entity.name) for entity in schema])

    def add(
        self, *classes: type[Entity], steps: Sequence[Step], renames: dict[str, str] | None = None
    ) -> History:
        """Append a migration; what its steps drop is kept aside."""
        before = self.schema
        id = f"{len(self.files) + 1:04d}_change"
        olds = {new: old for old, new in (renames or {}).items()}
        kept = [*before.kept, *(_kept(step, before, id, olds) for step in steps if _drops(step))]
        schema = collect([entity_type(cls, "sql") for cls in classes], before, renames or {})
        self.schema = schema.model_copy(update={"kept": tuple(kept)})
        after = (self.files[-1].id,) if self.files else ()
        self.files.append(MigrationFile(id, after, tuple(steps), self.schema, "a change"))
        return self

    def change(
        self,
        *classes: type[Entity],
        answers: Answers | None = None,
        renames: dict[str, str] | None = None,
    ) -> History:
        """Append the migration that `starmodel migrate` would write; what is gone is removed."""
        answers = answers or Answers()
        before, id = self.schema, f"{len(self.files) + 1:04d}_change"
        types = [entity_type(cls, "sql") for cls in classes]
        changes = compare(before, collect(types, before, renames or {}))
        while questions := open_questions(changes, answers):
            assert isinstance(questions[0], RemovedQuestion), questions[0]
            answers = answers.also(drops={questions[0].ref: True})
        made = plan(changes, answers, id)
        self.schema = made.schema
        self.files.append(MigrationFile(id, (self.files[-1].id,), made.steps, made.schema, ""))
        return self

    @property
    def migrations(self) -> Migrations:
        return in_order(self.files)

    def up(self, url: str, to: str | None = None, **options: Any) -> Result:
        return asyncio.run(upgrade(url, self.migrations, to, Options(**options)))

    def down(self, url: str, to: str | None = None, **options: Any) -> Result:
        return asyncio.run(downgrade(url, self.migrations, to, Options(**options)))

    def at(self, number: int) -> Schema:
        """The schema after so many migrations."""
        return self.files[number - 1].schema

    def store(self, url: str, entity: str, *rows: dict[str, Any], at: int = 1) -> None:
        """Insert rows of decoded values, as the classes of that migration would."""
        insert_rows(url, self.at(at), entity, rows)

    def rows(self, url: str, entity: str, at: int | None = None) -> list[dict[str, Any]]:
        """The rows in the order of their keys, as the classes of that migration see them."""
        schema = self.schema if at is None else self.at(at)
        return read_rows(url, schema, entity)


def _drops(step: Step) -> bool:
    return isinstance(step, DropField | DropEntity)


def _kept(step: Any, before: Schema, id: str, olds: dict[str, str]) -> Kept:
    entity = before.entity(olds.get(step.entity, step.entity))
    number = id.partition("_")[0]
    if isinstance(step, DropEntity):
        return Kept(migration=id, name=f"_dropped_{entity.table}_{number}", entity=entity)
    field = entity.field(step.field)
    return Kept(migration=id, name=f"_dropped_{field.column}_{number}", entity=entity, field=field)


def execute(url: str, *statements: str) -> None:
    """Run SQL statements."""

    def work(session: Session) -> None:
        for sql in statements:
            session.execute(sql)

    asyncio.run(on_link(url, work))


def query(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    found = asyncio.run(on_link(url, lambda session: session.rows(sql)))
    return [tuple(row) for row in found]


def insert_rows(url: str, schema: Schema, entity: str, rows: Sequence[dict[str, Any]]) -> None:
    asyncio.run(on_link(url, lambda session: insert(session, schema, {entity: rows})))


def read_rows(url: str, schema: Schema, entity: str) -> list[dict[str, Any]]:
    return asyncio.run(on_link(url, lambda session: read(session, schema, [entity])[entity]))


async def on_link(url: str, work: Callable[[Session], T]) -> T:
    """Run a function of the session on a connection of its own."""
    async with open_link(url) as link:
        return await link.run(work)


def insert(
    session: Session, schema: Schema, rows_by_entity: Mapping[str, Sequence[dict[str, Any]]]
) -> None:
    """Insert rows of decoded values into several entities, in this order."""
    tables = build_tables(schema, session.sql_dialect)
    with session.transaction():
        for entity, rows in rows_by_entity.items():
            table = RowTable(session, tables[entity])
            for row in rows:
                stored = {
                    table.fields[name].column.name: stored_value(table.fields[name], value)
                    for name, value in row.items()
                }
                stored["_version"] = 1
                names = ", ".join(map(session.quote, stored))
                marks = ", ".join(table.placeholder(n + 1) for n in range(len(stored)))
                session.execute(
                    f"INSERT INTO {table.name} ({names}) VALUES ({marks})",  # noqa: S608
                    list(stored.values()),
                )


def read(
    session: Session, schema: Schema, entities: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Return the decoded rows of several entities."""
    tables = build_tables(schema, session.sql_dialect)
    found = {}
    for entity in entities:
        table = RowTable(session, tables[entity])
        names = table.own_fields
        found[entity] = [table.decoded(names, values) for _, *values in table.all(names)]
    return found
