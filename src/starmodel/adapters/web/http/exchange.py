"""One request and its response in the generated routes."""

from __future__ import annotations

import gzip
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from starmodel.adapters.web.http.clients import client_of
from starmodel.adapters.web.http.conditional import (
    digest_of,
    is_unchanged,
    precondition_of,
    tag_of,
)
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.adapters.web.http.sessions import SessionCookie
from starmodel.app.access.offers import rendered
from starmodel.app.commands.preconditions import Precondition
from starmodel.app.commands.redirects import sent_as, stays_here
from starmodel.app.context import current_context
from starmodel.app.sessions.session import Session
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConfigurationError,
    RequestError,
    SessionNotStoredError,
    StarModelError,
    StoreUnavailableError,
)
from starmodel.core.events.results import Toast
from starmodel.core.values.json_data import json_bytes
from starmodel.core.values.log_text import log_text
from starmodel.texts.catalogue import Message

T = TypeVar("T")
log = logging.getLogger("starmodel.web")
MAX_REFERER_CHARS = 4096
MIN_GZIP_BYTES = 1400  # less fits into one packet uncompressed
HTML = b"text/html; charset=utf-8"
JSON = b"application/json"
SSE = b"text/event-stream"
Header = tuple[bytes, bytes]
NO_STORE = (b"cache-control", b"no-store")
NOTHING_SENT: Mapping[str, Any] = MappingProxyType({})


class Exchange:
    """A request, its session and the sender of its response.

    Shapes: sent has the form fields, once the body is read, and adds_another is True for a form
    that leads to that of a new record; sessions writes
    the session cookie, None for a response without one; csp returns the
    Content-Security-Policy of pages for a root path; is_client_error is True once an
    exception of the framework was answered with a client error.
    """

    __slots__ = (
        "_cookies",
        "_csp",
        "_headers",
        "_outer",
        "_send",
        "_sessions",
        "adds_another",
        "is_client_error",
        "request",
        "root_path",
        "sent",
        "session",
        "started",
    )  # fmt: skip

    def __init__(
        self,
        request: HttpRequest,
        session: Session,
        send: Any,
        sessions: SessionCookie | None,
        root_path: str,
        csp: Callable[[str], bytes],
    ) -> None:
        self.request, self.session, self.root_path = request, session, root_path
        self._send, self._sessions, self._csp = send, sessions, csp
        self._headers: Sequence[Header] = ()
        self._cookies: dict[str, Header] = {}
        self._outer: Exchange | None = None
        self.sent: Mapping[str, Any] = NOTHING_SENT
        self.started = self.is_client_error = self.adds_another = False

    def without_cookie(self, send: Any = None, request: HttpRequest | None = None) -> Exchange:
        """A copy whose response sets no session cookie, optionally with another `send`."""
        return Exchange(
            request or self.request, self.session, send or self._send, None, self.root_path,
            self._csp,
        )  # fmt: skip

    def behind_middleware(self, send: Any, request: HttpRequest | None = None) -> Exchange:
        """A copy for use behind the user's middleware; the outer `send` adds the cookie."""
        inner = self.without_cookie(send, request)
        inner._outer = self
        return inner

    @property
    def precondition(self) -> Precondition | None:
        """What If-Match and If-None-Match require of an entity; None without them."""
        return precondition_of(self.request)

    @property
    def is_saved(self) -> bool:
        """True when the session is unchanged and no cookie is pending."""
        if self._headers or self._cookies or self._outer is not None:
            return False
        session = self.session
        return self._sessions is None or not (session.modified or session != session.stored_data)

    async def save_session(self) -> None:
        """Store a sign-in or sign-out of this request; the response sets the cookie.

        On failure the session is restored to its state before the request.
        Raises: SessionNotStoredError; ConfigurationError, for a session beyond a cookie's size.
        """
        if self._outer is not None:
            await self._outer.save_session()
            return
        if self._sessions is None or not self.session.changed:
            return
        try:
            text = await self._sessions.save(self.session, client_of(self.request))
        except StarModelError as error:
            self.session.rollback()
            if isinstance(error, StoreUnavailableError):
                raise SessionNotStoredError(str(error)) from error
            raise
        self.session.mark_stored()
        self._headers = [] if text is None else [(b"set-cookie", text.encode("latin-1"))]

    async def cookie(self) -> Sequence[Header]:
        """The Set-Cookie headers of this response, once. Raises: as `save_session`."""
        await self.save_session()
        headers, self._headers = self._headers, ()
        if self._cookies:
            headers = [*headers, *self._cookies.values()]
            self._cookies.clear()
        return headers

    def read_cookie(self, label: str) -> str:
        """The value of a cookie that `write_cookie` has set; "" without one. Not signed."""
        if self._outer is not None:
            return self._outer.read_cookie(label)
        if self._sessions is None:
            return ""
        return self._sessions.read_further(label, self.request.headers.get(b"cookie", b""))

    def write_cookie(self, label: str, value: str, *, max_age_s: int) -> None:
        """Set a cookie beside the session's in the response, for this application alone.

        Sent to every path, HttpOnly, SameSite=Lax, Secure like the session's. It survives sign-in
        and sign-out. A response without a session cookie does not set it.

        Shapes: label is lower-case letters; value is letters, digits, ".", "_", "~" and "-", at
        most 1,000 of them.
        Raises: ConfigurationError, for another label or value.
        """
        if self._outer is not None:
            self._outer.write_cookie(label, value, max_age_s=max_age_s)
        elif self._sessions is not None:
            text = self._sessions.further(label, value, max_age_s)
            self._cookies[label] = (b"set-cookie", text.encode("latin-1"))

    async def end_session(self) -> None:
        """Persist a sign-out after the response has started; discard a sign-in.

        No cookie can reach the browser any more. Never raises for the store.
        """
        session = self.session
        if self._outer is not None or self._sessions is None or not session.is_rotated:
            return
        if session.actor is not None:
            log.error(
                "session.sign_in() came after the response had begun, so nobody is signed in. "
                "Sign in before the first yield."
            )
            session.rollback()
            return
        try:
            await self.save_session()
        except StarModelError:
            log.exception("A sign-out could not be stored; the session goes on")

    def check_session(self) -> None:
        """Raises: ConfigurationError, for a changed session beyond a cookie's size."""
        if self._outer is not None:
            self._outer.check_session()
        elif self.session and self._sessions is not None and self.session.changed:
            self._sessions.check(self.session)

    def push_toasts(self, toasts: Sequence[Toast]) -> None:
        """Queue the toasts of a plain form's event in the session, for the next page."""
        self.session.push_toasts(toasts)
        try:
            self.check_session()
        except ConfigurationError:  # a full session: the event succeeds without its toast
            self.session.pop_toasts()

    async def answer(
        self, status: int, kind: bytes, body: bytes, headers: Sequence[Header] = ()
    ) -> None:
        """Send a complete response."""
        head = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            *headers,
        ]
        if not self.is_saved:
            head += await self.cookie()
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        if self.request.method == "HEAD":
            body = b""
        await self._send({"type": "http.response.body", "body": body})

    async def start(self, status: int, kind: bytes, headers: Sequence[Header] = ()) -> None:
        """Start a streamed response."""
        head = [(b"content-type", kind), *headers, *await self.cookie()]
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": head})

    async def part(self, body: bytes, *, last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def relay(self, response: Any) -> None:
        """Send a response object of the framework."""

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.started = True
                headers = with_cache_control(message["headers"], await self.cookie())
                message = {**message, "headers": headers}
            await self._send(message)

        await response(self.request.scope, self.request.receive, send)

    async def page(
        self, render: Callable[[], str], status: int = 200, headers: Sequence[Header] = ()
    ) -> None:
        """Render a page, as `rendered_page` does, and send it."""
        await self.html(await rendered_page(render), status, headers)

    async def html(self, text: str, status: int = 200, headers: Sequence[Header] = ()) -> None:
        body, head = text.encode(), [*headers]
        if len(body) > MIN_GZIP_BYTES and self.request.takes_gzip:
            # The lowest compression level: a tenth of the size at little CPU time.
            body = gzip.compress(body, 1, mtime=0)
            head.append((b"content-encoding", b"gzip"))
        head += [
            (b"vary", b"accept, accept-encoding"),
            NO_STORE,  # a page shows one visitor's state
            (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", self._csp(self.root_path)),
        ]
        if all(name != b"referrer-policy" for name, _ in headers):
            head.append((b"referrer-policy", b"same-origin"))
        await self.answer(status, HTML, body, head)

    async def json(self, data: Any, status: int = 200, headers: Sequence[Header] = ()) -> None:
        kind = b"application/problem+json" if status >= 400 else JSON
        # The data depends on the visitor's permissions: no cache may store it.
        await self.answer(
            status, kind, json_bytes(data), [(b"vary", b"accept"), NO_STORE, *headers]
        )

    async def resource(self, data: Any, entity: Entity | None = None) -> None:
        """Respond to a GET with JSON and its ETag, or with 304 when the client's copy is current.

        Raises: PreconditionFailedError, RequestError.
        """
        body = json_bytes(data)
        tag = digest_of(body) if entity is None else tag_of(entity, body)
        headers = [(b"vary", b"accept"), NO_STORE, (b"etag", f'"{tag}"'.encode())]
        if is_unchanged(self.request, tag, entity):
            await self.empty(304, headers)
        else:
            await self.answer(200, JSON, body, headers)

    async def empty(self, status: int, headers: Sequence[Header] = ()) -> None:
        """Send a response without content."""
        head = [*headers, *await self.cookie()]
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        await self._send({"type": "http.response.body", "body": b""})

    async def redirect(self, url: str) -> None:
        """Redirect the browser to a GET of the URL."""
        where = (b"location", sent_as(url).encode("ascii"))
        await self.answer(303, HTML, b"", [where, NO_STORE, (b"vary", b"accept")])

    def referer_or(self, default: str) -> str:
        """The URL to return to after a plain form: the Referer, if it is on this host."""
        host = self.request.header(b"host")
        referer = self.request.header(b"referer")
        if len(referer) > MAX_REFERER_CHARS:  # `urlsplit` caches its arguments
            return default
        try:
            parts = urlsplit(referer)
        except ValueError:
            return default
        if not parts.netloc or parts.netloc.lower() != host.lower():
            return default
        # More than one leading slash would name another host.
        path = "/" + parts.path.lstrip("/\\")
        url = path + (f"?{parts.query}" if parts.query else "")
        return url if stays_here(url, host) else default

    def safe_url(self, url: str, allowed_hosts: Sequence[str]) -> str:
        """The URL of a redirect, validated. Raises: RequestError, for one of another site.

        The URL is parsed as browsers parse it.
        """
        host, sent = self.request.header(b"host"), sent_as(url)
        if not (stays_here(url, host, allowed_hosts) and stays_here(sent, host, allowed_hosts)):
            log.warning(
                "A redirect to %s was refused. Use a relative address, or add the host to "
                "allowed_hosts.", log_text(url),
            )  # fmt: skip
            raise RequestError(Message("problem.redirect"))
        return sent

    def redirect_url(self, url: str, allowed_hosts: Sequence[str] = ()) -> str:
        """The URL of a redirect from a route of its own, validated and below the mount path.

        Without a path, it is the visitor's page: after a form that is the Referer.
        Raises: RequestError, for another site, and from a GET for the page itself, which would
        redirect forever.
        """
        sent = self.safe_url(url, allowed_hosts)
        if self.request.is_datastar or not _is_this_page(sent):  # a page reloads itself
            return self.mounted(sent)
        if self.request.method in ("GET", "HEAD"):
            log.warning(
                "%s redirects to itself. Name another address.", log_text(self.request.path)
            )
            raise RequestError(Message("problem.redirect_loop"))
        return self.on_page(sent, f"{self.root_path}{self.request.path}")

    def on_page(self, url: str, default: str) -> str:
        """A URL without a path ("", "?page=1", "#top") as the visitor's page would resolve it.

        Shapes: default is for "" when no Referer names the page.
        """
        page = self.referer_or("") if url[:1] in ("", "?", "#") else ""
        return urljoin(page, url) or default

    def mounted(self, url: str) -> str:
        """The URL with the mount path before a path of this application, unless present."""
        root = self.root_path.rstrip("/")
        path = re.split(r"[?#]", url, maxsplit=1)[0]
        if not root or not url.startswith("/") or path == root or path.startswith(f"{root}/"):
            return url
        return f"{root}{url}"


def _is_this_page(url: str) -> bool:
    return not url.partition("#")[0]


async def rendered_page(render: Callable[[], T]) -> T:
    """The result of `render`, which renders a page.

    It runs again with a new live page when an asynchronous access policy had to be awaited.
    """
    context = current_context.get()
    page = None if context is None else context.page

    def render_once() -> T:
        if context is not None:
            context.page = page
        return render()

    return await rendered(render_once)


def with_cache_control(headers: Sequence[Header], cookie: Sequence[Header]) -> list[Header]:
    """The headers of a framework's response, with the session cookie.

    Pages, JSON and responses that set a cookie get `no-store`, unless they have
    a Cache-Control header.
    """
    result, kind, names = [*headers, *cookie], b"", set()
    for name, value in headers:
        lower = name.lower()
        names.add(lower)
        kind = value if lower == b"content-type" else kind
    if b"cache-control" not in names and (
        cookie or b"set-cookie" in names or (kind.startswith(_SHOWS_STATE) and b"etag" not in names)
    ):
        result.append(NO_STORE)
    return result


_SHOWS_STATE = (b"text/html", b"application/json", b"application/problem+json")
