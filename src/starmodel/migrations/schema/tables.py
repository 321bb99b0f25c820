"""Tables from definitions, with the codecs of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import ref

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
from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    ForeignKeyDefinition,
    Schema,
)
from starmodel.migrations.schema.dialects import Verbatim
from starmodel.migrations.schema.editing import qualified_table
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


class DefinedTables:
    """The tables of a schema in one dialect, by the name of their entity.

    Each is built when it is first asked for, together with the tables that its foreign keys refer
    to.
    """

    def __init__(self, schema: Schema, sql_dialect: SqlDialect) -> None:
        self.definitions = {entity.name: entity for entity in schema}
        self._targets = {qualified_table(entity): entity.name for entity in schema}
        self._dialect, self._metadata = sql_dialect, MetaData()
        self._built: dict[str, DefinedTable] = {}

    @property
    def metadata(self) -> MetaData:
        """All tables; those of other programs, as far as foreign keys refer to them."""
        for name in self.definitions:
            self[name]
        return self._metadata

    def __getitem__(self, entity: str) -> DefinedTable:
        """Raises: ConfigurationError, for a column type that the database does not have."""
        if entity not in self._built:
            definition = self.definitions[entity]
            self._built[entity] = build_table(definition, self._metadata, self._dialect)
            for key in definition.foreign_keys:
                if key.target in self._targets:
                    self[self._targets[key.target]]
                else:
                    self._add_target(key)
        return self._built[entity]

    def _add_target(self, key: ForeignKeyDefinition) -> None:
        """Add a table of another program, with no more than a foreign key needs of it."""
        schema, _, name = key.target.rpartition(".")
        columns = [Column[Any](column) for column in key.target_columns]
        Table(name, self._metadata, *columns, schema=schema or None, extend_existing=True)

    def __iter__(self) -> Iterator[DefinedTable]:
        return (self[name] for name in self.definitions)


_TABLES: dict[int, tuple[ref[Schema], SqlDialect, DefinedTables]] = {}
"""The tables of the schemas that are alive, by their `id`: the steps of a migration share them."""


def build_tables(schema: Schema, sql_dialect: SqlDialect) -> DefinedTables:
    """Return the tables of a schema, as `derive_table` derives them from the classes.

    A caller shares them with others, and must not change them.
    """
    known = _TABLES.get(id(schema))
    if known is not None and known[0]() is schema and known[1] is sql_dialect:
        return known[2]
    key, made = id(schema), DefinedTables(schema, sql_dialect)
    _TABLES[key] = (ref(schema, lambda _: _TABLES.pop(key, None)), sql_dialect, made)
    return made


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
