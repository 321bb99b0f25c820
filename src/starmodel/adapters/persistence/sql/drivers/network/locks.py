"""Row locks on a database server, held for one sync event and its commit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Protocol, TypeVar

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.drivers.network.commit_queues import QueuePosition
from starmodel.adapters.persistence.sql.drivers.network.failures import server_error
from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
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
from starmodel.adapters.persistence.sql.statements import Row
from starmodel.core.errors import StarModelError, StoreBusyError, TransactionAbortedError

T = TypeVar("T")
PAUSE_S, CONTENTION_S = 0.05, 1.0


class LockWaits:
    """The half of a pool whose statements may wait for a lock until their deadline.

    The other half stays free for unlocked rows: for a while after a lock
    was met, its statements don't wait at all. A pool of one connection
    can't be halved: there a statement is retried, and the connection is
    released between the attempts.
    """

    def __init__(self, pool_size: int) -> None:
        self._slots = asyncio.Semaphore(pool_size // 2)
        self._has_slots = pool_size > 1
        self._contended_until = 0.0

    @property
    def waits_at_first(self) -> bool:
        """True when a command that locks its rows should wait from its first attempt."""
        return self._has_slots and self.is_contended

    @property
    def is_contended(self) -> bool:
        """True when a lock was met recently."""
        return self._contended_until > 0 and time.monotonic() < self._contended_until

    async def pause(self) -> bool:
        """Return whether the retry may wait; sleep first when it may not."""
        self._contended_until = time.monotonic() + CONTENTION_S
        if not self._has_slots:
            await asyncio.sleep(PAUSE_S)
        return self._has_slots

    def connection(self, pool: Pool, deadline: float, *, waits_for_locks: bool) -> CommitConnection:
        """Return the connection context of one attempt, which may wait for locks or not."""
        return CommitConnection(self, pool, deadline, waits_for_locks=waits_for_locks)

    async def enter(self, deadline: float) -> None:
        """Acquire a slot for waiting. Raises: StoreBusyError, at the deadline."""
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await self._slots.acquire()
        except TimeoutError as error:
            raise StoreBusyError(
                "So many other records are locked by other transactions that this command could "
                "not wait for its own. Nothing of it was stored; dispatch it again."
            ) from error

    def leave(self) -> None:
        """Release the slot."""
        self._slots.release()


class CommitConnection:
    """Async context manager for a connection with the lock timeout of one attempt.

    With `waits_for_locks`, an attempt may wait until the deadline. Shortly
    after a lock was met, the timeout of any other attempt is close to zero.
    """

    __slots__ = ("_connection", "_deadline", "_held", "_limited", "_waits", "_waits_for_locks")

    def __init__(
        self, waits: LockWaits, pool: Pool, deadline: float, *, waits_for_locks: bool
    ) -> None:
        self._waits, self._deadline, self._waits_for_locks = waits, deadline, waits_for_locks
        self._held, self._limited = pool.connection(deadline), False

    async def __aenter__(self) -> Connection:
        if self._waits_for_locks:
            await self._waits.enter(self._deadline)
        try:
            self._connection = connection = await self._held.__aenter__()
        except BaseException:
            self._leave()
            raise
        if self._waits_for_locks or self._waits.is_contended:
            self._limited = True
            left = max(0.0, self._deadline - time.monotonic()) if self._waits_for_locks else 0.0
            try:
                await connection.set_lock_timeout(left)
            except BaseException as error:
                await self.__aexit__(type(error), error, error.__traceback__)
                raise
        return connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            # After a cancellation the pool closes the connection: a response may be pending.
            if self._limited and not isinstance(error, asyncio.CancelledError):
                await _restore(self._connection)
        finally:
            self._leave()
            await self._held.__aexit__(kind, error, trace)

    def _leave(self) -> None:
        if self._waits_for_locks:
            self._waits.leave()


async def _restore(connection: Connection) -> None:
    try:
        if not connection.closed:
            await connection.set_lock_timeout(None)
    except CONNECTION_ERRORS:
        await connection.terminate()


class LockEngine(Protocol):
    """The part of `NetworkEngine` that a lock calls."""

    @property
    def waits_at_first(self) -> bool: ...
    def connection(
        self, deadline: float, *, waits: bool = False
    ) -> AbstractAsyncContextManager[Connection]: ...
    async def pause(self, error: Exception, collisions: int, deadline: float) -> bool: ...
    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]: ...
    async def store_until(
        self,
        attempt: Attempt,
        deadline: float,
        context: AbstractAsyncContextManager[Connection] | None = None,
    ) -> None: ...


class NetworkLock:
    """Reads and at most one commit in a transaction that holds row locks.

    Shapes: serves `SqlRepository` as an engine; its connection also serves
    `NetworkEngine.store_until`.
    """

    def __init__(
        self,
        engine: LockEngine,
        server: Server,
        rows: Sequence[RowKey],
        deadline: float,
        position: QueuePosition,
    ) -> None:
        self._engine, self._server = engine, server
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
        collisions, waits = 0, self._engine.waits_at_first
        while True:
            try:
                await self._acquire(self._engine.connection(self._deadline, waits=waits))
                return
            except (SerializationError, LockTimeoutError) as error:
                collisions += isinstance(error, SerializationError)
                waits = await self._engine.pause(error, collisions, self._deadline)
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
        self._commit = task = self._engine.spawn(self._store(transaction))
        task.add_done_callback(transaction.settle_after)
        task.add_done_callback(lambda _: self._position.end())
        return asyncio.shield(task)

    async def _store(self, transaction: Transaction) -> None:
        try:
            # After a lost connection no lock is held, so the version is compared as usual.
            await self._engine.store_until(Attempt(transaction), self._deadline, self)
        except BaseException as error:
            transaction.failure = error
            raise

    def _read_error(self, error: Exception) -> StarModelError:
        if isinstance(error, StatementError):
            return self._error(error)
        return TransactionAbortedError(f"{self._server.where} rolled back: {error}.")

    def _error(self, error: Exception) -> StarModelError:
        return server_error(f"{self._server.where} could not lock a row", error)
