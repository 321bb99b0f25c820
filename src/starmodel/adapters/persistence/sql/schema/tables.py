"""Derives the SQL table of an entity type."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pydantic import AwareDatetime, NaiveDatetime
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Enum,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.schema import sort_tables_and_constraints
from sqlalchemy.types import to_instance

from starmodel.adapters.persistence.sql._compat.sqlalchemy import copy_column
from starmodel.adapters.persistence.sql._compat.sqlmodel import (
    column_arguments,
    column_of,
    replace_column_arguments,
)
from starmodel.adapters.persistence.sql.dialects.codecs import (
    Codec,
    codec_of_type,
    enum_codec,
    is_enum,
    json_codec,
    kind_of,
    stored_values,
)
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.declarations import (
    DIALECTS,
    Fill,
    check_sql,
    checked_columns,
    indexed_columns,
    is_computed,
    name_checks,
    pop_defaults,
    primary_key_of,
    table_arguments,
    table_checks,
)
from starmodel.adapters.persistence.sql.schema.existing_columns import adapt_field
from starmodel.adapters.persistence.sql.schema.found_columns import FoundColumn
from starmodel.adapters.persistence.sql.schema.identifiers import (
    check_identifiers,
    fit_index_names,
    short_name,
)
from starmodel.adapters.persistence.sql.schema.retype_statements import retype_statements
from starmodel.core.classes.foreign_keys import table_name
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field_types import accepts_none
from starmodel.core.fields.specs import FieldSpec

VERSION, EXPIRES = "_version", "_expires_at"
CUSTOM = "custom"
MAX_MARKER_CHARS = 700  # the maximum length of a MySQL index key


@dataclass(frozen=True, slots=True)
class StoredField:
    """One field of an entity and the column that stores it.

    Shapes: insert and update generate a missing value for a new record and
    for each change; kind is that of `kind_of`, CUSTOM for a type that the
    user declared; generated, the database generates the values.
    """

    name: str
    column: Column[Any]
    codec: Codec
    title: str
    insert: Fill | None = None
    update: Fill | None = None
    kind: Any = CUSTOM
    generated: bool = False

    @property
    def computed(self) -> bool:
        """True when the database computes the value from other columns."""
        return self.generated or is_computed(self.column)

    @property
    def has_server_default(self) -> bool:
        """True when None is omitted from an INSERT, so that the server default applies."""
        return self.column.server_default is not None and self.insert is None


@dataclass(frozen=True)
class EntityTable:
    """One entity type and its table. Shapes: key is the field `id`, by which rows are found."""

    entity_type: EntityType
    table: Table
    fields: dict[str, StoredField]

    @cached_property
    def checks(self) -> dict[str, list[str]]:
        """The columns that each CHECK refers to, by its name."""
        return {name: checked_columns(check, self.table) for name, check in self._checks.items()}

    @cached_property
    def field_names(self) -> dict[str, str]:
        """The field names by column name."""
        return {field.column.name: name for name, field in self.fields.items()}

    @cached_property
    def uniques(self) -> list[tuple[str, ...]]:
        """The fields of each unique constraint or unique index."""
        names = self.field_names
        found = [[c.name] for c in self.table.columns if c.unique]
        for item in (*self.table.constraints, *self.table.indexes):
            if isinstance(item, UniqueConstraint) or (isinstance(item, Index) and item.unique):
                found.append([column.name for column in item.columns])
        key = [column.name for column in self.table.primary_key.columns]
        if key != [self.key.column.name]:
            found.append(key)
        known = [tuple(names[name] for name in each if name in names) for each in found]
        return list(dict.fromkeys(fields for fields in known if fields and fields != ("id",)))

    def check_sql(self, name: str) -> str:
        """Return the SQL of a CHECK."""
        check = self._checks.get(name)
        return name if check is None else check_sql(check)

    @property
    def _checks(self) -> dict[str, CheckConstraint]:
        made = (c for c in self.table.constraints if isinstance(c, CheckConstraint))
        return {str(check.name): check for check in made}

    @property
    def cls(self) -> type[Entity]:
        return self.entity_type.cls

    @property
    def key(self) -> StoredField:
        return self.fields["id"]

    @property
    def versioned(self) -> bool:
        """False for an external table without a version column."""
        return VERSION in self.table.c

    @property
    def has_ttl(self) -> bool:
        """True when its rows can expire."""
        return self.entity_type.ttl_s is not None


def derive_table(
    entity_type: EntityType,
    metadata: MetaData,
    sql_dialect: SqlDialect,
    existing: Mapping[str, FoundColumn] | None = None,
) -> EntityTable:
    """Derive the table of an entity type: one column per field, and the hidden columns.

    The result is the same for a plain Entity and for a table class. Private
    fields are stored like any other; computed fields are not. An existing
    table needs no hidden columns, unless its rows can expire.

    Shapes: existing are the columns of the existing table; none, when it is still to be created.
    Raises: ConfigurationError, for a class that no table can store.
    """
    cls = entity_type.cls
    if cls.model_config.get("extra") == "allow":
        raise ConfigurationError(
            f"{entity_type.name} allows extra fields, which have no column in SQL. "
            "Declare them, or collect them in a field like `extra: dict[str, Any] = {}`."
        )
    name = table_name(cls)
    try:
        more, options = table_arguments(cls, sql_dialect)
    except TypeError as error:
        raise ConfigurationError(f"{entity_type.name}: {error}.") from error
    keys = indexed_columns(more)
    existing = existing or {}
    found = {name.lower() for name in existing}
    known = {name.lower(): column for name, column in existing.items()}
    own = VERSION in found
    fields = {}
    for spec in cls.__entity__.fields.values():
        try:
            field = _stored_field(spec, sql_dialect, keys)
        except (SQLAlchemyError, TypeError, ValueError, RuntimeError) as error:
            raise ConfigurationError(
                f"{entity_type.name}.{spec.name} can't become a column: {error}"
            ) from error
        column_found = known.get(field.column.name.lower())
        if column_found is not None and field.kind is not CUSTOM:
            annotation = spec.info.annotation
            try:
                field = adapt_field(
                    field, field.kind, annotation, column_found, sql_dialect, own=own
                )
            except ValueError as error:
                where = f"the column {field.column.name!r} of the table {name!r}"
                remedy = (
                    retype_statements(name, field.column, sql_dialect.sqlalchemy) if own else ""
                )
                raise ConfigurationError(
                    f"{entity_type.name}.{spec.name} can't be stored in {where}: {error}{remedy}."
                ) from error
        fields[spec.name] = field
    key = fields["id"].column
    primary = primary_key_of(more)
    for field in fields.values():
        field.column.primary_key = field.column.primary_key or field.column.name in primary
    if not any(field.column.primary_key for field in fields.values()):
        key.primary_key = True
    elif not key.primary_key:
        key.unique = True
    key.nullable = False
    hidden: list[Any] = [
        column
        for column in (Column(VERSION, BigInteger, nullable=False), Column(EXPIRES, Double))
        if not found or column.name in found or entity_type.ttl_s is not None
    ]
    if entity_type.ttl_s is not None:
        hidden.append(Index(short_name(f"ix_{name}{EXPIRES}"), EXPIRES))
    columns = [field.column for field in fields.values()]
    for column in columns:
        more += table_checks(column)
    options = sql_dialect.table_options | options
    declared: Table | None = getattr(cls, "__table__", None)
    try:
        if declared is None:
            table = Table(name, metadata, *columns, *hidden, *more, **options)
        else:
            table = _copied(declared, metadata, fields, [*hidden, *more], options)
            positions = {column.name: position for position, column in enumerate(table.columns)}
            fields = dict(sorted(fields.items(), key=lambda item: positions[item[1].column.name]))
    except InvalidRequestError as error:
        raise ConfigurationError(
            f"{entity_type.name} would have the table {name!r}, which another entity has already. "
            "Rename one, or give it a __tablename__."
        ) from error
    name_checks(table)
    fit_index_names(table, sql_dialect)
    check_identifiers(entity_type.name, table, sql_dialect)
    return EntityTable(entity_type, table, fields)


def _copied(
    declared: Table,
    metadata: MetaData,
    fields: dict[str, StoredField],
    more: Iterable[Any],
    options: dict[str, Any],
) -> Table:
    """Copy the table that SQLModel built for a class, with our column types."""
    if declared.key in metadata.tables:
        raise InvalidRequestError(f"Table {declared.key!r} is already defined")
    table = declared.to_metadata(metadata)
    table.dialect_kwargs.update(
        {name: value for name, value in options.items() if name.startswith(DIALECTS)}
    )
    for name, field in fields.items():
        ours = field.column
        theirs = table.columns.get(ours.name)
        if theirs is None:
            table.append_column(ours)
            continue
        theirs.type, theirs.nullable = ours.type, ours.nullable
        theirs.server_default, theirs.default = ours.server_default, None
        theirs.onupdate = None
        fields[name] = replace(field, column=theirs)
    for item in more:
        if isinstance(item, Column):
            table.append_column(item)
        elif not isinstance(item, CheckConstraint):  # already copied with the table
            table.append_constraint(item)
    return table


def _stored_field(spec: FieldSpec, sql_dialect: SqlDialect, keys: set[str]) -> StoredField:
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
    replace_column_arguments(info, arguments)
    if kind is not None:  # SQLModel does not support Literal
        info.annotation = datetime.datetime if kind is AwareDatetime else kind
    column = column_of(info)
    column.name = column.key = column.name or spec.name
    if "default" not in (given.get("sa_column_kwargs") or {}):
        column.default = None  # applied by pydantic when the record is created
    return column


Creation = tuple[list[tuple[Table, list[ForeignKeyConstraint]]], list[ForeignKeyConstraint]]


def creation_order(metadata: MetaData) -> Creation:
    """Return the tables in creation order, each with the foreign keys it can have by then.

    The second part are the foreign keys to add once all tables exist,
    because their tables refer to each other.
    """
    tables: list[tuple[Table, list[ForeignKeyConstraint]]] = []
    later: list[ForeignKeyConstraint] = []
    for table, keys in sort_tables_and_constraints(list(metadata.tables.values())):  # type: ignore[no-untyped-call]
        if table is None:
            later = list(keys)
        else:
            tables.append((table, list(keys)))
    return tables, later


def marker_table(metadata: MetaData, sql_dialect: SqlDialect) -> Table:
    """Return the table of idempotency markers, in the same database as the changes."""
    return Table(
        "starmodel_marker",
        metadata,
        Column("key", String(MAX_MARKER_CHARS), primary_key=True),
        Column("digest", String(64), nullable=False),
        Column("command", String(64), nullable=False),
        Column("at", Double, nullable=False, index=True),
        Column("outcome", sql_dialect.column_type(str, Text(), is_indexed=False)),
        **sql_dialect.table_options,
    )
