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
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.columns import stored_field
from starmodel.adapters.persistence.sql.schema.declarations import (
    DIALECTS,
    indexed_columns,
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
from starmodel.core.classes.foreign_keys import table_name
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import ConfigurationError


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
            field = stored_field(spec, sql_dialect, keys)
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
