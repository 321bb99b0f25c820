"""Protocols of a database server and its connections, independent of the driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starmodel.adapters.persistence.sql.dialects.dialect import Flavour
from starmodel.adapters.persistence.sql.schema.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.adapters.persistence.sql.statements import Row


class UnreachableError(Exception):
    """A temporary connection failure; a retry may succeed."""


def come_back(reason: str) -> str:
    """Return the remedy for a server that is unreachable for this reason."""
    if any(text in reason for text in ("not known", "nodename nor servname", "getaddrinfo")):
        return "Check the name of the host in DATABASE_URL."
    if "SSL" in reason:
        return "Check what DATABASE_URL says of TLS, and that the server's certificate is trusted."
    return "Start the server, or set DATABASE_URL to the one that runs."


class LostError(Exception):
    """The connection is lost, and so are the uncommitted changes of its transaction.

    Shapes: sent is False when the statement never left this process.
    """

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


NEVER_SENT = "the connection was lost before the statement was sent"


class CollidedError(Exception):
    """The server rolled the transaction back for the sake of another; a retry may succeed."""


class LockedError(Exception):
    """Another transaction held a lock for longer than the lock timeout of the connection."""


class FailedError(Exception):
    """The server refused a statement; a retry would fail again."""


class DeniedError(FailedError):
    """The role lacks a privilege, or a row-level security policy refused the row."""


class Link(Protocol):
    """One connection, for one task at a time.

    Raises: LostError, CollidedError, LockedError, RefusedError (of `constraints`) or FailedError.
    """

    @property
    def closed(self) -> bool:
        """True when the connection is known to be unusable."""

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        """Return all rows of a query."""

    async def each(self, sql: str, params: Sequence[Sequence[Any]]) -> list[list[Row]]:
        """Return the rows of one query for each parameter set, in one round trip."""

    async def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Execute a statement; return the number of rows found or changed."""

    async def set_lock_timeout(self, seconds: float | None) -> None:
        """Set the lock timeout of the following statements; None restores the default."""

    async def end(self) -> None:
        """Close the connection without waiting for the server."""


class Server(Protocol):
    """One database on one server.

    Shapes: where names host and database for messages, never the password.
    """

    where: str

    @property
    def flavour(self) -> Flavour:
        """Return the SQL dialect of this server."""

    async def connect(self, within_s: float | None = None) -> Link:
        """Open a connection, by default within the server's own timeout.

        Raises: UnreachableError; ConfigurationError, when a retry can't succeed.
        """

    async def prepare(self, link: Link) -> None:
        """Detect the properties of the server that `flavour` depends on."""

    async def columns(self, link: Link, table: str, schema: str | None = None) -> FoundColumns:
        """Return the columns of a table; empty when the table does not exist."""

    async def unfit(self, link: Link, table: str, column: str, schema: str | None = None) -> str:
        """Explain why this column can't serve as the key for row locks; "" when it can."""

    async def next_number(self, link: Link, sequence: Numbers) -> int:
        """Return a number that the sequence never returns again."""

    async def hold_schema(self, link: Link) -> None:
        """Lock the schema against table creation by other processes, until `release_schema`."""

    async def release_schema(self, link: Link) -> None:
        """Release the lock of `hold_schema`."""
