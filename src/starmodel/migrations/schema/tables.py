"""Tables from definitions, with the codecs of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    Double,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
)
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import conv

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.declarations import name_checks
from starmodel.adapters.persistence.sql.schema.entity_table import EXPIRES, VERSION
from starmodel.adapters.persistence.sql.schema.identifiers import fit_index_names
from starmodel.core.errors import ConfigurationError
from starmodel.migrations.schema.codecs import StoredColumn, codec_for
from starmodel.migrations.schema.constraints import add_index, constraints_of
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition, Schema
from starmodel.migrations.schema.dialects import Verbatim
from starmodel.migrations.schema.types import column_type


@dataclass(frozen=True)
class DefinedTable:
    """The table of an entity definition in one dialect.

    Shapes: fields are by field name; indexes by the name in their definition, which the
    dialect may shorten.
    """

    definition: EntityDefinition
    table: Table
    fields: dict[str, StoredColumn]
    indexes: dict[str, Index]


@dataclass(frozen=True)
class DefinedTables:
    """The tables of a schema in one dialect. Shapes: by_name are by the name of the entity."""

    metadata: MetaData
    by_name: dict[str, DefinedTable]

    def __getitem__(self, entity: str) -> DefinedTable:
        return self.by_name[entity]

    def __iter__(self) -> Iterator[DefinedTable]:
        return iter(self.by_name.values())


def build_tables(schema: Schema, sql_dialect: SqlDialect) -> DefinedTables:
    """Return the tables of a schema, as `derive_table` derives them from the classes.

    Raises: ConfigurationError, for a column type that the database does not have.
    """
    metadata = MetaData()
    made = {entity.name: build_table(entity, metadata, sql_dialect) for entity in schema}
    return DefinedTables(metadata, made)


def build_table(
    definition: EntityDefinition, metadata: MetaData, sql_dialect: SqlDialect
) -> DefinedTable:
    """Return the table of one entity definition, added to the metadata.

    Raises: ConfigurationError, for a column type that the database does not have.
    """
    fields = {
        field.name: build_column(field, definition, sql_dialect) for field in definition.fields
    }
    columns = [stored.column for stored in fields.values()]
    hidden = [Column(VERSION, BigInteger, nullable=False)] if definition.versioned else []
    if definition.versioned or definition.can_expire:
        hidden.append(Column(EXPIRES, Double))
    known = {column.name for column in columns}
    table = Table(
        definition.table,
        metadata,
        *columns,
        *(column for column in hidden if column.name not in known),
        PrimaryKeyConstraint(
            *definition.primary_key,
            name=None if definition.primary_key_name is None else conv(definition.primary_key_name),
        ),
        *constraints_of(definition, sql_dialect),
        schema=definition.schema_name,
        comment=definition.comment,
        **sql_dialect.table_options | definition.options,
    )
    name_checks(table)
    indexes = {index.name: add_index(index, table, sql_dialect) for index in definition.indexes}
    fit_index_names(table, sql_dialect)
    return DefinedTable(definition, table, fields, indexes)


def build_column(
    field: FieldDefinition, entity: EntityDefinition, sql_dialect: SqlDialect
) -> StoredColumn:
    """Return the column of a field, attached to no table, and its codec.

    Raises: ConfigurationError, for a type that the database does not have.
    """
    try:
        made = column_type(field.type, sql_dialect, is_indexed=is_indexed(field, entity))
    except CompileError as error:
        raise ConfigurationError(f"{entity.name}.{field.name}: {error}.") from error
    sql = field.variants.get(sql_dialect.sqlalchemy.name, field.computed or field.server_default)
    generated: list[Any] = []
    if field.computed is not None:
        generated.append(Computed(Verbatim(str(sql)), persisted=field.persisted))
    if field.identity is not None:
        generated.append(Identity(**field.identity))  # type: ignore[arg-type]
    options: dict[str, Any] = {}
    if field.server_default is not None:
        options["server_default"] = Verbatim(str(sql))
    column: Column[Any] = Column(
        field.column,
        made,
        *generated,
        primary_key=field.column in entity.primary_key,
        nullable=field.nullable,
        autoincrement="auto" if field.autoincrement is None else field.autoincrement,
        comment=field.comment,
        **options,
    )
    return StoredColumn(field, column, codec_for(field.type, made, sql_dialect))


def is_indexed(field: FieldDefinition, entity: EntityDefinition) -> bool:
    """True when the column is part of a key or an index, which limits its length in MySQL."""
    return (
        field.name == "id"
        or field.column in entity.primary_key
        or any(field.column in index.parts for index in entity.indexes)
        or any(field.column in unique.columns for unique in entity.uniques)
        or any(field.column in key.columns for key in entity.foreign_keys)
    )
