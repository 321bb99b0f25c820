"""The one stream of a page that is open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from starmodel.testing.browser.asgi import Cookies, scope_of
from starmodel.testing.browser.sse import SseEvent, SseReader


class LiveStream:
    """Reads a page's stream for as long as the page is open, in the application's loop.

    Shapes: event takes each event; ended takes the status with which the
    server ended the stream by itself.
    """

    def __init__(
        self, app: Any, event: Callable[[SseEvent], None], ended: Callable[[int], None]
    ) -> None:
        self._app, self._event, self._ended = app, event, ended
        self._gone = asyncio.Event()
        self._begun = asyncio.Event()
        self._reader, self.status = SseReader(), 0
        self._task: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        return self.status == 200 and self._task is not None and not self._task.done()

    async def start(self, url: str, cookies: Cookies) -> None:
        """Return when the server has answered and said what there is."""
        scope = scope_of("GET", url, {"accept": "text/event-stream"}, cookies)
        self._task = asyncio.create_task(self._follow(scope))
        await self._begun.wait()

    async def stop(self) -> None:
        """Go away as a closed tab does, and wait until the server has noticed."""
        self._gone.set()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self, scope: Any) -> None:
        try:
            await self._app(scope, self._receive, self._take)
        finally:
            self._begun.set()
        if not self._gone.is_set():
            self._ended(self.status)

    async def _receive(self) -> Any:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _take(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif self.status == 200:
            for event in self._reader.feed(message.get("body", b"")):
                self._event(event)
            self._begun.set()
