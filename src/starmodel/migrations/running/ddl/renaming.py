"""A physical schema under the names that another one gives to the same tables and columns."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starmodel.adapters.persistence.sql.schema.identifiers import short_name
from starmodel.migrations.running.ddl.difference import Names
from starmodel.migrations.schema.definitions import (
    CheckDefinition,
    EntityDefinition,
    FieldDefinition,
    ForeignKeyDefinition,
    Schema,
)
from starmodel.migrations.schema.editing import qualified_table

_WORD = re.compile(r"'(?:[^']|'')*'|\w+")


def renamed_schema(before: Schema, after: Schema) -> Schema:
    """Return `before` with the names of `after`, without indexes; fields are named by their ids."""
    names = Names(before, after)
    news = {entity.id: entity for entity in after}
    return Schema(
        entities=tuple(_renamed(entity, news[entity.id], names) for entity in before
                       if entity.id in news)
    )  # fmt: skip


def _renamed(entity: EntityDefinition, other: EntityDefinition, names: Names) -> EntityDefinition:
    table = qualified_table(entity)
    columns = present_names(names.columns[table])
    return entity.model_copy(
        update={
            "name": other.name,
            "table": other.table,
            "schema_name": other.schema_name,
            "indexes": (),
            "primary_key": tuple(columns.get(name, name) for name in entity.primary_key),
            "fields": tuple(_field(field, columns) for field in entity.fields),
            "uniques": tuple(
                unique.model_copy(
                    update={"columns": tuple(columns.get(name, name) for name in unique.columns)}
                )
                for unique in entity.uniques
            ),
            "checks": tuple(_check(check, columns) for check in entity.checks),
            "foreign_keys": tuple(_key(key, columns, names) for key in entity.foreign_keys),
        }
    )


def present_names(columns: Mapping[str, str | None]) -> dict[str, str]:
    """Return the names until a table is made again: a dropped column makes way for a new name."""
    taken = {new for new in columns.values() if new is not None}
    return {
        old: new or (short_name(f"_dropping_{old}") if old in taken else old)
        for old, new in columns.items()
    }


def _field(field: FieldDefinition, columns: Mapping[str, str]) -> FieldDefinition:
    column = columns.get(field.column, field.column)
    values: dict[str, object] = {"name": field.id, "column": column}
    if field.computed is not None:
        values["computed"] = _sql(field.computed, columns)
        values["variants"] = {name: _sql(sql, columns) for name, sql in field.variants.items()}
    return field.model_copy(update=values)


def _check(check: CheckDefinition, columns: Mapping[str, str]) -> CheckDefinition:
    return check.model_copy(
        update={
            "condition": _sql(check.condition, columns),
            "variants": {name: _sql(sql, columns) for name, sql in check.variants.items()},
        }
    )


def _key(
    key: ForeignKeyDefinition, columns: Mapping[str, str], names: Names
) -> ForeignKeyDefinition:
    targets = names.of(key.target, key.target_columns)
    return key.model_copy(
        update={
            "columns": tuple(columns.get(name, name) for name in key.columns),
            "target": names.tables.get(key.target, key.target),
            "target_columns": tuple(
                new or old for old, new in zip(key.target_columns, targets, strict=True)
            ),
        }
    )


def _sql(sql: str, columns: Mapping[str, str]) -> str:
    return _WORD.sub(lambda found: columns.get(found[0], found[0]), sql)
