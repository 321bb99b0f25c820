"""An ASGI client: requests into an application in this process, with cookies and form bodies.

Patches of StarModel arrive as objects, by the in-memory transport.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from starmodel.adapters.frontends.datastar.patches import DatastarPatch
from starmodel.adapters.transports.memory import MemoryTransport
from starmodel.adapters.transports.sse import frame
from starmodel.app.ports.transport import EXTENSION
from starmodel.testing.browser.document.controls import File
from starmodel.testing.browser.sse import SseReader

HOST = "testserver"
ORIGIN = f"http://{HOST}"
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"accept": "application/json"}
DATASTAR = {
    "datastar-request": "true",
    "accept": "text/event-stream, text/html, application/json",
}


class Reply:
    """A complete response.

    Shapes: header names are in lower case; the text of a click's reply has its patches as
    server-sent events.
    """

    def __init__(self, method: str, url: str) -> None:
        self.method, self.url = method, url
        self.http_status = 0
        self.headers: dict[str, str] = {}
        self.set_cookies: list[str] = []
        self.body = b""

    @property
    def status(self) -> int:
        """The HTTP status, or the `StarModel-Status` header of a response to Datastar."""
        return int(self.headers.get("starmodel-status", self.http_status))

    @property
    def is_event_stream(self) -> bool:
        kind = self.headers.get("content-type", "")
        return self.http_status == 200 and kind.startswith("text/event-stream")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The parsed JSON body. Raises: ValueError, with the content type and the body."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            kind = self.headers.get("content-type", "without a type")
            raise ValueError(
                f"{self.method} {self.url} answered {self.status} with a body that is not JSON "
                f"({kind}): {self.text[:200]!r}"
            ) from error

    def __repr__(self) -> str:
        return f"<Reply {self.status} to {self.method} {self.url}>"


class Cookies(dict[str, str]):
    """The cookie jar of one browser, by cookie name."""

    def take(self, lines: Sequence[str]) -> None:
        """Apply `Set-Cookie` headers; expired and empty cookies are deleted."""
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or morsel.value == "":
                    self.pop(name, None)
                else:
                    self[name] = morsel.coded_value

    @property
    def header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.items())


def scope_of(
    method: str,
    url: str,
    headers: Mapping[str, str],
    cookies: Cookies,
    transport: MemoryTransport | None = None,
) -> dict[str, Any]:
    """The ASGI scope of a request. Shapes: url is a path, or an absolute URL of the application."""
    extensions = {} if transport is None else {"extensions": {EXTENSION: transport}}
    parts = urlsplit(url)
    lines = {"host": HOST, **({"cookie": cookies.header} if cookies else {}), **headers}
    path = parts.path or "/"
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote(path), "raw_path": path.encode(), "root_path": "",
        "query_string": parts.query.encode(), "client": ("127.0.0.1", 50000),
        "server": (HOST, 80), "state": {}, **extensions,
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in lines.items()],
    }  # fmt: skip


async def send(
    app: Any,
    method: str,
    url: str,
    headers: Mapping[str, str],
    cookies: Cookies,
    body: bytes = b"",
    on_patch: Callable[[DatastarPatch], None] | None = None,
) -> Reply:
    """Send a request and return the complete response.

    Shapes: on_patch is called with each patch of the response as it arrives.
    """
    reply, sent = Reply(method, url), False
    transport, reader = None if on_patch is None else MemoryTransport(), SseReader()
    finished = asyncio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await finished.wait()
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def take(message: Any) -> None:
        if message["type"] == "http.response.start":
            reply.http_status = message["status"]
            for name, value in message["headers"]:
                if name.lower() == b"set-cookie":
                    reply.set_cookies.append(value.decode("latin-1"))
                else:
                    reply.headers[name.lower().decode()] = value.decode("latin-1")
            cookies.take(reply.set_cookies)
        elif message["type"] == "http.response.body":
            chunk = message.get("body", b"")
            delivered: list[Any] = [] if transport is None else transport.take()
            # The body has patches as a browser gets them; a part stands for delivered ones.
            reply.body += frame(delivered) if delivered else chunk
            if on_patch is not None and reply.is_event_stream:
                for patch in [*delivered, *reader.feed(chunk)]:
                    on_patch(patch)
            if not message.get("more_body"):
                finished.set()

    lengths = {"content-length": str(len(body))} if body else {}
    try:
        await app(scope_of(method, url, {**headers, **lengths}, cookies, transport), receive, take)
    except Exception:
        if not finished.is_set():  # Starlette re-raises after its error response
            raise
    if reply.headers.get("content-encoding") == "gzip":
        reply.body = gzip.decompress(reply.body)
    return reply


def form_body(pairs: Sequence[tuple[str, str | File]], multipart: bool) -> tuple[bytes, str]:
    """The encoded body of a form, and its content type."""
    if not multipart:
        plain = [(name, value if isinstance(value, str) else value[0]) for name, value in pairs]
        return urlencode(plain).encode(), "application/x-www-form-urlencoded"
    boundary = secrets.token_hex(16)
    parts = []
    for name, value in pairs:
        text = value.encode() if isinstance(value, str) else value[1]
        file = "" if isinstance(value, str) else f'; filename="{_quoted(value[0])}"'
        kind = "" if isinstance(value, str) else "\r\nContent-Type: application/octet-stream"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"{file}{kind}'
        parts.append(head.encode() + b"\r\n\r\n" + text + b"\r\n")
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _quoted(text: str) -> str:
    return re.sub(r'["\r\n]', lambda m: f"%{ord(m[0]):02X}", text)
