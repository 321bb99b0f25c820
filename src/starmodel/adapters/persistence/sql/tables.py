"""The SQL table that is derived from an entity class."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import inflection
from pydantic import NaiveDatetime
from pydantic_core import PydanticUndefined
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    Index,
    Interval,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.types import to_instance
from sqlmodel.main import FieldInfoMetadata, get_column_from_field

from starmodel.adapters.persistence.sql.values import (
    ALIASES,
    Codec,
    accepts_none,
    codec_for,
    codec_of_type,
)
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields import FieldSpec, plain_types
from starmodel.core.registry import EntityType

DIALECT = sqlite.dialect()
VERSION, EXPIRES = "_version", "_expires_at"


@dataclass(frozen=True, slots=True)
class StoredField:
    """One field of an entity and the column that keeps it."""

    name: str
    column: Column[Any]
    codec: Codec
    title: str


@dataclass(frozen=True)
class EntityTable:
    """One class and its table. Shapes: key is the field `id`, by which rows are found."""

    entity_type: EntityType
    table: Table
    fields: dict[str, StoredField]

    @property
    def cls(self) -> type[Entity]:
        return self.entity_type.cls

    @property
    def key(self) -> StoredField:
        return self.fields["id"]

    @property
    def mortal(self) -> bool:
        """True when its rows can expire."""
        return self.entity_type.ttl_s is not None


def derive_table(type: EntityType, metadata: MetaData) -> EntityTable:
    """The table of a class: one column per field, and the hidden ones.

    Private fields are stored like any other; computed ones are not.

    Raises: ConfigurationError, for a class that no table can keep.
    """
    cls = type.cls
    if hasattr(cls, "__table__"):
        raise ConfigurationError(
            f"{type.name} is a table class (table=True), which the SQL store does not take yet. "
            "Declare it as a plain Entity with model_config = {'store': 'sql'}."
        )
    if cls.model_config.get("extra") == "allow":
        raise ConfigurationError(
            f"{type.name} allows extra fields, which have no column in SQL. Declare them, or "
            "collect them in a field like `extra: dict[str, Any] = {}`."
        )
    name = getattr(cls, "__tablename__", None) or inflection.underscore(type.name)
    fields = {}
    for spec in cls.__entity__.fields.values():
        try:
            fields[spec.name] = _stored_field(spec)
        except (SQLAlchemyError, TypeError, ValueError, RuntimeError) as error:
            raise ConfigurationError(
                f"{type.name}.{spec.name} can't become a column: {error}"
            ) from error
    key = fields["id"].column
    if not any(field.column.primary_key for field in fields.values()):
        key.primary_key = True
    elif not key.primary_key:
        key.unique = True
    key.nullable = False
    hidden: list[Any] = [
        Column(VERSION, BigInteger, nullable=False),
        Column(EXPIRES, Float),
    ]
    if type.ttl_s is not None:
        hidden.append(Index(f"ix_{name}{EXPIRES}", EXPIRES))
    try:
        table = Table(name, metadata, *(field.column for field in fields.values()), *hidden)
    except InvalidRequestError as error:
        raise ConfigurationError(
            f"{type.name} would have the table {name!r}, which another entity has already. "
            "Rename one, or give it a __tablename__."
        ) from error
    return EntityTable(type, table, fields)


def _stored_field(spec: FieldSpec) -> StoredField:
    given = _sql_arguments(spec)
    codec = codec_for(spec.info)
    if "sa_column" in given:
        # A column belongs to one table, and a class may be opened by several repositories.
        column = given["sa_column"]._copy()
        column.name = column.key = column.name or spec.name
    else:
        column = _column(spec, given, codec)
    if "sa_type" in given or "sa_column" in given:
        codec = codec_of_type(column.type, DIALECT)
    return StoredField(spec.name, column, codec, spec.title)


def _sql_arguments(spec: FieldSpec) -> dict[str, Any]:
    """What our `Field` or SQLModel's own said of the column."""
    given = dict(spec.options.sql)
    for item in spec.info.metadata:
        if isinstance(item, FieldInfoMetadata):
            given |= {k: v for k, v in vars(item).items() if v is not PydanticUndefined}
    return given


def _column(spec: FieldSpec, given: dict[str, Any], codec: Codec) -> Column[Any]:
    """The column that SQLModel would make of the field, exact on SQLite."""
    info = copy.copy(spec.info)
    nullable = accepts_none(info.annotation) and not given.get("primary_key")
    told = {"nullable": nullable} | ({"sa_type": JSON} if codec.is_json else {}) | given
    others = [item for item in info.metadata if not isinstance(item, FieldInfoMetadata)]
    info.metadata = [*others, FieldInfoMetadata(**told)]
    if not codec.is_json:
        (kind,) = plain_types(info.annotation)  # SQLModel knows no Literal
        info.annotation = kind if kind is NaiveDatetime else ALIASES.get(kind, kind)
    column = get_column_from_field(info)
    column.name = column.key = spec.name
    column.default = None  # every value is written
    if "sa_type" not in given:
        column.type = _for_sqlite(column)
    return column


def _for_sqlite(column: Column[Any]) -> Any:
    """The column's type with what SQLite needs to keep values exact.

    A column that SQLite takes for a number would turn text like "1.10"
    into a float; its dates can't hold every timedelta.
    """
    kind = to_instance(column.type)
    if isinstance(kind, JSON):
        return kind.with_variant(Text(), "sqlite")
    if isinstance(kind, Numeric) and not isinstance(kind, Float):
        return kind.with_variant(Text(), "sqlite")
    if isinstance(kind, Interval):
        return kind.with_variant(BigInteger(), "sqlite")
    return kind


def marker_table(metadata: MetaData) -> Table:
    """Where the markers of commands are kept, beside what the commands changed."""
    return Table(
        "starmodel_marker",
        metadata,
        Column("key", String, primary_key=True),
        Column("digest", String, nullable=False),
        Column("command", String, nullable=False),
        Column("at", Float, nullable=False, index=True),
        Column("outcome", Text),
    )
