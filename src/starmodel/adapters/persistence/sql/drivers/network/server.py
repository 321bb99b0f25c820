"""What a database server and one connection to it can do, behind whichever driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starmodel.adapters.persistence.sql.dialects.dialect import Flavour
from starmodel.adapters.persistence.sql.schema.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.adapters.persistence.sql.statements import Row


class UnreachableError(Exception):
    """No connection can be made now; that may change by itself."""


def come_back(reason: str) -> str:
    """What to do about a server that can't be reached for this reason."""
    if any(text in reason for text in ("not known", "nodename nor servname", "getaddrinfo")):
        return "Check the name of the host in DATABASE_URL."
    if "SSL" in reason:
        return "Check what DATABASE_URL says of TLS, and that the server's certificate is trusted."
    return "Start the server, or set DATABASE_URL to the one that runs."


class LostError(Exception):
    """The connection has gone, and with it what its transaction had not committed.

    Shapes: sent is False when the statement never left this process.
    """

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


NEVER_SENT = "the connection was lost before the statement was sent"


class CollidedError(Exception):
    """The server undid a transaction for another's sake; run again it may succeed."""


class LockedError(Exception):
    """Another transaction held a lock for longer than the connection's lock time-out."""


class FailedError(Exception):
    """The server refused a statement for a reason that running it again won't mend."""


class DeniedError(FailedError):
    """The role lacks a privilege, or row security refused the row."""


class Link(Protocol):
    """One connection, for one task at a time.

    Raises: LostError, CollidedError, LockedError, RefusedError (of `constraints`) or FailedError.
    """

    @property
    def closed(self) -> bool:
        """True when it is known to be of no more use."""

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        """All rows of a query."""

    async def each(self, sql: str, params: Sequence[Sequence[Any]]) -> list[list[Row]]:
        """The rows of one query for each of several parameters, in one round trip."""

    async def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Do a statement; the number of rows that it found or changed."""

    async def set_lock_timeout(self, seconds: float | None) -> None:
        """Let statements wait so long for a lock from now on; None restores the default."""

    async def end(self) -> None:
        """Let go of it, without waiting for the server."""


class Server(Protocol):
    """One database on one server.

    Shapes: where names host and database for people, never the password.
    """

    where: str

    @property
    def flavour(self) -> Flavour:
        """How its SQL is written."""

    async def connect(self, within_s: float | None = None) -> Link:
        """A new connection, within the server's own time-out by default.

        Raises: UnreachableError; ConfigurationError, for what stays wrong.
        """

    async def prepare(self, link: Link) -> None:
        """Learn what `flavour` must know of this server."""

    async def columns(self, link: Link, table: str, schema: str | None = None) -> FoundColumns:
        """The columns of a table; none when it is not there."""

    async def unfit(self, link: Link, table: str, column: str, schema: str | None = None) -> str:
        """Why rows of a table can't be found by this column and held; "" when they can."""

    async def next_number(self, link: Link, sequence: Numbers) -> int:
        """A number that the sequence never gives again."""

    async def hold_schema(self, link: Link) -> None:
        """Let only one process at a time create tables, until `release_schema`."""

    async def release_schema(self, link: Link) -> None:
        """Let other processes create tables."""
