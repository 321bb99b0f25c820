"""One connection with explicit transactions, on which migrations execute SQL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql import ClauseElement

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect

Kind = Literal["sqlite", "postgresql", "mysql"]


class Session:
    """Executes SQL in autocommit mode, or in transactions that it begins explicitly.

    Shapes: kind is "mysql" for MariaDB too. SQL without parameters is sent as
    it is; with parameters it has the placeholders of the dialect.
    """

    is_recording = False
    """True when statements are recorded instead of executed."""
    was_open = False
    """True when the file of SQLite was open in another process before this one opened it."""
    catalogue: Any = None
    """A prediction of the catalogue, where statements are recorded."""

    def __init__(self, connection: Connection, sql_dialect: SqlDialect) -> None:
        self.connection, self.sql_dialect = connection, sql_dialect
        self.kind: Kind = sql_dialect.sqlalchemy.name  # type: ignore[assignment]

    def is_shared(self) -> bool:
        """True when another process seems to use the database."""
        if self.kind == "sqlite":
            return self.was_open
        if self.kind == "postgresql":
            sql = (
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        else:
            sql = (
                "SELECT COUNT(*) FROM information_schema.processlist "
                "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
        return bool(self.value(sql))

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Execute one statement; return the number of rows found or changed."""
        result = self.connection.exec_driver_sql(self._sent(sql, params), tuple(params))
        count = result.rowcount
        result.close()
        return count

    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute one statement for each set of parameters."""
        if rows:
            self.connection.exec_driver_sql(sql, [tuple(row) for row in rows])

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Sequence[Any]]:
        """Return all rows of a query."""
        result = self.connection.exec_driver_sql(self._sent(sql, params), tuple(params))
        return list(result.fetchall())

    def value(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """Return the first value of a query; None without a row."""
        rows = self.rows(sql, params)
        return rows[0][0] if rows else None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end, or roll back after an exception.

        On MySQL and MariaDB, each DDL statement commits implicitly.
        """
        self.execute("BEGIN IMMEDIATE" if self.kind == "sqlite" else "BEGIN")
        try:
            yield
        except BaseException:
            with contextlib.suppress(SQLAlchemyError):  # the connection is lost, or rolled back
                self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def text(self, statement: ClauseElement) -> str:
        """Return the SQL of a statement, with its values as literals."""
        return literal_sql(statement, self.sql_dialect)

    def quote(self, name: str) -> str:
        return self.sql_dialect.sqlalchemy.identifier_preparer.quote(name)

    def _sent(self, sql: str, params: Sequence[Any]) -> str:
        # The drivers of MySQL format each statement, also without parameters.
        return sql.replace("%", "%%") if self.kind == "mysql" and not params else sql


def refusal_text(error: DBAPIError) -> str:
    """Return why a database refused a statement, with the details that PostgreSQL adds."""
    detail = getattr(error.orig.__cause__, "detail", None) if error.orig else None
    return f"{error.orig} ({detail})" if detail else str(error.orig)


def literal_sql(statement: ClauseElement, sql_dialect: SqlDialect) -> str:
    """Return the SQL of a statement, with its values as literals."""
    made = str(
        statement.compile(dialect=sql_dialect.sqlalchemy, compile_kwargs={"literal_binds": True})
    ).strip()
    # Compiled for a driver that formats each statement.
    return made.replace("%%", "%") if sql_dialect.sqlalchemy.name == "mysql" else made
