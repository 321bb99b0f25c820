"""The column and the codec of one field."""

from __future__ import annotations

import copy
import datetime
from typing import Any

from pydantic import AwareDatetime, NaiveDatetime
from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Enum,
)
from sqlalchemy.types import to_instance

from starmodel.adapters.persistence.sql._compat.sqlalchemy import copy_column, copy_item
from starmodel.adapters.persistence.sql._compat.sqlmodel import (
    column_arguments,
    column_of,
    replace_column_arguments,
)
from starmodel.adapters.persistence.sql.dialects.codecs import (
    codec_of_type,
    is_enum,
    kind_of,
)
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.dialects.enum_codecs import enum_codec, stored_values
from starmodel.adapters.persistence.sql.dialects.json_codec import json_codec
from starmodel.adapters.persistence.sql.schema.declarations import (
    pop_defaults,
)
from starmodel.adapters.persistence.sql.schema.entity_table import StoredField
from starmodel.core.fields.field_types import accepts_none
from starmodel.core.fields.specs import FieldSpec


def stored_field(spec: FieldSpec, sql_dialect: SqlDialect, keys: set[str]) -> StoredField:
    given = _sql_arguments(spec)
    kind = kind_of(spec.info.annotation)
    if "sa_column" in given:
        # A column belongs to one table, and several repositories may open the same class.
        column = copy_column(given["sa_column"])
        column.name = column.key = column.name or spec.name
    else:
        column = _column(spec, given, kind)
    chosen = to_instance(given.get("sa_type") or column.type)
    if ("sa_type" in given or "sa_column" in given) and not sql_dialect.accepts(kind, chosen):
        codec = codec_of_type(column.type, sql_dialect.sqlalchemy)
        return StoredField(spec.name, column, codec, spec.title, *pop_defaults(spec, column))
    if isinstance(chosen, DateTime) and kind is datetime.datetime and "sa_type" in given:
        kind = AwareDatetime if chosen.timezone else NaiveDatetime
    is_indexed = bool(
        spec.name == "id" or column.primary_key or column.unique or column.index
        or column.foreign_keys or column.name in keys
    )  # fmt: skip
    insert, update = pop_defaults(spec, column)
    if is_enum(kind) and isinstance(chosen, Enum) and given.keys() & {"sa_type", "sa_column"}:
        stored = stored_values(kind, chosen)
        column.type = sql_dialect.declared_enum(chosen)
    else:
        stored = None
        column.type = sql_dialect.column_type(kind, to_instance(column.type), is_indexed=is_indexed)
    column.server_default = sql_dialect.server_default(column.server_default)
    if kind is None:
        codec = json_codec(spec.info)
    elif is_enum(kind):
        codec = enum_codec(kind, stored)
    else:
        codec = sql_dialect.codec(kind, column.type)
    return StoredField(spec.name, column, codec, spec.title, insert, update, kind)


def _sql_arguments(spec: FieldSpec) -> dict[str, Any]:
    """Return the SQL arguments of our `Field` or of SQLModel's."""
    return dict(spec.options.sql) | column_arguments(spec.info)


def _column(spec: FieldSpec, given: dict[str, Any], kind: Any) -> Column[Any]:
    """Return the column that SQLModel would build for the field."""
    info = copy.copy(spec.info)
    nullable = accepts_none(info.annotation) and not given.get("primary_key")
    arguments = {"nullable": nullable} | ({"sa_type": JSON} if kind is None else {}) | given
    if arguments.get("sa_column_args"):  # these too belong to one column
        arguments["sa_column_args"] = list(map(copy_item, arguments["sa_column_args"]))
    replace_column_arguments(info, arguments)
    if kind is not None:  # SQLModel does not support Literal
        info.annotation = datetime.datetime if kind is AwareDatetime else kind
    column = column_of(info)
    column.name = column.key = column.name or spec.name
    if "default" not in (given.get("sa_column_kwargs") or {}):
        column.default = None  # applied by pydantic when the record is created
    return column
