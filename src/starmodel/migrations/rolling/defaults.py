"""Defaults of columns, for rows that processes of the old version insert."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.running.rows.literals import literal_of
from starmodel.migrations.running.rows.table import stored_value
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition
from starmodel.migrations.schema.dialects import sql_dialects
from starmodel.migrations.schema.tables import build_column
from starmodel.migrations.steps.values import UNSET


def with_default(field: FieldDefinition, entity: EntityDefinition, fill: Any) -> FieldDefinition:
    """Return the field with a server default where all databases have a literal for the value.

    A field that accepts no NULL accepts it then too, so that SQLite adds the column in place.
    Without a literal the field stays as it is, apart from that.

    Shapes: fill is that of `AddField`; UNSET for the default of the class.
    """
    loose = field.model_copy(update={"nullable": True})
    if field.server_default is not None or field.computed is not None:
        return field
    if fill is UNSET and field.has_default:
        fill = field.default
    if fill is UNSET or fill is None or callable(fill):
        return loose
    texts = {}
    for name, sql_dialect in sql_dialects().items():
        text = _default(loose, entity, fill, sql_dialect)
        if text is None:
            return loose
        texts[name] = text
    first = next(iter(texts.values()))
    variants = {name: text for name, text in texts.items() if text != first}
    return loose.model_copy(update={"server_default": first, "variants": variants})


def _default(
    field: FieldDefinition, entity: EntityDefinition, fill: Any, sql_dialect: SqlDialect
) -> str | None:
    """Return the SQL of a default; None for a value without a literal."""
    column = build_column(field, entity, sql_dialect)
    try:
        text = literal_of(stored_value(column, fill), sql_dialect)
    except (ValueError, TypeError):
        return None
    if text is not None and isinstance(column.column.type, LONGTEXT | LONGBLOB):
        return f"({text})"  # MySQL takes an expression there, and no literal
    return text
