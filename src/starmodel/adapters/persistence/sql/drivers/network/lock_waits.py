"""Lock timeouts of connections: few may wait for row locks until their deadline."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType

from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
from starmodel.adapters.persistence.sql.drivers.network.server import (
    CONNECTION_ERRORS,
    Connection,
)
from starmodel.core.errors import StoreBusyError

PAUSE_S = 0.05


CONTENTION_S = 1.0


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
            if self._waits_for_locks:
                self._waits.leave()
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
            if self._waits_for_locks:
                self._waits.leave()
            await self._held.__aexit__(kind, error, trace)


async def _restore(connection: Connection) -> None:
    try:
        if not connection.closed:
            await connection.set_lock_timeout(None)
    except CONNECTION_ERRORS:
        await connection.terminate()
