"""Definitions of tables that exist, for a database that was created without migrations.

The classes define what the tables have in common with them. The rest is read
from the database, so it is as exact as the database describes its types.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import inflection
from sqlalchemy import Column, Connection, MetaData, Table, inspect, select
from sqlalchemy import types as sql
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.entity_table import EXPIRES, VERSION
from starmodel.core.definition.table_names import OWN_TABLES
from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    IndexDefinition,
    Kind,
    Schema,
    TypeDefinition,
    UniqueDefinition,
)
from starmodel.migrations.schema.editing import changed
from starmodel.migrations.schema.physical import Difference, table_differences

SAMPLES = 20
_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind, str], ...] = (
    (sql.Boolean, "bool", "Boolean"),
    (sql.SmallInteger, "int", "SmallInteger"),
    (sql.BigInteger, "int", "BigInteger"),
    (sql.Integer, "int", "Integer"),
    (sql.Float, "float", "Double"),
    (sql.Numeric, "decimal", "Numeric"),
    (sql.JSON, "json", "JSON"),
    (sql.Uuid, "uuid", "Uuid"),
    (sql.DateTime, "aware_datetime", "DateTime"),
    (sql.Date, "date", "Date"),
    (sql.Time, "time", "Time"),
    (sql.LargeBinary, "bytes", "LargeBinary"),
    (sql.String, "str", "String"),
)


def reflect(
    connection: Connection,
    classes: Schema,
    sql_dialect: SqlDialect,
    ignores: Callable[[str], bool] = lambda table: False,
) -> Schema:
    """Return the schema that the tables have now, with the ids of the classes' definitions.

    Tables of StarModel that no class has any more are included, under a name
    made from that of the table; those of other programs are not.

    Shapes: classes are the present definitions; ignores is that of `Environment`.
    """
    managed = Schema(entities=tuple(each for each in classes if not each.external))
    by_entity: dict[str, list[Difference]] = {}
    for difference in table_differences(connection, managed, sql_dialect):
        by_entity.setdefault(difference.entity, []).append(difference)
    entities = []
    for entity in classes:
        found = by_entity.get(entity.name, [])
        if entity.external:
            if inspect(connection).has_table(entity.table, schema=entity.schema_name):
                entities.append(entity)
            continue
        if any(each.kind == "table" for each in found):
            continue
        entities.append(_as_found(connection, entity, found, sql_dialect))
    tables = {(each.schema_name, each.table) for each in classes}
    for table in _own_tables(connection):
        if (None, table) not in tables and not ignores(table):
            entities.append(_without_class(connection, table, sql_dialect))
    return changed(classes, entities=tuple(entities), kept=())


def _own_tables(connection: Connection) -> list[str]:
    """Return the tables with a column of versions, which StarModel has created."""
    inspector = inspect(connection)
    names = [name for name in inspector.get_table_names() if not name.startswith(OWN_TABLES)]
    return [name for name in names if VERSION in _columns(connection, name, None)]


def _as_found(
    connection: Connection,
    entity: EntityDefinition,
    differences: Sequence[Difference],
    sql_dialect: SqlDialect,
) -> EntityDefinition:
    """Return the definition of a class, changed to what its table has."""
    columns = _columns(connection, entity.table, entity.schema_name)
    fields = {field.column: field for field in entity.fields}
    parts = {name: list(getattr(entity, name)) for name in ("indexes", "checks")}
    keys = list(entity.foreign_keys)
    versioned = entity.versioned
    for each in differences:
        name = each.name
        if each.kind == "column" and name in (VERSION, EXPIRES):
            versioned = versioned and name != VERSION
        elif each.kind == "column" and each.is_extra:
            read = _field(entity.id, name, columns[name], sql_dialect)
            fields[name] = _with_json(connection, entity, read)
        elif each.kind == "column":
            fields.pop(name, None)
        elif each.kind in ("type", "null") and name in fields:
            read = _field(entity.id, name, columns[name], sql_dialect)
            part = {"type": read.type} if each.kind == "type" else {"nullable": read.nullable}
            fields[name] = changed(fields[name], **part)
        elif not each.is_extra:
            for items in (*parts.values(), keys):
                items[:] = [item for item in items if not _is_named(item, name)]
    gone = {field.column for field in entity.fields} - fields.keys()
    found = (*parts["indexes"], *_extra_indexes(connection, entity, differences))
    indexes = tuple(index for index in found if not _uses(index, gone))
    return changed(
        entity,
        fields=tuple(fields.values()),
        versioned=versioned,
        can_expire=any(index.parts == (EXPIRES,) for index in indexes),
        indexes=indexes,
        uniques=tuple(_uniques(connection, entity, indexes)),
        checks=tuple(check for check in parts["checks"] if not _uses(check, gone)),
        foreign_keys=tuple(key for key in keys if not _uses(key, gone)),
        renamed_from=(),
    )


def _with_json(
    connection: Connection, entity: EntityDefinition, field: FieldDefinition
) -> FieldDefinition:
    """Return the definition of a column of JSON, whose values are all objects or lists.

    SQLite and MySQL report JSON columns as text. The shape is that of the first values.
    """
    if field.type.kind not in ("str", "json"):
        return field
    table = Table(entity.table, MetaData(), Column(field.column), schema=entity.schema_name)
    column = table.columns[field.column]
    query = select(column).where(column.is_not(None)).limit(SAMPLES)
    found = [_parsed(row[0]) for row in connection.execute(query)]
    if not found or not all(isinstance(value, dict | list) for value in found):
        return field
    made = TypeDefinition(kind="json", name="JSON", ddl=field.type.ddl)
    if not all(isinstance(value, dict) for value in found):
        return changed(field, type=made)
    names = dict.fromkeys(name for value in found for name in value)
    return changed(
        field, type=made, shape={"type": "object", "properties": {name: {} for name in names}}
    )


def _parsed(stored: Any) -> Any:
    """Return the data of JSON text; None for other text."""
    if not isinstance(stored, str):
        return stored
    try:
        return json.loads(stored)
    except ValueError:
        return None


def _extra_indexes(
    connection: Connection, entity: EntityDefinition, differences: Sequence[Difference]
) -> list[IndexDefinition]:
    """Return the indexes that only the table has, without those of unique constraints."""
    extra = {each.name for each in differences if each.is_extra and each.kind == "index"}
    inspector, schema = inspect(connection), entity.schema_name
    uniques = {each["name"] for each in inspector.get_unique_constraints(entity.table, schema)}
    return [
        IndexDefinition(
            name=str(each["name"]),
            parts=tuple(map(str, each["column_names"])),
            unique=bool(each["unique"]),
        )
        for each in inspector.get_indexes(entity.table, schema)
        if each["name"] in extra - uniques and None not in each["column_names"]
    ]


def _uniques(
    connection: Connection, entity: EntityDefinition, indexes: Sequence[IndexDefinition]
) -> list[UniqueDefinition]:
    """Return the unique constraints of the table; MySQL also lists unique indexes as such."""
    declared = {unique.columns: unique for unique in entity.uniques}
    names = {index.name for index in indexes}
    found = []
    inspector = inspect(connection)
    for each in inspector.get_unique_constraints(entity.table, schema=entity.schema_name):
        columns = tuple(each["column_names"])
        if columns in declared:
            found.append(declared[columns])
        elif each["name"] not in names:
            found.append(UniqueDefinition(name=each["name"], columns=columns))
    return sorted(found, key=lambda each: each not in entity.uniques)


def _without_class(connection: Connection, table: str, sql_dialect: SqlDialect) -> EntityDefinition:
    columns = _columns(connection, table, None)
    key = inspect(connection).get_pk_constraint(table)["constrained_columns"]
    fields = [
        _field(table, name, column, sql_dialect)
        for name, column in columns.items()
        if name not in (VERSION, EXPIRES)
    ]
    return EntityDefinition(
        id=table,
        name=inflection.camelize(table),
        table=table,
        fields=tuple(fields),
        primary_key=tuple(key),
    )


def _field(
    entity: str, name: str, column: Mapping[str, Any], sql_dialect: SqlDialect
) -> FieldDefinition:
    """Return the definition of a column that no field has."""
    return FieldDefinition(
        id=f"{entity}.{name}",
        name=name,
        column=name,
        type=_type(column["type"], sql_dialect),
        nullable=bool(column["nullable"]),
    )


def _type(found: TypeEngine[Any], sql_dialect: SqlDialect) -> TypeDefinition:
    """Return the definition of a type; its SQL where no kind of field has it."""
    kind, name = next(((k, n) for cls, k, n in _KINDS if isinstance(found, cls)), ("custom", ""))
    arguments: dict[str, Any] = {}
    for argument in {"String": ("length",), "Numeric": ("precision", "scale")}.get(name, ()):
        value = getattr(found, argument, None)
        if value is not None:
            arguments[argument] = value
    if kind == "aware_datetime":
        arguments["timezone"] = bool(getattr(found, "timezone", False))
        kind = "aware_datetime" if arguments["timezone"] else "naive_datetime"
    dialect = sql_dialect.sqlalchemy
    try:
        text = str(dialect.type_compiler_instance.process(found))
    except CompileError:
        text = "TEXT"
    ddl = {dialect.name: text}
    return TypeDefinition(kind=kind, name=name or "String", arguments=arguments, ddl=ddl)


def _columns(connection: Connection, table: str, schema: str | None) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # types unknown to SQLAlchemy
        found = inspect(connection).get_columns(table, schema=schema)
    return {column["name"]: column for column in found}


def _is_named(item: Any, name: str) -> bool:
    columns = getattr(item, "columns", ()) or getattr(item, "parts", ())
    return name in (item.name, ", ".join(columns))


def _uses(item: Any, columns: set[str]) -> bool:
    names = getattr(item, "columns", ()) or getattr(item, "parts", ())
    return bool(columns & set(names))
