"""Differences between the tables of a database and the definitions of a schema."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Column, Connection, Index, MetaData, inspect
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.dialects import Verbatim
from starmodel.migrations.schema.tables import DefinedTable, build_tables

Kind = Literal["table", "column", "type", "null", "index", "constraint"]


@dataclass(frozen=True)
class Difference:
    """One way in which a table differs from its definition.

    Shapes: text is a sentence; name is that of the column, index or constraint; is_extra, the
    table has something that the definition does not have.
    """

    kind: Kind
    entity: str
    table: str
    name: str
    text: str
    is_extra: bool = False


def table_differences(
    connection: Connection, schema: Schema, sql_dialect: SqlDialect
) -> list[Difference]:
    """Return how the tables of a schema differ from their definitions, ordered by table.

    Not compared are the tables of other programs, the SQL of expressions and of server defaults,
    and comments. What a migration keeps aside is no difference.
    """
    tables = build_tables(schema, sql_dialect)
    by_key = {each.table.key: each for each in tables if not each.definition.external}
    kept = {(each.entity.id, each.name) for each in schema.kept if each.field is not None}
    found = [
        difference
        for change in _changes(connection, tables.metadata, by_key, sql_dialect)
        for difference in _differences(change, by_key)
    ]
    missing = {each.entity for each in found if each.kind == "table"}
    for each in by_key.values():
        if each.definition.name not in missing:
            found += _missing_checks(connection, each)
    ids = {each.definition.name: each.definition.id for each in by_key.values()}
    return sorted(
        (
            each
            for each in found
            if (each.entity not in missing or each.kind == "table")
            and not (each.is_extra and (ids[each.entity], each.name) in kept)
        ),
        key=lambda each: (each.table, each.kind, each.name),
    )


def _changes(
    connection: Connection,
    metadata: MetaData,
    by_key: dict[str, DefinedTable],
    sql_dialect: SqlDialect,
) -> Iterator[Sequence[Any]]:
    """Yield what Alembic would change, one operation at a time."""
    names = {(each.table.schema, each.table.name) for each in by_key.values()}

    def is_compared(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name in {schema for schema, _ in names}
        return kind != "table" or (parents["schema_name"], name) in names

    def is_ours(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        return kind != "table" or item.key in by_key

    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": lambda *types: _is_other_type(sql_dialect, *types[-2:]),
            "include_name": is_compared,
            "include_object": is_ours,
            "include_schemas": any(schema for schema, _ in names),
        },
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what can't be reflected is not compared
        changes = compare_metadata(context, metadata)
    for change in changes:
        yield from change if isinstance(change, list) else [change]


def _is_other_type(
    sql_dialect: SqlDialect, inspected_type: TypeEngine[Any], defined_type: TypeEngine[Any]
) -> bool | None:
    """Return False for types of one SQL; None leaves the comparison to Alembic.

    SQLite ignores the length of a text.
    """
    compiler = sql_dialect.sqlalchemy.type_compiler_instance
    try:
        texts = [compiler.process(each) for each in (inspected_type, defined_type)]
    except CompileError:
        return None
    found, wanted = (re.split(" COLLATE| CHARACTER SET", text)[0] for text in texts)
    if sql_dialect.sqlalchemy.name == "sqlite":
        found, wanted = (re.sub(r"CHAR\(\d+\)$", "CHAR", text) for text in (found, wanted))
    return False if found == wanted else None


def _differences(change: Sequence[Any], by_key: dict[str, DefinedTable]) -> Iterator[Difference]:
    """Yield the difference that an operation would remove; none for what is not compared."""
    verb, *about = change
    if verb == "add_table":
        own = by_key[about[0].key]
        text = f"There is no table {about[0].name!r} for {own.definition.name}."
        yield _of(own, "table", about[0].name, text)
    elif verb in ("add_column", "remove_column"):
        schema, table, column = about
        own = by_key[table if schema is None else f"{schema}.{table}"]
        where = f"The table {table!r}"
        if verb == "add_column":
            yield _of(own, "column", column.name, f"{where} lacks the column {column.name!r}.")
        else:
            text = f"{where} has the column {column.name!r}, which {own.definition.name} lacks."
            yield _of(own, "column", column.name, text, is_extra=True)
    elif verb in ("modify_type", "modify_nullable"):
        schema, table, column, _, found, wanted = about
        own = by_key[table if schema is None else f"{schema}.{table}"]
        where = f"The column {column!r} of the table {table!r}"
        if verb == "modify_type":
            yield _of(own, "type", column, f"{where} is {found}; expected {wanted}.")
        else:
            text = f"{where} {'accepts NULL' if found else 'is NOT NULL'}; expected otherwise."
            yield _of(own, "null", column, text)
    elif verb.endswith(("_index", "_constraint", "_fk")):
        yield from _of_item(verb, about[0], by_key[about[0].table.key])


def _of_item(verb: str, item: Any, own: DefinedTable) -> Iterator[Difference]:
    kind: Kind = "index" if isinstance(item, Index) else "constraint"
    definitions = [index for index in own.table.indexes if index.name == item.name]
    if kind == "index" and any(_has_expression(index) for index in definitions):
        return  # reflected without its expressions
    is_extra = verb.startswith("remove")
    columns = ", ".join(column.name for column in item.columns)
    what = {"fk": "foreign key"}.get(verb.rpartition("_")[2], kind)
    if what == "constraint" and not isinstance(item, CheckConstraint):
        what = "unique constraint"
    named = f" {item.name!r}" if item.name else ""
    state = "has" if is_extra else "lacks"
    text = f"The table {own.table.name!r} {state} the {what}{named} on {columns}."
    yield _of(own, kind, str(item.name or columns), text, is_extra=is_extra)


def _missing_checks(connection: Connection, own: DefinedTable) -> Iterator[Difference]:
    wanted = {str(c.name) for c in own.table.constraints if isinstance(c, CheckConstraint)}
    if not wanted:
        return
    table = own.table
    found = inspect(connection).get_check_constraints(table.name, schema=table.schema)
    for name in sorted(wanted - {str(each["name"]) for each in found}):
        yield _of(own, "constraint", name, f"The table {table.name!r} lacks the check {name!r}.")


def _of(
    own: DefinedTable, kind: Kind, name: str, text: str, *, is_extra: bool = False
) -> Difference:
    return Difference(kind, own.definition.name, own.table.name, name, text, is_extra)


def _has_expression(index: Index) -> bool:
    parts: Iterable[Any] = index.expressions
    return any(isinstance(part, Verbatim) and not isinstance(part, Column) for part in parts)
