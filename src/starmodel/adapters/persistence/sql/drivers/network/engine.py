"""Engine for database servers: pooled connections, one transaction per commit."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import MetaData

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.drivers.network.commit_queues import (
    CommitQueues,
    QueuePosition,
)
from starmodel.adapters.persistence.sql.drivers.network.commits import Commits, ConnectionContext
from starmodel.adapters.persistence.sql.drivers.network.failures import server_error
from starmodel.adapters.persistence.sql.drivers.network.lock_waits import LockWaits
from starmodel.adapters.persistence.sql.drivers.network.locks import NetworkLock
from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
from starmodel.adapters.persistence.sql.drivers.network.read_batching import ReadBatcher
from starmodel.adapters.persistence.sql.drivers.network.server import (
    CONNECTION_ERRORS,
    Connection,
    ConnectionLostError,
    LockTimeoutError,
    SerializationError,
    Server,
    StatementError,
)
from starmodel.adapters.persistence.sql.drivers.network.tables import create_tables
from starmodel.adapters.persistence.sql.drivers.network.transaction import (
    Attempt,
    roll_back,
)
from starmodel.adapters.persistence.sql.engine import RowEngine, RowKey, Transaction
from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable
from starmodel.adapters.persistence.sql.schema.existing.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.adapters.persistence.sql.write.idempotency import Markers
from starmodel.app.commit.deadlines import deadline_of
from starmodel.core.errors import (
    ConfigurationError,
    StarModelError,
    StoreUnavailableError,
)

T = TypeVar("T")


class NetworkEngine:
    """PostgreSQL, MySQL or MariaDB.

    Commits that share an entity are serialised in the order of submission,
    so writers of this process don't conflict; all other commits run
    concurrently. A statement that meets a lock times out quickly and
    releases its connection. The retry uses one of the few connections that
    may wait longer, so locked rows never exhaust the pool.

    Units: timeout_s limits a whole command: the queue, the connection, the
    server and the locks.
    """

    def __init__(self, server: Server, *, pool_size: int, timeout_s: float) -> None:
        self._server, self._pool_size, self._timeout_s = server, pool_size, timeout_s
        self._pool: Pool | None = None
        self._queues = CommitQueues()
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def sql_dialect(self) -> SqlDialect:
        return self._server.sql_dialect

    async def connect(self) -> None:
        self._closed = False
        self._pool = Pool(self._server, self._pool_size, self._timeout_s)
        self._reads = ReadBatcher(self._pool)
        self._commits = Commits(self._server, self._pool, LockWaits(self._pool_size))
        try:
            async with self._pool.connection() as connection:
                await self._server.detect(connection)
        except (
            StoreUnavailableError,
            ConnectionLostError,
            LockTimeoutError,
            StatementError,
        ) as error:
            raise ConfigurationError(str(error)) from error

    async def columns(self, table: str, schema: str | None = None) -> FoundColumns:
        try:
            async with self._open.connection() as connection:
                return await self._server.columns(connection, table, schema)
        except (StoreUnavailableError, *CONNECTION_ERRORS) as error:
            raise ConfigurationError(f"The table {table!r} can't be read: {error}") from error

    async def create(self, metadata: MetaData, tables: Sequence[EntityTable]) -> None:
        async with self._open.connection() as connection:
            await create_tables(self._server, connection, metadata, tables)

    async def start(self) -> None:
        """Do nothing: the pool opens connections on demand."""

    async def close(self) -> None:
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)
        if self._pool is not None:
            await self._reads.settle()
            await self._pool.close_idle()

    @property
    def _open(self) -> Pool:
        if self._pool is None:
            raise StoreUnavailableError("The SQL store is not open, so nothing was read or stored.")
        return self._pool

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        return await self._retry(
            "could not be read", lambda connection: connection.rows(sql, params)
        )

    async def one_row(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        rows = await self._reads.fetch_one(sql, params, deadline_of(self._timeout_s))
        return await self.rows(sql, params) if rows is None else rows

    async def execute(self, sql: str, params: Sequence[Any]) -> None:
        """Execute a statement; it must be idempotent, since it may be retried."""
        await self._retry(
            "could not be written", lambda connection: connection.execute(sql, params)
        )

    async def execute_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        async def work(connection: Connection) -> None:
            try:
                await connection.execute("BEGIN")
                for sql, params in statements:
                    await connection.execute(sql, params)
                await connection.execute("COMMIT")
            except BaseException:
                await roll_back(connection)
                raise

        await self._retry("could not be written", work)

    async def next_number(self, sequence: Numbers) -> int:
        return await self._retry(  # a lost number leaves a gap in the sequence
            "could not give a number",
            lambda connection: self._server.next_number(connection, sequence),
        )

    async def _retry(self, what: str, work: Callable[[Connection], Awaitable[T]]) -> T:
        deadline = deadline_of(self._timeout_s)
        context: ConnectionContext = self._open.connection(deadline)
        while True:
            try:
                async with context as connection:
                    return await work(connection)
            except (ConnectionLostError, SerializationError, LockTimeoutError) as error:
                if time.monotonic() > deadline:
                    raise self._error(what, error) from error
                waits = isinstance(error, LockTimeoutError) and await self._commits.waits.pause()
                context = self._commits.connection(deadline, waits=waits)
            except StatementError as error:
                raise self._error(what, error) from error
            await asyncio.sleep(random.uniform(0, 0.01))  # noqa: S311 - jitter

    async def purge(self, markers: Markers, stale: float) -> None:
        await self.execute(markers.purge_all, (stale,))

    async def sweep(self, statements: Statements, now: float, limit: int) -> Sequence[Row]:
        lock = statements.lock_expired
        try:
            async with self._open.connection() as connection:
                await connection.execute("BEGIN")
                try:
                    found = await connection.rows(
                        lock.sql, lock.params({"now_": now, "limit_": limit})
                    )
                    for row in found:
                        await connection.execute(statements.delete_expired, (row[0], now))
                    await connection.execute("COMMIT")
                except BaseException:
                    await roll_back(connection)
                    raise
        except CONNECTION_ERRORS as error:
            raise self._error("could not be swept", error) from error
        return found

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        self._require_open()
        position, deadline = self._queues.join(transaction.ids), deadline_of(self._timeout_s)
        task = self.spawn(self._store(transaction, position, deadline))

        def settle(done: asyncio.Task[None]) -> None:
            transaction.settle_after(done)
            position.end()

        task.add_done_callback(settle)
        # Cancelling the caller must not interrupt the transaction.
        return asyncio.shield(task)

    @asynccontextmanager
    async def lock(self, rows: Sequence[RowKey]) -> AsyncIterator[RowEngine]:
        self._require_open()
        deadline = deadline_of(self._timeout_s)
        position = self._queues.join([row.id for row in rows])
        lock = NetworkLock(self._commits, self.spawn, self._server, rows, deadline, position)
        try:
            await position.wait(deadline)
            await lock.acquire()
            yield lock
        finally:
            # Cancelling the caller must not leave the transaction open.
            ended = self.spawn(lock.end())
            ended.add_done_callback(lambda _: position.end())
            await asyncio.shield(ended)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run the coroutine as a task that outlives its caller and the closing of the engine."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _store(
        self, transaction: Transaction, position: QueuePosition, deadline: float
    ) -> None:
        try:
            await position.wait(deadline)
            step = transaction.find_step_without_base()
            if step is not None:
                rows = await self.rows(step.statements.version, step.key_params)
                raise step.conflict(rows[0] if rows else None)
            await self._commits.store(Attempt(transaction), deadline)
        except BaseException as error:
            transaction.failure = error  # before commits that build on this one continue
            raise

    def _require_open(self) -> None:
        if self._closed:
            raise StoreUnavailableError(
                "The SQL store is closed, and this command was not stored. Dispatch it again "
                "once the application has started."
            )

    def _error(self, what: str, error: Exception) -> StarModelError:
        return server_error(f"{self._server.where} {what}", error)
