"""CSRF protection: only trusted origins may change state with a visitor's cookie."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starmodel.adapters.web.http.cors import Cors
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.app.commands.redirects import matches_host
from starmodel.core.errors import AccessDeniedError, RequestError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

MAX_ORIGIN_CHARS = 1024


class OriginCheck:
    """Rejects cross-site state changes, and hosts outside allowed_hosts.

    Shapes: public_url is an origin, "https://example.org"; trusted_origins and
    cors_origins are origins too, the latter may be "*"; allowed_hosts are host
    names without port, empty for any.
    """

    def __init__(
        self,
        *,
        public_url: str | None = None,
        trusted_origins: Sequence[str] = (),
        allowed_hosts: Sequence[str] = (),
        cors_origins: Sequence[str] = (),
    ) -> None:
        origins = [*trusted_origins, *([public_url] if public_url else [])]
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self.cors = Cors(trusted_origins, cors_origins)
        self._hosts = tuple(host.lower() for host in allowed_hosts)
        self.serves_any_host = not self._hosts

    def check(self, request: HttpRequest) -> None:
        """Validate host and origin of a request. Raises: RequestError, AccessDeniedError."""
        if not self.serves(request):
            host = _name_of(request.header(b"host"))
            raise RequestError(f"The host {host!r} is not served here. Add it to allowed_hosts.")
        if request.method not in SAFE_METHODS:
            self.check_origin(request)
        elif request.is_datastar:
            self.check_get(request)

    def check_get(self, request: HttpRequest) -> None:
        """Validate the origin of an event by GET, as strictly as by POST.

        Browsers send neither header with a GET over plain HTTP. Then
        Datastar's request header suffices, because a cross-origin page can't
        send it without a preflight request.

        Raises: AccessDeniedError.
        """
        headers = request.headers
        if not request.is_datastar or b"sec-fetch-site" in headers or b"origin" in headers:
            self.check_origin(request)

    def serves(self, request: HttpRequest) -> bool:
        """True for a Host header that `allowed_hosts` contains."""
        return not self._hosts or matches_host(_name_of(request.header(b"host")), self._hosts)

    def is_open(self, request: HttpRequest) -> bool:
        """True for an origin that only `cors_origins` allows: its requests get no session."""
        origin = request.headers.get(b"origin", b"")
        if not origin or not self.cors.allows(origin):
            return False
        text = origin.decode("latin-1").lower()
        if text in self._origins or request.headers.get(b"sec-fetch-site") == b"same-origin":
            return False
        return _host_of(text) != request.header(b"host").lower()

    def check_origin(self, request: HttpRequest) -> None:
        """Validate the origin of a state-changing request or a WebSocket handshake."""
        site = request.headers.get(b"sec-fetch-site")
        if site == b"same-origin":
            return
        origin = request.header(b"origin").lower()
        if origin in self._origins:
            return
        if self.is_open(request):
            if b"cookie" not in request.headers or request.is_bearer:
                return
            raise AccessDeniedError(
                "A request from another site must not bring a cookie: send it without "
                "credentials, or with a bearer token."
            )
        if site is not None:
            raise AccessDeniedError(
                f"A {request.method} from another site ({site[:40].decode('latin-1')!r}) is "
                "refused. "
                "If a proxy serves this application, set public_url or trusted_origins."
            )
        if origin:
            if _host_of(origin) == request.header(b"host").lower():
                return
            raise AccessDeniedError(
                f"The origin {origin!r} is not this application's ({request.header(b'host')}). "
                "If a proxy rewrites Host, set public_url; for another site of yours, "
                "add it to trusted_origins."
            )
        if b"cookie" in request.headers and not request.is_bearer:
            raise AccessDeniedError(
                "A request with a cookie must say where it comes from (Origin or Sec-Fetch-Site)."
            )


def _host_of(origin: str) -> str | None:
    """Host and port of an origin; None for an opaque one such as "null"."""
    if len(origin) > MAX_ORIGIN_CHARS:  # `urlsplit` caches its arguments
        return None
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _name_of(host: str) -> str:
    """A Host header without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()
