"""Cross-origin resource sharing: which origins may read responses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starmodel.adapters.web.http.request import HttpRequest

ANY = "*"
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS = b"accept, authorization, content-type, idempotency-key, if-match, if-none-match"
_EXPOSED = b"ETag, Link, Location, Retry-After, StarModel-Status"
_MAX_AGE_S = b"600"
MAX_REQUESTED_BYTES = 1024
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, -]+")
_PREFLIGHT_VARY = b"origin, access-control-request-method, access-control-request-headers"
Header = tuple[bytes, bytes]


class Cors:
    """Adds CORS headers to responses, and responds to preflight requests.

    Shapes: trusted origins are exact and may send credentials; open_origins
    may not, and may be "*".
    """

    def __init__(self, trusted: Sequence[str] = (), open_origins: Sequence[str] = ()) -> None:
        self._trusted = frozenset(origin.lower().encode() for origin in trusted)
        self._open = frozenset(origin.lower().encode() for origin in open_origins)
        self._any = ANY.encode() in self._open
        self.is_configured = bool(self._trusted or self._open)

    def allows(self, origin: bytes) -> bool:
        """True for an origin whose requests are allowed without credentials."""
        return self._any or origin.lower() in self._open

    def headers(self, request: HttpRequest) -> list[Header]:
        """The headers of a response; only Vary for an origin that is not allowed."""
        origin = request.headers.get(b"origin", b"")
        if origin and origin.lower() in self._trusted:
            allowed = [
                (b"access-control-allow-origin", origin),
                (b"access-control-allow-credentials", b"true"),
            ]
        elif origin and self.allows(origin):
            allowed = [(b"access-control-allow-origin", b"*" if self._any else origin)]
        else:
            return []
        return [*allowed, (b"access-control-expose-headers", _EXPOSED)]

    async def answer_preflight(self, request: HttpRequest, send: Any) -> bool:
        """Respond to a preflight of an allowed origin; False for any other request.

        Trusted origins may send any header, open origins those that the API reads.
        """
        if request.method != "OPTIONS" or b"access-control-request-method" not in request.headers:
            return False
        origin = request.headers.get(b"origin", b"")
        allowed = self.headers(request)
        if not allowed:
            return False
        asked = request.headers.get(b"access-control-request-headers", b"")
        names = _HEADERS
        if origin.lower() in self._trusted and len(asked) <= MAX_REQUESTED_BYTES:
            names = asked if _HEADER_NAMES.fullmatch(asked) else names
        headers = [
            *allowed[:-1],
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", names),
            (b"access-control-max-age", _MAX_AGE_S),
            (b"vary", _PREFLIGHT_VARY),
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return True

    def sending(self, request: HttpRequest, send: Any) -> Any:
        """`send`, with CORS headers added to the response.

        A response that already has Access-Control-Allow-Origin is unchanged.
        """
        extra = self.headers(request)

        async def send_shared(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if not any(name.lower() == b"access-control-allow-origin" for name, _ in headers):
                    headers += extra
                message = {**message, "headers": [*headers, (b"vary", b"origin")]}
            await send(message)

        return send_shared
