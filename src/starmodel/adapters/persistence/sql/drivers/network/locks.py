"""Row locks on a database server, held for one sync event and its commit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Protocol, TypeVar

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.drivers.network.commit_queues import QueuePosition
from starmodel.adapters.persistence.sql.drivers.network.commits import Commits
from starmodel.adapters.persistence.sql.drivers.network.failures import server_error
from starmodel.adapters.persistence.sql.drivers.network.server import (
    CONNECTION_ERRORS,
    Connection,
    ConnectionLostError,
    LockTimeoutError,
    SerializationError,
    Server,
    StatementError,
)
from starmodel.adapters.persistence.sql.drivers.network.transaction import Attempt, roll_back
from starmodel.adapters.persistence.sql.engine import RowKey, Transaction
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.core.errors import StarModelError, TransactionAbortedError

T = TypeVar("T")


class Spawn(Protocol):
    """Runs a coroutine as a task that outlives its caller."""

    def __call__(self, work: Coroutine[Any, Any, T], /) -> asyncio.Task[T]: ...


class NetworkLock:
    """Reads and at most one commit in a transaction that holds row locks.

    Shapes: serves `SqlRepository` as an engine; its connection also serves
    `Commits.store`.
    """

    def __init__(
        self,
        commits: Commits,
        spawn: Spawn,
        server: Server,
        rows: Sequence[RowKey],
        deadline: float,
        position: QueuePosition,
    ) -> None:
        self._commits, self._spawn, self._server = commits, spawn, server
        self._rows, self._deadline, self._position = rows, deadline, position
        self._read: dict[tuple[str, Any], Sequence[Row]] = {}
        self._context: AbstractAsyncContextManager[Connection] | None = None
        self._held: Connection | None = None
        self._commit: asyncio.Task[None] | None = None

    @property
    def sql_dialect(self) -> SqlDialect:
        return self._server.sql_dialect

    async def acquire(self) -> None:
        """Lock the rows in the given order.

        Raises: StoreBusyError, at the deadline; StoreUnavailableError.
        """
        collisions, waits = 0, self._commits.waits.waits_at_first
        while True:
            try:
                await self._acquire(self._commits.connection(self._deadline, waits=waits))
                return
            except (SerializationError, LockTimeoutError) as error:
                collisions += isinstance(error, SerializationError)
                waits = await self._commits.pause(error, collisions, self._deadline)
            except ConnectionLostError as error:
                if time.monotonic() > self._deadline:
                    raise self._error(error) from error
            except StatementError as error:
                raise self._error(error) from error

    async def _acquire(self, context: AbstractAsyncContextManager[Connection]) -> None:
        self._held, self._context = await context.__aenter__(), context
        try:
            await self._held.execute("BEGIN")
            for row in self._rows:
                sql = row.statements.get_locked
                self._read[sql, row.params[0]] = await self._held.rows(sql, row.params)
        except BaseException as error:
            self._read.clear()
            if not isinstance(error, asyncio.CancelledError):
                await roll_back(self._held)
            await self.__aexit__(type(error), error, error.__traceback__)
            raise

    async def __aenter__(self) -> Connection:
        if self._held is None:
            raise TransactionAbortedError("The transaction that held the rows has ended.")
        return self._held

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Return the connection to the pool; its transaction has ended."""
        context, self._context, self._held = self._context, None, None
        if context is not None:
            await context.__aexit__(kind, error, trace)

    async def end(self) -> None:
        """Wait for the commit, or roll back when there is none."""
        if self._commit is not None:
            await asyncio.wait([self._commit])
        if self._held is not None:
            await roll_back(self._held)
            await self.__aexit__(None, None, None)

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        """Return rows as seen by this transaction.

        Raises: TransactionAbortedError, when the command has to be retried.
        """
        read = self._read.get((sql, params[0])) if params else None
        if read is not None:
            return read
        connection = await self.__aenter__()
        try:
            return await connection.rows(sql, params)
        except CONNECTION_ERRORS as error:
            raise self._read_error(error) from error

    one_row = rows

    async def next_number(self, sequence: Numbers) -> int:
        connection = await self.__aenter__()
        try:
            return await self._server.next_number(connection, sequence)
        except CONNECTION_ERRORS as error:
            raise self._read_error(error) from error

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        """Store the batch and end the transaction."""
        if self._commit is not None:
            raise TransactionAbortedError("A locked transaction commits only once.")
        self._commit = task = self._spawn(self._store(transaction))
        task.add_done_callback(transaction.settle_after)
        task.add_done_callback(lambda _: self._position.end())
        return asyncio.shield(task)

    async def _store(self, transaction: Transaction) -> None:
        try:
            # After a lost connection no lock is held, so the version is compared as usual.
            await self._commits.store(Attempt(transaction), self._deadline, self)
        except BaseException as error:
            transaction.failure = error
            raise

    def _read_error(self, error: Exception) -> StarModelError:
        if isinstance(error, StatementError):
            return self._error(error)
        return TransactionAbortedError(f"{self._server.where} rolled back: {error}.")

    def _error(self, error: Exception) -> StarModelError:
        return server_error(f"{self._server.where} could not lock a row", error)
