"""Row locks on a database server, held for one sync event and its commit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Protocol, TypeVar

from starmodel.adapters.persistence.sql.dialects.dialect import Flavour
from starmodel.adapters.persistence.sql.drivers.network.failures import server_error
from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
from starmodel.adapters.persistence.sql.drivers.network.server import (
    CollidedError,
    FailedError,
    Link,
    LockedError,
    LostError,
    Server,
)
from starmodel.adapters.persistence.sql.drivers.network.transaction import Attempt, roll_back
from starmodel.adapters.persistence.sql.drivers.network.turns import Turn
from starmodel.adapters.persistence.sql.engine import RowKey, Transaction
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.adapters.persistence.sql.statements import Row
from starmodel.core.errors import StarModelError, StoreBusyError, TransactionAbortedError

T = TypeVar("T")
PAUSE_S, ALERT_S = 0.05, 1.0
_REFUSALS = (LostError, CollidedError, LockedError, FailedError)


class LockWaits:
    """The half of a pool whose statements may wait for a lock until their deadline.

    The other half stays free for unlocked rows: for a while after a lock
    was met, its statements don't wait at all. A pool of one connection
    can't be halved: there a statement is retried, and the connection is
    released between the attempts.
    """

    def __init__(self, pool_size: int) -> None:
        self._places = asyncio.Semaphore(pool_size // 2)
        self._has_places = pool_size > 1
        self._alert_until = 0.0

    @property
    def at_once(self) -> bool:
        """True when a command that locks its rows should wait from its first attempt."""
        return self._has_places and self.alert

    @property
    def alert(self) -> bool:
        """True when a lock was met recently."""
        return self._alert_until > 0 and time.monotonic() < self._alert_until

    async def pause(self) -> bool:
        """Return whether the retry may wait; sleep first when it may not."""
        self._alert_until = time.monotonic() + ALERT_S
        if not self._has_places:
            await asyncio.sleep(PAUSE_S)
        return self._has_places

    def place(self, pool: Pool, deadline: float, *, patient: bool) -> CommitPlace:
        """Return the connection context of one commit attempt; a patient one waits for locks."""
        return CommitPlace(self, pool, deadline, patient=patient)

    async def enter(self, deadline: float) -> None:
        """Acquire a slot for waiting. Raises: StoreBusyError, at the deadline."""
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await self._places.acquire()
        except TimeoutError as error:
            raise StoreBusyError(
                "So many other records are locked by other transactions that this command could "
                "not wait for its own. Nothing of it was stored; dispatch it again."
            ) from error

    def leave(self) -> None:
        """Release the slot."""
        self._places.release()


class CommitPlace:
    """Async context manager for a connection with the lock timeout of one attempt.

    A patient attempt may wait until the deadline. Shortly after a lock was
    met, the timeout of any other attempt is close to zero.
    """

    __slots__ = ("_deadline", "_held", "_limited", "_link", "_patient", "_waits")

    def __init__(self, waits: LockWaits, pool: Pool, deadline: float, *, patient: bool) -> None:
        self._waits, self._deadline, self._patient = waits, deadline, patient
        self._held, self._limited = pool.link(deadline), False

    async def __aenter__(self) -> Link:
        if self._patient:
            await self._waits.enter(self._deadline)
        try:
            self._link = link = await self._held.__aenter__()
        except BaseException:
            self._leave()
            raise
        if self._patient or self._waits.alert:
            self._limited = True
            left = max(0.0, self._deadline - time.monotonic()) if self._patient else 0.0
            try:
                await link.set_lock_timeout(left)
            except BaseException as error:
                await self.__aexit__(type(error), error, error.__traceback__)
                raise
        return link

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            # After a cancellation the pool closes the connection: a response may be pending.
            if self._limited and not isinstance(error, asyncio.CancelledError):
                await _restore(self._link)
        finally:
            self._leave()
            await self._held.__aexit__(kind, error, trace)

    def _leave(self) -> None:
        if self._patient:
            self._waits.leave()


async def _restore(link: Link) -> None:
    try:
        if not link.closed:
            await link.set_lock_timeout(None)
    except _REFUSALS:
        await link.end()


class LockEngine(Protocol):
    """The part of `NetworkEngine` that a lock calls."""

    @property
    def waits_at_once(self) -> bool: ...
    def place(
        self, deadline: float, *, waits: bool = False
    ) -> AbstractAsyncContextManager[Link]: ...
    async def pause(self, error: Exception, collisions: int, deadline: float) -> bool: ...
    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]: ...
    async def store_until(
        self,
        attempt: Attempt,
        deadline: float,
        place: AbstractAsyncContextManager[Link] | None = None,
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
        turn: Turn,
    ) -> None:
        self._engine, self._server = engine, server
        self._rows, self._deadline, self._turn = rows, deadline, turn
        self._read: dict[tuple[str, Any], Sequence[Row]] = {}
        self._place: AbstractAsyncContextManager[Link] | None = None
        self._held: Link | None = None
        self._commit: asyncio.Task[None] | None = None

    @property
    def flavour(self) -> Flavour:
        return self._server.flavour

    async def acquire(self) -> None:
        """Lock the rows in the given order.

        Raises: StoreBusyError, at the deadline; StoreUnavailableError.
        """
        collisions, waits = 0, self._engine.waits_at_once
        while True:
            try:
                await self._acquire(self._engine.place(self._deadline, waits=waits))
                return
            except (CollidedError, LockedError) as error:
                collisions += isinstance(error, CollidedError)
                waits = await self._engine.pause(error, collisions, self._deadline)
            except LostError as error:
                if time.monotonic() > self._deadline:
                    raise self._failed(error) from error
            except FailedError as error:
                raise self._failed(error) from error

    async def _acquire(self, place: AbstractAsyncContextManager[Link]) -> None:
        self._held, self._place = await place.__aenter__(), place
        try:
            await self._held.run("BEGIN")
            for row in self._rows:
                sql = row.statements.get_locked
                self._read[sql, row.params[0]] = await self._held.rows(sql, row.params)
        except BaseException as error:
            self._read.clear()
            if not isinstance(error, asyncio.CancelledError):
                await roll_back(self._held)
            await self.__aexit__(type(error), error, error.__traceback__)
            raise

    async def __aenter__(self) -> Link:
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
        place, self._place, self._held = self._place, None, None
        if place is not None:
            await place.__aexit__(kind, error, trace)

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
        link = await self.__aenter__()
        try:
            return await link.rows(sql, params)
        except _REFUSALS as error:
            raise self._read_error(error) from error

    one_row = rows

    async def next_number(self, sequence: Numbers) -> int:
        link = await self.__aenter__()
        try:
            return await self._server.next_number(link, sequence)
        except _REFUSALS as error:
            raise self._read_error(error) from error

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        """Store the batch and end the transaction."""
        if self._commit is not None:
            raise TransactionAbortedError("A locked transaction commits only once.")
        self._commit = task = self._engine.spawn(self._store(transaction))
        task.add_done_callback(transaction.settle_after)
        task.add_done_callback(lambda _: self._turn.end())
        return asyncio.shield(task)

    async def _store(self, transaction: Transaction) -> None:
        try:
            # After a lost connection no lock is held, so the version is compared as usual.
            await self._engine.store_until(Attempt(transaction), self._deadline, self)
        except BaseException as error:
            transaction.failure = error
            raise

    def _read_error(self, error: Exception) -> StarModelError:
        if isinstance(error, FailedError):
            return self._failed(error)
        return TransactionAbortedError(f"{self._server.where} rolled back: {error}.")

    def _failed(self, error: Exception) -> StarModelError:
        return server_error(f"{self._server.where} could not lock a row", error)
