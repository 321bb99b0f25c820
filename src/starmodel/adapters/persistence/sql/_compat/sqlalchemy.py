"""Undocumented names of SQLAlchemy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, MetaData, Table
from sqlalchemy.dialects.mysql.base import MySQLDialect, MySQLIdentifierPreparer
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import SetTableComment


class _QuotedNames(MySQLIdentifierPreparer):
    def _requires_quotes(self, value: str) -> bool:
        return True


class QuotingMysqlDialect(MySQLDialect):
    """Quotes every identifier: reserved words differ between MySQL and MariaDB, and grow."""

    preparer = _QuotedNames


def copy_column(column: Column[Any]) -> Column[Any]:
    """Return an equal column that is attached to no table."""
    return column._copy()


def copy_item(item: Any) -> Any:
    """Return an equal argument of a column, such as a foreign key, attached to no column."""
    return item._copy() if hasattr(item, "_copy") else item


def pending_columns(item: Any) -> list[Any]:
    """Return the columns, or their names, of an unattached constraint or index."""
    return list(getattr(item, "_pending_colargs", ()))


def is_created(check: CheckConstraint, dialect: Dialect) -> bool:
    """False for the check of a column type where the dialect's own type makes it superfluous.

    Such as that of `Boolean(create_constraint=True)`, where the database has a type boolean.
    """
    rule = getattr(check, "_create_rule", None)
    return rule is None or bool(
        rule(dialect.ddl_compiler(dialect, SetTableComment(Table("a", MetaData()))))
    )
