"""The table of StarModel's own parts of a database, each with the number of its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from starmodel.adapters.persistence.sql.compiled_sql import CompiledSql, compile_sql
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect

SYSTEM = "starmodel_system"


def system_table(metadata: MetaData, sql_dialect: SqlDialect) -> Table:
    """Return the table with one row for each part, such as sessions or migrations."""
    return Table(
        SYSTEM,
        metadata,
        Column("part", String(32), primary_key=True),
        Column("schema_number", Integer, nullable=False),
        Column("revision", BigInteger, nullable=False),
        **sql_dialect.table_options,
    )


def insert_once(system: Table, sql_dialect: SqlDialect, part: str, number: int) -> Any:
    """Return an INSERT of the row of a part that skips an existing row."""
    row = {"part": part, "schema_number": number, "revision": 0}
    return insert_or_skip(system, sql_dialect, row)


def insert_or_skip(table: Table, sql_dialect: SqlDialect, row: Mapping[str, Any]) -> Any:
    """Return an INSERT that skips an existing row."""
    if sql_dialect.sqlalchemy.name == "sqlite":
        return sqlite.insert(table).values(row).on_conflict_do_nothing()
    if sql_dialect.sqlalchemy.name == "postgresql":
        return postgresql.insert(table).values(row).on_conflict_do_nothing()
    return insert(table).prefix_with("IGNORE").values(row)


def given(name: str, column: Column[Any]) -> Any:
    """Return a parameter of a statement with the type of a column."""
    return bindparam(name, type_=column.type)


class PartStatements:
    """The statements that register a part and its schema number, compiled for one dialect."""

    def __init__(self, metadata: MetaData, sql_dialect: SqlDialect, part: str, number: int) -> None:
        self.metadata, self._dialect = metadata, sql_dialect
        self.system = system = system_table(metadata, sql_dialect)
        self.is_part = mine = system.c.part == part
        self.register = self.compiled(insert_once(system, sql_dialect, part, number))
        self.schema = self.compiled(select(system.c.schema_number, system.c.revision).where(mine))
        self.set_schema = self.compiled(update(system).where(mine).values(schema_number=number))
        self.raise_revision = self.compiled(
            update(system).where(mine).values(revision=system.c.revision + 1)
        )

    def compiled(self, statement: Any) -> CompiledSql:
        """Compile a statement for the dialect."""
        return compile_sql(statement, self._dialect.sqlalchemy)
