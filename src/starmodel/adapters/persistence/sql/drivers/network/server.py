"""Protocols of a database server and its connections, independent of the driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.existing.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers


class UnreachableError(Exception):
    """A temporary connection failure; a retry may succeed."""


def connection_remedy(reason: str) -> str:
    """Return the remedy for a server that is unreachable for this reason."""
    if any(text in reason for text in ("not known", "nodename nor servname", "getaddrinfo")):
        return "Check the name of the host in DATABASE_URL."
    if "SSL" in reason:
        return "Check what DATABASE_URL says of TLS, and that the server's certificate is trusted."
    return "Start the server, or set DATABASE_URL to the one that runs."


class ConnectionLostError(Exception):
    """The connection is lost, and so are the uncommitted changes of its transaction.

    Shapes: sent is False when the statement never left this process.
    """

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


NOT_SENT = "the connection was lost before the statement was sent"


class SerializationError(Exception):
    """The server rolled the transaction back for the sake of another; a retry may succeed."""


class LockTimeoutError(Exception):
    """Another transaction held a lock for longer than the lock timeout of the connection."""


class StatementError(Exception):
    """The server refused a statement; a retry would fail again."""


class PermissionDeniedError(StatementError):
    """The role lacks a privilege, or a row-level security policy refused the row."""


CONNECTION_ERRORS = (ConnectionLostError, SerializationError, LockTimeoutError, StatementError)
"""Every error of a `Connection` except a violated constraint."""


class Connection(Protocol):
    """One connection, for one task at a time.

    Raises: ConnectionLostError, SerializationError, LockTimeoutError, StatementError, or
    ConstraintViolatedError (of `constraints`).
    """

    @property
    def closed(self) -> bool:
        """True when the connection is known to be unusable."""

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        """Return all rows of a query."""

    async def rows_for_each(self, sql: str, params: Sequence[Sequence[Any]]) -> list[list[Row]]:
        """Return the rows of one query for each parameter set, in one round trip."""

    async def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Execute a statement; return the number of rows found or changed."""

    async def set_lock_timeout(self, seconds: float | None) -> None:
        """Set the lock timeout of the following statements; None restores the default."""

    async def terminate(self) -> None:
        """Close the connection without waiting for the server."""


class Server(Protocol):
    """One database on one server.

    Shapes: where names host and database for messages, never the password.
    """

    where: str

    @property
    def sql_dialect(self) -> SqlDialect:
        """Return the SQL dialect of this server."""

    async def connect(self, within_s: float | None = None) -> Connection:
        """Open a connection, by default within the server's own timeout.

        Raises: UnreachableError; ConfigurationError, when a retry can't succeed.
        """

    async def detect(self, connection: Connection) -> None:
        """Detect the properties of the server that `sql_dialect` depends on."""

    async def columns(
        self, connection: Connection, table: str, schema: str | None = None
    ) -> FoundColumns:
        """Return the columns of a table; empty when the table does not exist."""

    async def row_key_problem(
        self, connection: Connection, table: str, column: str, schema: str | None = None
    ) -> str:
        """Explain why this column can't serve as the key for row locks; "" when it can."""

    async def next_number(self, connection: Connection, sequence: Numbers) -> int:
        """Return a number that the sequence never returns again."""

    async def lock_schema(self, connection: Connection) -> None:
        """Lock the schema against table creation by other processes, until `unlock_schema`."""

    async def unlock_schema(self, connection: Connection) -> None:
        """Release the lock of `lock_schema`."""
