"""SQL literals of stored values."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

from sqlalchemy import String

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect


def literal_of(stored: Any, sql_dialect: SqlDialect) -> str | None:
    """Return the SQL of a stored value; None where it has no literal.

    >>> from starmodel.adapters.persistence.sql.dialects.sqlite import SqliteDialect
    >>> literal_of("it's", SqliteDialect()), literal_of(1.5, SqliteDialect())
    ("'it''s'", '1.5')
    """
    dialect = sql_dialect.sqlalchemy
    if isinstance(stored, bool):
        return str(stored).lower()
    if isinstance(stored, int):
        return str(stored)
    if isinstance(stored, float):
        return repr(stored) if abs(stored) < float("inf") else None
    if isinstance(stored, decimal.Decimal):
        return str(stored) if stored.is_finite() else None
    if isinstance(stored, bytes):
        return f"'\\x{stored.hex()}'" if dialect.name == "postgresql" else f"x'{stored.hex()}'"
    if isinstance(stored, datetime.timedelta):
        return f"'{stored // datetime.timedelta(microseconds=1)} microseconds'"
    if isinstance(stored, datetime.datetime):
        return _quoted(stored.isoformat(" ", "microseconds"), sql_dialect)
    if isinstance(stored, datetime.date | datetime.time):
        return _quoted(stored.isoformat(), sql_dialect)
    if isinstance(stored, str | uuid.UUID):
        return _quoted(str(stored), sql_dialect)
    return None


def _quoted(text: str, sql_dialect: SqlDialect) -> str:
    compiler = sql_dialect.sqlalchemy.statement_compiler(sql_dialect.sqlalchemy, None)
    made = str(compiler.render_literal_value(text, String()))
    return made.replace("%%", "%") if sql_dialect.sqlalchemy.name == "mysql" else made
