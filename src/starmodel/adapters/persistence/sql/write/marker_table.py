"""The table of idempotency markers."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Double,
    MetaData,
    String,
    Table,
    Text,
)

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect

MAX_MARKER_CHARS = 700  # the maximum length of a MySQL index key


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
