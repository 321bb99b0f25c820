"""The stream of an open page."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starmodel.adapters.frontends.datastar.patches import DatastarPatch
from starmodel.adapters.transports.memory import MemoryTransport
from starmodel.testing.browser.asgi import Cookies, scope_of
from starmodel.testing.browser.datastar.requests import with_query


class PageStream:
    """The stream of one page, reconnected whenever the page watches more.

    Shapes: url is "" until the page opens a stream; grants are the tokens of
    content that patches add.
    """

    def __init__(
        self, app: Any, on_patch: Callable[[DatastarPatch], None], on_end: Callable[[int], None]
    ) -> None:
        self._app, self._on_patch, self._on_end = app, on_patch, on_end
        self.url, self.grants = "", list[str]()
        self._connection: Connection | None = None
        self._versions: dict[str, int] = {}

    @property
    def is_open(self) -> bool:
        return self._connection is not None and self._connection.is_open

    @property
    def tokens(self) -> list[str]:
        """The signed tokens of the topics that the page watches."""
        query = dict(parse_qsl(urlsplit(self.url).query))
        return [*([query["token"]] if "token" in query else []), *self.grants]

    def reset(self) -> None:
        """Forget the previous page."""
        self.url, self.grants, self._versions = "", [], {}

    async def connect(self, lists: Sequence[str], cookies: Cookies) -> None:
        """Connect again, with the lists that the page renders as "element_id:digest"."""
        if self.url == "":
            return
        if self._connection is not None:
            await self.close()
            self._versions.clear()
        query = [("grant", grant) for grant in self.grants] + [("have", each) for each in lists]
        self._connection = Connection(self._app, self._on_patch, self._on_end)
        await self._connection.open(with_query(self.url, urlencode(query)), cookies)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def is_stale(self, version: str) -> bool:
        """Whether the page has applied a newer version of the topic. Shapes: "topic number"."""
        topic, _, number = version.rpartition(" ")
        if not version:
            return False
        if int(number) < self._versions.get(topic, -1):
            return True
        self._versions[topic] = int(number)
        return False


class Connection:
    """One streaming request. Shapes: on_end takes the status when the server ends the stream."""

    def __init__(
        self,
        app: Any,
        on_patch: Callable[[Any], None],
        on_end: Callable[[int], None],
        *,
        accept: str = "text/event-stream",
    ) -> None:
        self._app, self._on_patch, self._on_end, self._accept = app, on_patch, on_end, accept
        self._disconnected = asyncio.Event()
        self._responded = asyncio.Event()
        self._transport, self.status = MemoryTransport(), 0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self.status == 200 and self._task is not None and not self._task.done()

    async def open(self, url: str, cookies: Cookies) -> None:
        """Send the request; returns after the first chunk of the response."""
        scope = scope_of("GET", url, {"accept": self._accept}, cookies, self._transport)
        self._task = asyncio.create_task(self._run(scope))
        await self._responded.wait()

    async def close(self) -> None:
        """Disconnect as a closed tab does; returns when the application has ended the response."""
        self._disconnected.set()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self, scope: Any) -> None:
        try:
            await self._app(scope, self._receive, self._send)
        finally:
            self._responded.set()
        if not self._disconnected.is_set():
            self._on_end(self.status)

    async def _receive(self) -> Any:
        await self._disconnected.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif self.status == 200:
            for patch in self._transport.take():
                self._on_patch(patch)
            self._responded.set()
