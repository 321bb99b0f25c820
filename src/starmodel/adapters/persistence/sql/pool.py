"""Open connections to one server, handed out and taken back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starmodel.adapters.persistence.sql.server import Link, LostError, Server, UnreachableError
from starmodel.core.errors import StoreUnavailableError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5


class Pool:
    """At most `size` connections, made when they are needed and kept.

    The one used last is handed out first. After a server has gone, new
    ones are made as soon as it is back.

    Units: timeout_s is how long `link` waits for a connection in all.
    """

    def __init__(self, server: Server, size: int, timeout_s: float) -> None:
        self._server, self._size, self._timeout_s = server, size, timeout_s
        self._places = asyncio.Semaphore(size)
        self._idle: list[Link] = []
        self._down = False

    @asynccontextmanager
    async def link(self) -> AsyncIterator[Link]:
        """A connection for this block. Raises: StoreUnavailableError, when none can be had."""
        deadline = time.monotonic() + self._timeout_s
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise StoreUnavailableError(
                f"All {self._size} connections to {self._server.where} were in use for "
                f"{self._timeout_s:g} s. Raise database_pool_size, or look for what holds them."
            ) from error
        link: Link | None = None
        try:
            link = await self._link(deadline)
            yield link
        except LostError:
            await self.empty()  # the others were most likely lost with it
            raise
        except asyncio.CancelledError:
            if link is not None:  # an answer may still be under way on it
                await link.end()
            raise
        finally:
            if link is not None and not link.closed:
                self._idle.append(link)
            self._places.release()

    async def empty(self) -> None:
        """Let go of every connection that nobody uses."""
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
                made = await self._server.connect()
            except UnreachableError as error:
                # Known to be down: each caller tries once and is told at once.
                if self._down or time.monotonic() + pause > deadline:
                    self._down = True
                    raise StoreUnavailableError(f"{error}") from error
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                self._down = False
                return made
