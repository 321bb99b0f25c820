"""Only the application's own pages may change state with a visitor's cookie."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starmodel.adapters.web.requests import Incoming
from starmodel.app.redirects import matches_host
from starmodel.core.errors import AccessDeniedError, RequestError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

MAX_ORIGIN_CHARS = 1024


class OriginCheck:
    """Refuses cross-site posts and hosts that nobody allowed.

    Shapes: public_url is "https://example.org"; trusted_origins are such
    too; allowed_hosts are names without port, empty for any.
    """

    def __init__(
        self,
        *,
        public_url: str | None = None,
        trusted_origins: Sequence[str] = (),
        allowed_hosts: Sequence[str] = (),
    ) -> None:
        origins = [*trusted_origins, *([public_url] if public_url else [])]
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._hosts = tuple(host.lower() for host in allowed_hosts)

    def check(self, request: Incoming) -> None:
        """Return when the request may go on. Raises: RequestError, AccessDeniedError."""
        if self._hosts:
            host = _name_of(request.header(b"host"))
            if not matches_host(host, self._hosts):
                raise RequestError(
                    f"The host {host!r} is not served here. Add it to allowed_hosts."
                )
        if request.method not in SAFE_METHODS:
            self.check_origin(request)
        elif request.is_datastar:
            self.check_get(request)

    def check_get(self, request: Incoming) -> None:
        """What an event by GET must pass: the same as by POST.

        Browsers send neither header with a GET over plain HTTP. Then
        Datastar's own header is enough, because another site can't send it
        without a preflight request.

        Raises: AccessDeniedError.
        """
        headers = request.headers
        if not request.is_datastar or b"sec-fetch-site" in headers or b"origin" in headers:
            self.check_origin(request)

    def check_origin(self, request: Incoming) -> None:
        """What every state-changing request and every handshake must pass."""
        site = request.headers.get(b"sec-fetch-site")
        if site == b"same-origin":
            return
        origin = request.header(b"origin").lower()
        if origin in self._origins:
            return
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
    """Host and port of an origin; None when it names none, as "null" does."""
    if len(origin) > MAX_ORIGIN_CHARS:  # `urlsplit` remembers what it is given
        return None
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _name_of(host: str) -> str:
    """A Host header without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()
