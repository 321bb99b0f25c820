"""Undocumented names of SQLAlchemy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column
from sqlalchemy.dialects.mysql.base import MySQLDialect, MySQLIdentifierPreparer


class _QuotedNames(MySQLIdentifierPreparer):
    def _requires_quotes(self, value: str) -> bool:
        return True


class QuotingMysqlDialect(MySQLDialect):
    """Quotes every name: the reserved words of MySQL and MariaDB differ, and grow."""

    preparer = _QuotedNames


def copy_column(column: Column[Any]) -> Column[Any]:
    """An equal column that belongs to no table."""
    return column._copy()


def pending_columns(item: Any) -> list[Any]:
    """The columns, or their names, of a constraint or index that belongs to no table."""
    return list(getattr(item, "_pending_colargs", ()))
