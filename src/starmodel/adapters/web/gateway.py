"""The ASGI entry point: session, origin checks and generated routes.

A click's request starts here; `docs/architecture.md` lists the functions in call order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.framework import WebFramework
from starmodel.adapters.web.framework_routes import FrameworkRoutes
from starmodel.adapters.web.http.csrf import OriginCheck
from starmodel.adapters.web.http.exchange import HTML, NO_STORE, Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.http.proxies import behind_proxies
from starmodel.adapters.web.http.redirects import redirect_target
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.adapters.web.http.routing import Routes, UserRoutes
from starmodel.adapters.web.http.sessions import CookieSessions
from starmodel.adapters.web.pages.csp import page_csp
from starmodel.adapters.web.pages.htmx import HtmxCheck
from starmodel.adapters.web.paths import (
    CANCEL_PATH,
    DOWNLOADS_PATH,
    INTERNAL,
    LANGUAGE_PATH,
    SLOTS_PATH,
    STREAM_PATH,
    TITLES_PATH,
)
from starmodel.adapters.web.process_lock import ProcessLock
from starmodel.adapters.web.resources.events.downloads import DownloadRoute
from starmodel.adapters.web.resources.events.route import EventRoutes
from starmodel.adapters.web.resources.languages import LanguageChoice, LanguageRoute
from starmodel.adapters.web.resources.slots import SlotRoute
from starmodel.adapters.web.resources.streams import StreamRoute
from starmodel.adapters.web.resources.titles import TitleRoute
from starmodel.adapters.web.settings import WebSettings
from starmodel.adapters.web.websockets import WebSockets
from starmodel.app.application import Application
from starmodel.app.commands.binding.form_names import SESSION_HEADER
from starmodel.app.commands.replies import Reply
from starmodel.app.context import RequestContext, current_context
from starmodel.app.credentials.tokens.tokens import PROVIDER as TOKEN
from starmodel.app.ports.transport import Transport
from starmodel.app.presentation.frontend import Frontend
from starmodel.app.presentation.ui import UIAdapter
from starmodel.app.sessions.browser_state import NO_BROWSER_STATE
from starmodel.app.sessions.session import Session
from starmodel.core.errors import StarModelError

STALE = 403
SAME_ORIGIN, SESSION = b"same-origin", SESSION_HEADER.encode()


class Hook(Protocol):
    """Runs before the routes of requests that have a query parameter; "" is every request."""

    query: bytes

    def run(self, exchange: Exchange) -> Awaitable[bool]:
        """Respond to the request and return True, or return False to let it pass."""


class Gateway:
    """Serves the generated routes, and sets up the session of requests for user routes.

    Shapes: framework has the user's routes; csp returns the Content-Security-Policy of
    generated pages for a root path; trusted_proxies are CIDR blocks or addresses. entry is the
    ASGI application that requests call; hooks run before routes, and on_serve is called once with
    the root path, when serving starts.
    """

    def __init__(
        self,
        application: Application,
        frontend: Frontend,
        transport: Transport,
        ui: UIAdapter,
        sessions: CookieSessions,
        origin: OriginCheck,
        settings: WebSettings,
        framework: WebFramework,
        *,
        csp: Callable[[str], bytes] = page_csp,
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        self.application, self.frontend, self.ui = application, frontend, ui
        self.sessions, self._origin, self._settings = sessions, origin, settings
        self.hooks: list[Hook] = []
        self.on_serve: Callable[[str], None] | None = None
        self._proxies, self._csp = trusted_proxies, csp
        self.entry = behind_proxies(self.serve, trusted_proxies)
        self.framework, self._user_routes = framework, UserRoutes(framework.router)
        self.patches = PatchResponses(frontend.replies, transport)
        self.error_responses = ErrorResponses(application, self.patches, ui, settings)
        self.lock: ProcessLock | None = None  # held while the server runs
        htmx = HtmxCheck() if settings.development else None
        self._inner = FrameworkRoutes(
            application, self.patches, self.error_responses, framework, htmx
        )
        self.routes = Routes()
        self.events = EventRoutes(application, self.patches, self.error_responses, settings, origin)
        self.events.add_to(self.routes)
        stream = StreamRoute(application, frontend, self.patches, self.error_responses)
        slots = SlotRoute(application, self.patches, self.error_responses, ui)
        titles = TitleRoute(application, self.patches, self.error_responses)
        downloads = DownloadRoute(self.events.downloads, self.error_responses)
        self._language: LanguageChoice | None = None
        if application.languages is not None:
            self._language = LanguageChoice(application.languages)
            chosen = LanguageRoute(self._language, self.error_responses)
            self.routes.add("POST", LANGUAGE_PATH, chosen.run)
        self._websockets = WebSockets(application, sessions, origin, settings, self._language)
        self.routes.add("GET", TITLES_PATH, titles.run)
        self.routes.add("POST", CANCEL_PATH, self.events.running.cancel)
        self.routes.add("GET", DOWNLOADS_PATH, downloads.run)
        self.routes.add("GET", STREAM_PATH, stream.run)
        self.routes.add("GET", SLOTS_PATH, slots.run)

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """Respond to a request, or pass it to the framework.

        With middleware of the user, generated routes respond behind it.
        """
        if scope["type"] == "websocket":
            scope["starmodel.gateway"] = self
            await self._websockets.serve(scope, receive, send, self.framework.call)
            return
        request = HttpRequest(scope, receive, self._settings)
        headers, root_path, failure = request.headers, scope.get("root_path", ""), None
        origin, path = self._origin, request.path
        opened = self.routes.opened.get((path, request.method))
        is_internal = path.startswith(INTERNAL)
        if opened is None and is_internal:
            opened = self.routes.find_open(path, request.method)
        if origin.cors.is_configured:
            if origin.serves(request) and await origin.cors.answer_preflight(request, send):
                return
            send = origin.cors.sending(request, send)
        cookie, session = self.sessions.cookie(headers.get(b"host", b""), root_path), None
        has_session = opened is None or opened.has_session
        if not has_session:
            session = self.sessions.new()
        elif not request.is_bearer:
            session = self.sessions.cached(cookie, headers.get(b"cookie", b""))
        if session is None:
            try:
                session = await self.sessions.of_request(request, cookie)
            except StarModelError as error:
                session, failure = self.sessions.new(), error
        if self.on_serve is not None:
            self.serving_starts(root_path)
        scope["starmodel.session"] = session
        if "session" not in scope:
            scope["session"] = session
        # Pages render without browser states; a state-changing request must include them.
        states = None if request.method in ("GET", "HEAD") else NO_BROWSER_STATE
        language = None
        if self._language is not None:
            language = self._language.of(request, session, cookie)
            send = self._language.sending(language, send)
        current_context.set(
            RequestContext(
                self.application, session, states, root_path, request.is_datastar, scope,
                language=language,
            )
        )  # fmt: skip
        # A cross-origin request must not start a session.
        is_open = request.is_bearer or (origin.cors.is_configured and origin.is_open(request))
        sets_cookie = has_session and not is_open
        exchange = Exchange(
            request, session, send, cookie if sets_cookie else None, root_path, self._csp
        )
        if failure is not None:
            await self.error_responses.send_error(exchange.without_cookie(), failure)
            return
        try:
            if headers.get(b"sec-fetch-site") != SAME_ORIGIN or not origin.serves_any_host:
                origin.check(request)
            request.check_head()
        except StarModelError as error:
            # No cookie: a cross-site request lacks the visitor's, which must not be replaced.
            await self.error_responses.send_error(exchange.without_cookie(), error)
            return
        if opened is not None and not has_session:
            await opened.handler(exchange, opened, "")
            return
        if is_internal and self.routes.find_method(path, request.method) is None:
            await self.error_responses.send_not_found(exchange)
            return
        if request.is_datastar and not request.is_bearer:
            tag = headers.get(SESSION)  # of the session that the page was rendered for
            if tag is not None and tag != session.tag.encode():
                stale = self.patches.encoder.encode_stale(STALE)
                await self.patches.send(exchange, stale, status=STALE)
                return
        for hook in self.hooks:
            if hook.query in scope["query_string"] and await hook.run(exchange):
                return
        if opened is not None and (
            is_internal or not self._user_routes.take(scope, opened.template)
        ):
            await opened.handler(exchange, opened, "")
            return
        if not self.framework.middleware and await self.serve_generated(exchange, receive, send):
            return
        scope["starmodel.gateway"] = self
        if session.provider == TOKEN:  # grants name classes and events, no handlers of the user
            _set_session(scope, self.sessions.new())
        await self._inner.serve(exchange, receive, send)

    async def serve_generated(self, exchange: Exchange, receive: Any, send: Any) -> bool:
        """Respond by a generated route; False without one, or when a user route shadows it."""
        request = exchange.request
        method, path, scope = request.method, request.path, request.scope
        if path.startswith(INTERNAL):
            await self._serve_internal(exchange)
            return True
        if b"%2" in (scope.get("raw_path") or b""):
            path = request.route_path
        match, sent = self.routes.find(path), path
        if match is None:
            path, match = self.routes.find_tidy(path, method)
            if match is None:
                return False
        methods, id = match
        found = methods.get("GET" if method == "HEAD" else method)
        if self._user_routes.take(scope, (found or next(iter(methods.values()))).template):
            return False
        if found is None:
            await self.error_responses.send_not_allowed(exchange, ", ".join(sorted(methods)))
        elif path != sent and method in ("GET", "HEAD"):
            location = (b"location", request.normalized_url)
            await exchange.answer(308, HTML, b"", [location, NO_STORE])  # it may set a cookie
        else:
            if not self.framework.before or not await self._is_stopped(exchange):
                await found.handler(exchange, found, id)
        return True

    async def serve_behind_middleware(self, scope: Any, receive: Any, send: Any) -> bool:
        """`serve_generated` with the `receive` and `send` of the user's middleware."""
        exchange: Exchange = scope["starmodel.exchange"]
        request = HttpRequest(scope, receive, self._settings)
        is_limited = exchange.session.provider == TOKEN
        if is_limited:
            _set_session(scope, exchange.session)
        inner = exchange.behind_middleware(send, request)
        is_served = await self.serve_generated(inner, receive, send)
        if is_limited and not is_served:
            _set_session(scope, self.sessions.new())
        return is_served

    def end_replies(self) -> None:
        """End all streams and streamed replies, so that the server can shut down."""
        self.application.hub.close()
        self.events.running.end_replies()

    def serving_starts(self, root_path: str) -> None:
        """Call `on_serve` once: at startup, or at the first request below a mount, where no
        lifespan runs.
        """
        on_serve, self.on_serve = self.on_serve, None
        if on_serve is not None:
            on_serve(root_path)

    def wrap(self, wrap: Callable[[Any], Any]) -> None:
        """Put ASGI middleware around all requests: `wrap(app)` returns the one to call."""
        self.entry = behind_proxies(wrap(self.serve), self._proxies)

    def exchange_of(self, scope: Any, receive: Any, send: Any) -> Exchange:
        """An exchange without a session, for errors outside of any route."""
        request = HttpRequest(scope, receive, self._settings)
        root_path = scope.get("root_path", "")
        return Exchange(request, self.sessions.new(), send, None, root_path, self._csp)

    def safe_url(self, scope: Any, url: str) -> str:
        """The validated URL of a redirect. Raises: as `Exchange.redirect_url`."""
        exchange: Exchange = scope["starmodel.exchange"]
        return exchange.redirect_url(url, self._settings.allowed_hosts)

    async def _is_stopped(self, exchange: Exchange) -> bool:
        """Run the user's `before` functions; True when one has made the response."""
        try:
            response = await self.framework.run_before(exchange.request)
        except Exception as error:  # the web edge: every exception becomes a response
            await self.error_responses.send_error(exchange, error)
            return True
        if response is None:
            return False
        url = redirect_target(response.status_code, response.raw_headers)
        if url is not None and exchange.request.is_datastar:
            redirect = self.patches.encoder.encode_effects(Reply(redirect=url))
            await self.patches.send(exchange, redirect)
        else:
            await exchange.relay(response)
        return True

    async def _serve_internal(self, exchange: Exchange) -> None:
        """Serve a route below /_starmodel; user routes never shadow it."""
        found = self.routes.find_method(exchange.request.path, exchange.request.method)
        if found is None:
            await self.error_responses.send_not_found(exchange)
        elif not self.framework.before or not await self._is_stopped(exchange):
            await found.handler(exchange, found, "")


def _set_session(scope: Any, session: Session) -> None:
    """Let code that runs from now on see this session."""
    previous, scope["starmodel.session"] = scope["starmodel.session"], session
    if scope.get("session") is previous:
        scope["session"] = session
    context = current_context.get()
    if context is not None:
        context.session = session
