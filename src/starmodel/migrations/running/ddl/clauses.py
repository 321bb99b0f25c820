"""SQL of constraints, indexes and tables, as text."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, Index, Table
from sqlalchemy.schema import (
    AddConstraint,
    CreateColumn,
    CreateIndex,
    CreateTable,
    DDLElement,
    ForeignKeyConstraint,
)

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.creation_order import creation_order
from starmodel.adapters.persistence.sql.schema.entity_table import VERSION
from starmodel.migrations.running.ddl.difference import SqlConstraint
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.tables import build_tables


def ddl(statement: DDLElement | CreateColumn, sql_dialect: SqlDialect) -> str:
    """Return a DDL statement in one piece."""
    made = str(statement.compile(dialect=sql_dialect.sqlalchemy)).strip()
    return made.replace("%%", "%") if sql_dialect.sqlalchemy.name == "mysql" else made


def create_table(
    table: Table, sql_dialect: SqlDialect, keys: list[ForeignKeyConstraint] | None = None
) -> str:
    """Return CREATE TABLE with these foreign keys; with all of them by default."""
    return ddl(CreateTable(table, include_foreign_key_constraints=keys), sql_dialect)


def creation_of(schema: Schema, classes: Collection[str], sql_dialect: SqlDialect) -> list[str]:
    """Return the statements that create the tables of these classes, with their indexes."""
    made = build_tables(schema, sql_dialect)
    tables = {made[name].table for name in classes}
    ordered, later = creation_order(tables)
    statements = []
    for table, keys in ordered:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements.append(create_table(table, sql_dialect, list(keys)))
        statements += [create_index(index, sql_dialect) for index in indexes]
    return [*statements, *(ddl(AddConstraint(added), sql_dialect) for added in later)]


def create_index(index: Index, sql_dialect: SqlDialect) -> str:
    return ddl(CreateIndex(index), sql_dialect)


def column_clause(column: Column[Any], sql_dialect: SqlDialect) -> str:
    """Return a column as in CREATE TABLE."""
    return ddl(CreateColumn(column), sql_dialect)


def is_version(column: Column[Any]) -> bool:
    """True for the hidden column of versions, which is 1 in the rows that exist."""
    return column.name == VERSION


def constraint_clause(constraint: SqlConstraint, sql_dialect: SqlDialect) -> str:
    """Return ADD CONSTRAINT …, without the ALTER TABLE before it."""
    made = ddl(AddConstraint(constraint, isolate_from_table=False), sql_dialect)
    return made[made.index(" ADD ") + 1 :]


def table_name(table: Table, sql_dialect: SqlDialect) -> str:
    """Return the quoted name of a table, with its database schema."""
    return str(sql_dialect.sqlalchemy.identifier_preparer.format_table(table))


def quoted(name: str, sql_dialect: SqlDialect) -> str:
    return str(sql_dialect.sqlalchemy.identifier_preparer.quote(name))
