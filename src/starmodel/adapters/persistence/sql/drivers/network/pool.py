"""Connection pool for one database server."""

from __future__ import annotations

import asyncio
import time

from starmodel.adapters.persistence.sql.drivers.network.server import (
    Link,
    LostError,
    Server,
    UnreachableError,
)
from starmodel.core.errors import StoreBusyError, StoreUnavailableError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5


class Held:
    """Async context manager for one pooled connection."""

    __slots__ = ("_deadline", "_link", "_pool")

    def __init__(self, pool: Pool, deadline: float | None) -> None:
        self._pool, self._deadline = pool, deadline

    async def __aenter__(self) -> Link:
        self._link = await self._pool.take(self._deadline)
        return self._link

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await self._pool.give_back(self._link, error)


class Pool:
    """At most `size` connections, opened on demand and reused.

    Last in, first out. After an outage, new connections are opened as soon
    as the server is reachable again.

    Units: timeout_s limits the wait for a connection when `link` has no deadline.
    """

    def __init__(self, server: Server, size: int, timeout_s: float) -> None:
        self._server, self._size, self._timeout_s = server, size, timeout_s
        self._places = asyncio.Semaphore(size)
        self._idle: list[Link] = []
        self._down = False

    def link(self, deadline: float | None = None) -> Held:
        """Return a context manager for a connection.

        Units: the deadline is a `time.monotonic` timestamp.
        Raises: StoreUnavailableError, when connecting fails; StoreBusyError, when all are in use.
        """
        return Held(self, deadline)

    async def take(self, deadline: float | None = None) -> Link:
        """Check out a connection; the caller returns it with `give_back`."""
        if deadline is None:
            deadline = time.monotonic() + self._timeout_s
        if self._places.locked():
            await self._wait(deadline)
        else:
            await self._places.acquire()
        try:
            return await self._link(deadline)
        except BaseException:
            self._places.release()
            raise

    async def give_back(self, link: Link, error: BaseException | None) -> None:
        """Return a connection to the pool; `error` is the exception that ended its use."""
        try:
            if isinstance(error, LostError):
                await self.empty()  # idle connections are most likely lost as well
            elif isinstance(error, asyncio.CancelledError):
                await link.end()  # a response may still be pending
        finally:
            if not link.closed:
                self._idle.append(link)
            self._places.release()

    async def _wait(self, deadline: float) -> None:
        left = max(0.0, deadline - time.monotonic())
        try:
            async with asyncio.timeout(left):
                await self._places.acquire()
        except TimeoutError as error:
            raise StoreBusyError(
                f"All {self._size} connections to {self._server.where} were in use for "
                f"{left:.3g} s. Raise database_pool_size, or look for what holds them."
            ) from error

    async def empty(self) -> None:
        """Close all idle connections."""
        idle, self._idle = self._idle, []
        for link in idle:
            await link.end()

    async def _link(self, deadline: float) -> Link:
        while self._idle:
            link = self._idle.pop()
            if not link.closed:
                return link
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
