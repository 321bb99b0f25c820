"""Polls a store for changes while requests arrive or pages are open."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from starmodel.core.errors import StoreError

log = logging.getLogger("starmodel.credentials")
POLL_S, FRESH_S, QUIET_S = 0.4, 1.0, 5.0


class Polling:
    """Keeps a cache at most a second older than its store.

    Shapes: read applies what has changed, and raises StoreError; reset clears the cache, for a
    new event loop; watched is True while open pages depend on the cache.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[None]],
        *,
        reset: Callable[[], None],
        watched: Callable[[], bool],
    ) -> None:
        self._read, self._reset, self._watched = read, reset, watched
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poller: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asked_at = self._polled_at = float("-inf")

    async def fresh(self) -> None:
        """Return when the cache is at most a second old. Raises: StoreUnavailableError."""
        self.start()
        if self._asked_at - self._polled_at >= FRESH_S:
            await self._refresh()

    def start(self) -> None:
        """Poll in the background from now on, in the running event loop."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._reset()
            self._loop, self._poller, self._reading = loop, None, None
            self._polled_at = float("-inf")
        self._asked_at = time.monotonic()
        if self._poller is None or self._poller.done():
            self._poller = loop.create_task(self._poll())

    async def stop(self) -> None:
        """Cancel the tasks."""
        for task in (self._poller, self._reading):
            if task is not None and task.get_loop() is asyncio.get_running_loop():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, StoreError):
                    await task
        self._poller = self._reading = self._loop = None
        self._reset()

    async def _refresh(self) -> None:
        """Wait for a reading that begins now, or for the one under way."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._timed())
        await asyncio.shield(self._reading)

    async def _timed(self) -> None:
        started = time.monotonic()
        await self._read()
        self._polled_at = started

    async def _poll(self) -> None:
        reported = False
        while time.monotonic() - self._asked_at < QUIET_S or self._watched():
            await asyncio.sleep(POLL_S)
            try:
                await self._refresh()
            except StoreError as error:
                if not reported:
                    log.error("The store of tokens can't be read: %s", error)
                reported = True
            else:
                reported = False
