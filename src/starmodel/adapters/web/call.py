"""One request on its way through the generated routes."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from starmodel.adapters.web.requests import Incoming
from starmodel.adapters.web.sessions import CookieSessions
from starmodel.app.session import Session
from starmodel.core.errors import ConfigurationError
from starmodel.core.json_data import json_bytes

MAX_REFERER_CHARS = 4096
MIN_GZIP_BYTES = 1400  # less fits into one packet as it is
HTML = b"text/html; charset=utf-8"
JSON = b"application/json"
SSE = b"text/event-stream"
Header = tuple[bytes, bytes]
NOTHING_SENT: Mapping[str, Any] = MappingProxyType({})


class Call:
    """A request, its session, and the way to answer it.

    Shapes: sent has the fields of a form, once they are read; sessions
    writes the session's cookie, None for an answer that leaves it alone; policy
    gives the Content-Security-Policy of pages mounted at a root path.
    """

    __slots__ = (
        "_came_as", "_policy", "_send", "_sessions", "request", "root_path", "sent", "session",
        "started",
    )  # fmt: skip

    def __init__(
        self,
        request: Incoming,
        session: Session,
        send: Any,
        sessions: CookieSessions | None,
        root_path: str,
        policy: Callable[[str], bytes],
    ) -> None:
        self.request, self.session, self.root_path = request, session, root_path
        self._send, self._sessions, self._policy = send, sessions, policy
        self._came_as = session.id
        self.sent: Mapping[str, Any] = NOTHING_SENT
        self.started = False

    def without_cookie(self, send: Any = None, request: Incoming | None = None) -> Call:
        """The same call, by another way out, that leaves the session's cookie alone."""
        way, asked = send or self._send, request or self.request
        return Call(asked, self.session, way, None, self.root_path, self._policy)

    def cookie(self) -> Sequence[Header]:
        """The header that tells the browser of a changed session; told once.

        Raises: ConfigurationError, for a session that no cookie can carry.
        """
        if self._sessions is None or not self.session.changed:
            return ()
        self.session.settle()
        text = self._sessions.write(self.session, self._came_as)
        return [(b"set-cookie", text.encode("latin-1"))]

    def check_session(self) -> None:
        """Raises: ConfigurationError, for a changed session that no cookie can carry."""
        if self.session and self._sessions is not None and self.session.changed:
            self._sessions.text(self.session)

    async def answer(
        self, status: int, kind: bytes, body: bytes, headers: Sequence[Header] = ()
    ) -> None:
        """Send one finished response."""
        head = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            *headers,
            *self.cookie(),
        ]
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        if self.request.method == "HEAD":
            body = b""
        await self._send({"type": "http.response.body", "body": body})

    async def start(self, status: int, kind: bytes, headers: Sequence[Header] = ()) -> None:
        """Begin a response that is sent in parts."""
        head = [(b"content-type", kind), *headers, *self.cookie()]
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": head})

    async def part(self, body: bytes, *, last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def relay(self, response: Any) -> None:
        """Send a response that the framework made."""

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.started = True
                headers = [*message["headers"], *self.cookie()]
                message = {**message, "headers": headers}
            await self._send(message)

        await response(self.request.scope, None, send)

    async def html(self, text: str, status: int = 200, headers: Sequence[Header] = ()) -> None:
        body, head = text.encode(), [*headers]
        if len(body) > MIN_GZIP_BYTES and self.request.takes_gzip:
            # At the lowest level: a tenth of the size for little time.
            body = gzip.compress(body, 1, mtime=0)
            head.append((b"content-encoding", b"gzip"))
        head += [
            (b"vary", b"accept, accept-encoding"),
            (b"cache-control", b"no-store"),  # a page shows one visitor's state
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"content-security-policy", self._policy(self.root_path)),
        ]
        await self.answer(status, HTML, body, head)

    async def json(self, data: Any, status: int = 200, headers: Sequence[Header] = ()) -> None:
        try:
            body = orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)
        except TypeError:  # integers beyond 64 bits, and what else orjson can't write
            body = json_bytes(data, inf_nan_mode="null")
        kind = b"application/problem+json" if status >= 400 else JSON
        await self.answer(status, kind, body, [(b"vary", b"accept"), *headers])

    async def redirect(self, url: str) -> None:
        """Send the browser on with GET."""
        await self.answer(303, HTML, b"", [(b"location", location(url))])

    def came_from(self, default: str) -> str:
        """Where a plain form goes back to: the page it was on, when that is ours."""
        came = self.request.header(b"referer")
        if len(came) > MAX_REFERER_CHARS:  # `urlsplit` remembers what it is given
            return default
        try:
            parts = urlsplit(came)
        except ValueError:
            return default
        if parts.netloc and parts.netloc == self.request.header(b"host"):
            # More than one slash at the start would name another host.
            path = "/" + parts.path.lstrip("/\\")
            return path + (f"?{parts.query}" if parts.query else "")
        return default

    def safe_url(self, url: str, allowed_hosts: Sequence[str]) -> str:
        """The address of a redirect. Raises: ConfigurationError, unless it is one of ours."""
        if not self._is_ours(url, allowed_hosts):
            raise ConfigurationError(
                f"Redirect({url!r}) leads to a host that is not allowed. "
                "Use a relative address, or add the host to allowed_hosts."
            )
        return url

    def _is_ours(self, url: str, allowed_hosts: Sequence[str]) -> bool:
        plain = url.replace("\\", "/")  # as browsers read it
        try:
            parts = urlsplit(plain)
            host = parts.hostname
        except ValueError:
            return False
        if any(ord(c) < 32 for c in url) or plain.startswith("//"):
            return False
        if parts.scheme not in ("http", "https"):
            return not parts.scheme and not parts.netloc
        same = bool(parts.netloc) and parts.netloc == self.request.header(b"host")
        return same or matches_host(host or "", allowed_hosts)


def location(url: str) -> bytes:
    """An address as a header may carry it: other letters and blanks percent-encoded."""
    return quote(url, safe="/:?#[]@!$&'()*+,;=%~").encode("ascii")


def matches_host(host: str, allowed_hosts: Sequence[str]) -> bool:
    """Whether a host name is one of these; "*.example.org" stands for all below it."""
    return any(
        host == allowed or (allowed.startswith("*.") and host.endswith(allowed[1:]))
        for allowed in allowed_hosts
    )
