"""The table of StarModel's own parts of a database, each with the number of its schema."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

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
    if sql_dialect.sqlalchemy.name == "sqlite":
        return sqlite.insert(system).values(row).on_conflict_do_nothing()
    if sql_dialect.sqlalchemy.name == "postgresql":
        return postgresql.insert(system).values(row).on_conflict_do_nothing()
    return insert(system).prefix_with("IGNORE").values(row)
