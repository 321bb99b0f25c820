"""Connection pool for one database server, the same for each driver.

Its throughput was compared with the drivers' own pools (`benchmarks/pools.py`:
the statements of a click, at 1, 8 and 64 concurrent tasks). asyncpg's pool
reaches 0.4 of it, with its RESET at every release disabled 0.6 to 0.8, at
1.5 to 1.7 times the CPU time. asyncmy's pool reaches 0.75, 0.99 and 1.02,
at 1.12, 1.02 and 0.95 of the CPU time; it has no deadline for a checkout,
and opens one connection at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

from starmodel.adapters.persistence.sql.drivers.network.server import (
    Connection,
    ConnectionLostError,
    Server,
    UnreachableError,
)
from starmodel.core.errors import StoreBusyError, StoreUnavailableError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5


class PooledConnection:
    """Async context manager for one pooled connection."""

    __slots__ = ("_connection", "_deadline", "_pool")

    def __init__(self, pool: Pool, deadline: float | None) -> None:
        self._pool, self._deadline = pool, deadline

    async def __aenter__(self) -> Connection:
        self._connection = await self._pool.acquire(self._deadline)
        return self._connection

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await self._pool.release(self._connection, error)


class Pool:
    """At most `size` connections, opened on demand and reused.

    Last in, first out. After an outage, new connections are opened as soon
    as the server is reachable again.

    Units: timeout_s limits the wait for a connection when `connection` has no deadline.
    """

    def __init__(self, server: Server, size: int, timeout_s: float) -> None:
        self._server, self._size, self._timeout_s = server, size, timeout_s
        self._free_slots = size
        self._waiters: deque[asyncio.Future[bool]] = deque()
        self._idle: list[Connection] = []
        self._down = False

    def connection(self, deadline: float | None = None) -> PooledConnection:
        """Return a context manager for a connection.

        Units: the deadline is a `time.monotonic` timestamp.
        Raises: StoreUnavailableError, when connecting fails; StoreBusyError, when all are in use.
        """
        return PooledConnection(self, deadline)

    async def acquire(self, deadline: float | None = None) -> Connection:
        """Check out a connection; the caller returns it with `release`."""
        if deadline is None:
            deadline = time.monotonic() + self._timeout_s
        if self._free_slots:
            self._free_slots -= 1
        else:
            await self._wait_for_slot(deadline)
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        try:
            return await self._open_connection(deadline)
        except BaseException:
            self._release_slot()
            raise

    async def release(self, connection: Connection, error: BaseException | None) -> None:
        """Return a connection to the pool; `error` is the exception that ended its use."""
        try:
            if isinstance(error, ConnectionLostError):
                await self.close_idle()  # idle connections are most likely lost as well
            elif isinstance(error, asyncio.CancelledError):
                await connection.terminate()  # a response may still be pending
        finally:
            if not connection.closed:
                self._idle.append(connection)
            self._release_slot()

    async def _wait_for_slot(self, deadline: float) -> None:
        # A future and a timer: a semaphore within `asyncio.timeout` costs twice as much.
        loop, left = asyncio.get_running_loop(), max(0.0, deadline - time.monotonic())
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_later(left, self._give_up, waiter)
        try:
            has_slot = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.result():
                self._release_slot()
            raise
        finally:
            timer.cancel()
        if not has_slot:
            raise StoreBusyError(
                f"All {self._size} connections to {self._server.where} were in use for "
                f"{left:.3g} s. Raise database_pool_size, or look for what holds them."
            )

    def _give_up(self, waiter: asyncio.Future[bool]) -> None:
        if not waiter.done():
            self._waiters.remove(waiter)
            waiter.set_result(False)

    def _release_slot(self) -> None:
        """Hand the slot to the longest waiting caller, if any."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():  # done: its caller was cancelled
                waiter.set_result(True)
                return
        self._free_slots += 1

    async def close_idle(self) -> None:
        """Close all idle connections."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.terminate()

    async def _open_connection(self, deadline: float) -> Connection:
        pause = FIRST_PAUSE_S
        while True:
            try:
                made = await self._server.connect(max(FIRST_PAUSE_S, deadline - time.monotonic()))
            except UnreachableError as error:
                # The server is known to be down: each caller tries once and fails fast.
                if self._down or time.monotonic() + pause > deadline:
                    self._down = True
                    raise StoreUnavailableError(f"{error}") from error
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                self._down = False
                return made
