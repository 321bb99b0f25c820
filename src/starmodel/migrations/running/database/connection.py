"""Connections for migrations: synchronous, on the drivers and options of the SQL store."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool, StaticPool

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.dialects.sqlite import SqliteDialect
from starmodel.adapters.persistence.sql.engines import dialect_for, parsed_url, server_for
from starmodel.core.errors import ConfigurationError
from starmodel.migrations.running.database.session import Kind, Session

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

CONNECT_S = 10.0
LOCK_S = 2
"""The time after which a statement gives way to whoever holds the lock it waits for."""
T = TypeVar("T")


def _wait_silently() -> None:
    """Report nothing."""


class Link(Protocol):
    """An open connection, on which synchronous functions run."""

    @property
    def sql_dialect(self) -> SqlDialect: ...

    @property
    def where(self) -> str:
        """The database for messages, without a password."""

    on_wait: Callable[[], None]
    """Called when a lock of another process was not had in time, and the wait goes on."""

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run a function of the session; it may run in another greenlet."""


class SqliteLink:
    """A connection of the standard library's driver, in this thread."""

    def __init__(self, connection: Connection, where: str, *, was_open: bool) -> None:
        self.on_wait: Callable[[], None] = _wait_silently
        self.sql_dialect: SqlDialect = SqliteDialect()
        self.where = where
        self._session = Session(connection, self.sql_dialect)
        self._session.was_open = was_open

    async def run(self, work: Callable[[Session], T]) -> T:
        return work(self._session)


class ServerLink:
    """A connection of an async driver, which SQLAlchemy makes synchronous by greenlets."""

    def __init__(self, connection: AsyncConnection, sql_dialect: SqlDialect, where: str) -> None:
        self.on_wait: Callable[[], None] = _wait_silently
        self._connection, self.sql_dialect, self.where = connection, sql_dialect, where

    async def run(self, work: Callable[[Session], T]) -> T:
        return await self._connection.run_sync(
            lambda connection: work(Session(connection, self.sql_dialect))
        )


@contextlib.asynccontextmanager
async def open_link(url: str) -> AsyncIterator[Link]:
    """Open a connection; it is closed on exit.

    Raises: ConfigurationError, when the database is unreachable or unsuitable.
    """
    parsed, kind = parsed_url(url)
    if kind == "sqlite":
        with sqlite_link(parsed) as link:
            yield link
    else:
        async with _server_link(url, kind) as opened:
            yield opened


@contextlib.contextmanager
def sqlite_link(url: URL) -> Any:
    """Open a connection to an SQLite file, which is created if it is missing."""
    from starmodel.adapters.persistence.sql.drivers.sqlite.database import SqliteDatabase

    if url.database in (None, "", ":memory:"):
        raise ConfigurationError(
            "The database is in the memory of the application, so there is nothing to migrate. "
            "Set DATABASE_URL to a file, such as sqlite:///starmodel.db."
        )
    database = SqliteDatabase(url, "FULL")
    was_open = _is_open(url)
    raw = database.connect(LOCK_S)
    with _sqlite_connection(raw) as connection:
        yield SqliteLink(connection, f"the database {database.name}", was_open=was_open)


@contextlib.contextmanager
def _sqlite_connection(raw: sqlite3.Connection) -> Any:
    engine = create_engine(
        "sqlite://", creator=lambda: raw, poolclass=StaticPool, isolation_level="AUTOCOMMIT"
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
        raw.close()


@contextlib.asynccontextmanager
async def _server_link(url: str, kind: str) -> AsyncIterator[Link]:
    from sqlalchemy.ext.asyncio import create_async_engine

    from starmodel.adapters.persistence.sql.drivers.network.server import UnreachableError

    server = server_for(url, CONNECT_S)
    driver = "postgresql+asyncpg" if kind == "postgresql" else "mysql+asyncmy"
    # A prepared statement would decode rows by the types that columns had before a change.
    options = {"prepared_statement_cache_size": 0} if kind == "postgresql" else {}

    def creator() -> Any:
        dbapi: Any = engine.sync_engine.dialect.dbapi
        return dbapi.connect(async_creator_fn=server.driver_connection, **options)

    engine = create_async_engine(
        f"{driver}://", creator=creator, poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    try:
        try:
            connection = await engine.connect()
        except UnreachableError as error:
            raise ConfigurationError(str(error)) from error
        try:
            dialect = dialect_for(url)
            link = ServerLink(connection, dialect, server.where.rstrip(","))
            await link.run(lambda session: _prepare(session, dialect))
            yield link
        finally:
            await connection.close()
    finally:
        await engine.dispose()


def _prepare(session: Session, dialect: SqlDialect) -> None:
    """Set the timeouts of the connection, and detect what depends on the server."""
    from starmodel.adapters.persistence.sql.dialects.mysql import MysqlDialect

    for sql in settings_of(session.kind):
        session.execute(sql)
    if isinstance(dialect, MysqlDialect):
        dialect.detect(str(session.value("SELECT VERSION()")))


def settings_of(kind: Kind) -> list[str]:
    """Return the statements with which a connection begins."""
    if kind == "sqlite":
        return []
    if kind == "postgresql":
        return [
            f"SET lock_timeout = '{LOCK_S}s'",
            "SET statement_timeout = 0",
            "SET idle_in_transaction_session_timeout = 0",
        ]
    from starmodel.adapters.persistence.sql.drivers.network.servers.mysql import (
        LOCK_TIMEOUT,
        SETTINGS,
    )

    return [f"{SETTINGS}, {LOCK_TIMEOUT.format(LOCK_S)}"]


def is_lasting(url: str) -> bool:
    """False for a database in the memory of the process, which has nothing to migrate."""
    parsed, kind = parsed_url(url)
    return kind != "sqlite" or parsed.database not in (None, "", ":memory:")


def is_new_file(url: str) -> bool:
    """True for an SQLite file that does not exist yet, or is empty."""
    parsed, kind = parsed_url(url)
    if kind != "sqlite" or not is_lasting(url):
        return False
    file = sqlite_file(parsed)
    return not file.exists() or file.stat().st_size == 0


def is_file(url: str) -> bool:
    """True for SQLite, whose database one machine has."""
    return parsed_url(url)[1] == "sqlite"


def is_unused(url: str) -> bool:
    """True for an SQLite file that no process has open."""
    parsed, kind = parsed_url(url)
    return kind == "sqlite" and not (is_lasting(url) and _is_open(parsed))


def _is_open(url: URL) -> bool:
    # SQLite deletes this file when the last connection is closed.
    return Path(f"{sqlite_file(url)}-shm").exists()


def sqlite_file(url: URL) -> Path:
    """Return the path of an SQLite database."""
    return Path(str(url.database)).resolve()
