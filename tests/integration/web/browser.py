"""An in-process HTTP client for ASGI applications, with server-sent events and page streams."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import re
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from starmodel.core.definition import defined as definitions
from starmodel.core.entity import Entity

E = TypeVar("E", bound=Entity)
ORIGIN = "http://testserver"
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"accept": "application/json"}
DATASTAR = {
    "datastar-request": "true",
    "accept": "text/event-stream, text/html, application/json",
    "origin": ORIGIN,
}


def unlisted(cls: type[E]) -> type[E]:
    """Exclude a test's entity type from `create_app()` without entities."""
    definitions._defined.pop((cls.__module__, cls.__qualname__), None)
    return cls


def sign_in_link(app: Any, path: str = "/") -> str:
    """The link that signs the developer of the application in."""
    plugins = {made.plugin.name: made.plugin for made in app.starmodel.plugins.loaded}
    return f"{path}?token={plugins['dev_sign_in'].token}"


def session_cookie_name(app: Any) -> str:
    """The name of the session cookie that the application gives to these visitors."""
    return str(app.gateway.sessions.cookie(b"testserver", "").name)


@dataclass
class Sse:
    """One server-sent event. Shapes: data maps Datastar's keywords to their text."""

    type: str
    data: dict[str, str] = field(default_factory=dict)

    @property
    def signals(self) -> Any:
        return json.loads(self.data["signals"])

    @property
    def elements(self) -> str:
        return self.data["elements"]


def sse_events(text: str) -> list[Sse]:
    """The events of a finished response, parsed as Datastar parses them; comments are skipped."""
    return [made for block in text.split("\n\n") if (made := sse_event(block)) is not None]


def sse_event(block: str) -> Sse | None:
    made = Sse("")
    for line in block.split("\n"):
        if line.startswith("event: "):
            made.type = line[7:]
        elif line.startswith("data: "):
            name, _, value = line[6:].partition(" ")
            made.data[name] = f"{made.data[name]}\n{value}" if name in made.data else value
    return made if made.type else None


def toasts(text: str) -> list[tuple[str, str]]:
    """The kind and text of each toast in a reply."""
    found = re.findall(r'data-toast="(\w+)".*?<p>(.*?)</p>', text, re.DOTALL)
    return [(kind, html.unescape(messages)) for kind, messages in found]


def moved_to(text: str) -> str | None:
    """The URL that a response to a click navigates to."""
    found = re.search(r'data-init="window\.location = ([^"]+)"', text)
    return None if found is None else str(json.loads(html.unescape(found[1])))


class Browser(httpx.AsyncClient):
    """An HTTP client with the cookies, Origin and Accept headers of a browser."""

    def __init__(self, app: Any, **options: Any) -> None:
        self.app = app
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        super().__init__(transport=transport, base_url=ORIGIN, **options)

    @property
    def session_cookie(self) -> str:
        """The value of this visitor's session cookie."""
        return str(self.cookies[session_cookie_name(self.app)])

    def bring(self, cookie: str) -> None:
        """Send this session cookie from now on."""
        name = session_cookie_name(self.app)
        self.cookies.set(name, cookie, domain="testserver.local")

    async def page(self, path: str) -> httpx.Response:
        return await self.get(path, headers=HTML)

    async def click(
        self, path: str, signals: Any = None, *, method: str = "POST", **headers: str
    ) -> httpx.Response:
        """Datastar's request for a click; header names are written with underscores."""
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        if method in ("GET", "DELETE"):
            query = {"datastar": json.dumps(signals or {})}
            url = httpx.URL(path).copy_merge_params(query)
            return await self.request(method, url, headers=DATASTAR | extra)
        return await self.request(method, path, json=signals or {}, headers=DATASTAR | extra)

    async def submit(self, path: str, data: Any = None, **options: Any) -> httpx.Response:
        """Submit a plain HTML form, without JavaScript."""
        headers = HTML | {"origin": ORIGIN} | options.pop("headers", {})
        return await self.post(path, data=data, headers=headers, **options)

    async def call(
        self, method: str, path: str, data: Any = None, **options: Any
    ) -> httpx.Response:
        """A JSON API request from the application's own pages."""
        headers = JSON | {"origin": ORIGIN} | options.pop("headers", {})
        if data is not None:
            options["json"] = data
        return await self.request(method, path, headers=headers, **options)

    def stream_url(self, page: str) -> str:
        """The URL of a page's stream."""
        found = re.search(r"@live\('([^']+)'\)", html.unescape(page))
        assert found, f"no stream in {page}"
        return found[1]

    def watch(self, page: str | httpx.Response, **headers: str) -> Stream:
        """The page's stream, opened by `async with`."""
        text = page if isinstance(page, str) else page.text
        url = text if text.startswith("/") else self.stream_url(text)
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.cookies.jar)
        return Stream(self.app, url, {"cookie": cookie} | headers if cookie else headers)


class Stream:
    """One open response of an ASGI application, read event by event."""

    def __init__(self, app: Any, url: str, headers: dict[str, str]) -> None:
        path, _, query = url.partition("?")
        lines = {"host": "testserver", "accept": "text/event-stream"} | headers
        self._app = app
        self._scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
            "headers": [(k.encode(), v.encode()) for k, v in lines.items()],
        }  # fmt: skip
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = self._asked = False
        self._blocks: asyncio.Queue[str | None] = asyncio.Queue()
        self._text = ""
        self._gone = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._started = asyncio.Event()
        self._task = asyncio.create_task(self._app(self._scope, self._receive, self._send))
        started = asyncio.create_task(self._started.wait())
        await asyncio.wait({self._task, started}, timeout=2, return_when="FIRST_COMPLETED")
        started.cancel()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.leave()

    async def leave(self) -> None:
        """Disconnect as a closed tab does, and wait until the server ends the stream."""
        self._gone.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(self._task, 2)

    async def block(self, wait: float = 2) -> str:
        """The next block of lines, comments too. Raises: TimeoutError; EOFError at the end."""
        made = await asyncio.wait_for(self._blocks.get(), wait)
        if made is None:
            raise EOFError
        return made

    async def event(self, wait: float = 2) -> Sse:
        """The next event that is no heartbeat."""
        while True:
            made = sse_event(await self.block(wait))
            if made is not None:
                return made

    async def silent(self, wait: float = 0.05) -> bool:
        """True when only heartbeats arrive within the timeout."""
        try:
            await self.event(wait)
        except TimeoutError:
            return True
        return False

    async def _receive(self) -> Any:
        if not self._asked and self._scope["method"] == "GET":
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            self._started.set()
            return
        self._text += message.get("body", b"").decode()
        *blocks, self._text = self._text.split("\n\n")
        for block in blocks:
            self._blocks.put_nowait(block)
        if not message.get("more_body"):
            self.ended = True
            if self._text:
                self._blocks.put_nowait(self._text)
            self._blocks.put_nowait(None)
