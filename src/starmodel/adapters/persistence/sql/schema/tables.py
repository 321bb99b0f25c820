"""Derives the SQL table of an entity type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    MetaData,
    Table,
)
from sqlalchemy.exc import CompileError, InvalidRequestError, SQLAlchemyError

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.columns import stored_field
from starmodel.adapters.persistence.sql.schema.declarations import (
    DIALECT_PREFIXES,
    indexed_columns,
    indexed_columns_of,
    name_checks,
    primary_key_of,
    table_arguments,
    table_checks,
)
from starmodel.adapters.persistence.sql.schema.entity_table import (
    CUSTOM,
    EXPIRES,
    VERSION,
    EntityTable,
    StoredField,
)
from starmodel.adapters.persistence.sql.schema.existing.column_codecs import adapt_field
from starmodel.adapters.persistence.sql.schema.existing.found_columns import FoundColumn
from starmodel.adapters.persistence.sql.schema.existing.retype_statements import retype_statements
from starmodel.adapters.persistence.sql.schema.identifiers import (
    check_identifiers,
    fit_index_names,
    short_name,
)
from starmodel.core.classes.registry import EntityType
from starmodel.core.definition.table_names import table_name
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.specs import FieldSpec


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
    existing = {column.lower(): found for column, found in (existing or {}).items()}
    declared: Table | None = getattr(cls, "__table__", None)
    indexed = indexed_columns(more) if declared is None else indexed_columns_of(declared)
    fields = _fields(entity_type, sql_dialect, indexed, existing)
    _set_primary_key(fields, primary_key_of(more))
    hidden = _hidden_columns(entity_type, existing)
    columns = [field.column for field in fields.values()]
    for column in columns:
        more += table_checks(column)
    options = sql_dialect.table_options | options
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


def _fields(
    entity_type: EntityType,
    sql_dialect: SqlDialect,
    indexed: set[str],
    existing: Mapping[str, FoundColumn],
) -> dict[str, StoredField]:
    """Return the stored fields of a class, with the codecs of the columns that exist."""
    fields = {}
    for spec in entity_type.cls.__entity__.fields.values():
        try:
            field = stored_field(spec, sql_dialect, indexed)
        except (SQLAlchemyError, TypeError, ValueError, RuntimeError) as error:
            raise ConfigurationError(
                f"{entity_type.name}.{spec.name} can't become a column: {error}"
            ) from error
        _check_type(entity_type, field, sql_dialect)
        found = existing.get(field.column.name.lower())
        if found is not None and field.kind is not CUSTOM:
            field = _adapted(
                entity_type, spec, field, found, sql_dialect, is_own=VERSION in existing
            )
        fields[spec.name] = field
    return fields


def _check_type(entity_type: EntityType, field: StoredField, sql_dialect: SqlDialect) -> None:
    try:
        sql_dialect.check_type(field.column.type)
    except CompileError as error:
        raise ConfigurationError(
            f"{entity_type.name}.{field.name} has the type {type(field.column.type).__name__}, "
            f"which {sql_dialect.title} does not have. Declare one that it has, or use a database "
            "with this type."
        ) from error


def _adapted(
    entity_type: EntityType,
    spec: FieldSpec,
    field: StoredField,
    found: FoundColumn,
    sql_dialect: SqlDialect,
    *,
    is_own: bool,
) -> StoredField:
    annotation, table, column = spec.info.annotation, table_name(entity_type.cls), field.column
    try:
        return adapt_field(field, field.kind, annotation, found, sql_dialect, is_own=is_own)
    except ValueError as error:
        remedy = retype_statements(table, column, sql_dialect.sqlalchemy) if is_own else ""
        raise ConfigurationError(
            f"{entity_type.name}.{spec.name} can't be stored in the column {column.name!r} of the "
            f"table {table!r}: {error}{remedy}."
        ) from error


def _set_primary_key(fields: Mapping[str, StoredField], declared: set[str]) -> None:
    """Make the id the primary key, or unique beside a declared primary key."""
    columns = [field.column for field in fields.values()]
    for column in columns:
        column.primary_key = column.primary_key or column.name in declared
    key = fields["id"].column
    if not any(column.primary_key for column in columns):
        key.primary_key = True
    elif not key.primary_key:
        key.unique = True
    key.nullable = False


def _hidden_columns(entity_type: EntityType, existing: Mapping[str, FoundColumn]) -> list[Any]:
    """Return the columns of the version and of the expiry that the table has, and their index."""
    can_expire = entity_type.ttl_s is not None
    hidden: list[Any] = [
        column
        for column in (Column(VERSION, BigInteger, nullable=False), Column(EXPIRES, Double))
        if not existing or column.name in existing or can_expire
    ]
    if can_expire:
        hidden.append(Index(short_name(f"ix_{table_name(entity_type.cls)}{EXPIRES}"), EXPIRES))
    return hidden


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
        {name: value for name, value in options.items() if name.startswith(DIALECT_PREFIXES)}
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
