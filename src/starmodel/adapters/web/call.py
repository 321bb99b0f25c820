"""One request on its way through the generated routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from starmodel.adapters.web.requests import Incoming
from starmodel.app.session import Session
from starmodel.core.errors import ConfigurationError

HTML = b"text/html; charset=utf-8"
JSON = b"application/json"
SSE = b"text/event-stream"
Header = tuple[bytes, bytes]


class Call:
    """A request, its session, and the way to answer it."""

    __slots__ = ("_cookie", "_send", "request", "root_path", "session")

    def __init__(
        self, request: Incoming, session: Session, send: Any, cookie: Any, root_path: str
    ) -> None:
        self.request, self.session, self.root_path = request, session, root_path
        self._send, self._cookie = send, cookie

    async def answer(
        self, status: int, kind: bytes, body: bytes, headers: Sequence[Header] = ()
    ) -> None:
        """Send one finished response."""
        head = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            *headers,
            *self._cookie(self.session),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        if self.request.method == "HEAD":
            body = b""
        await self._send({"type": "http.response.body", "body": body})

    async def start(self, status: int, kind: bytes, headers: Sequence[Header] = ()) -> None:
        """Begin a response that is sent in parts."""
        head = [(b"content-type", kind), *headers, *self._cookie(self.session)]
        await self._send({"type": "http.response.start", "status": status, "headers": head})

    async def part(self, body: bytes, *, last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def html(self, text: str, status: int = 200) -> None:
        headers = [
            (b"vary", b"accept"),
            (b"cache-control", b"no-store"),  # a page shows one visitor's state
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]
        await self.answer(status, HTML, text.encode(), headers)

    async def json(self, data: Any, status: int = 200, headers: Sequence[Header] = ()) -> None:
        body = orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)
        kind = b"application/problem+json" if status >= 400 else JSON
        await self.answer(status, kind, body, [(b"vary", b"accept"), *headers])

    async def redirect(self, url: str) -> None:
        """Send the browser on with GET."""
        await self.answer(303, HTML, b"", [(b"location", url.encode("latin-1", "replace"))])

    def came_from(self, default: str) -> str:
        """Where a plain form goes back to: the page it was on, when that is ours."""
        parts = urlsplit(self.request.header(b"referer"))
        if parts.netloc and parts.netloc == self.request.header(b"host"):
            return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return default

    def safe_url(self, url: str, allowed_hosts: Sequence[str]) -> str:
        """The address of a redirect. Raises: ConfigurationError, unless it is one of ours."""
        parts = urlsplit(url.replace("\\", "/"))
        own = not parts.scheme and not parts.netloc and not url.startswith("//")
        known = parts.scheme in ("http", "https") and (
            parts.netloc == self.request.header(b"host") or parts.hostname in allowed_hosts
        )
        if any(ord(c) < 32 for c in url) or not (own or known):
            raise ConfigurationError(
                f"Redirect({url!r}) leads to a host that is not allowed. "
                "Use a relative address, or add the host to allowed_hosts."
            )
        return url
