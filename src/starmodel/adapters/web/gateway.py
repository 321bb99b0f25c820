"""The ASGI entry point: session, origin checks and generated routes.

A click's request starts here; `docs/architecture.md` lists the functions in call order.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from typing import Any

from starmodel.adapters.web.errors.problems import Problem
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
from starmodel.adapters.web.pages.plugin_assets import PluginAssets
from starmodel.adapters.web.paths import INTERNAL, STATE_ROUTES
from starmodel.adapters.web.process_lock import ProcessLock
from starmodel.adapters.web.resources.crud import CrudRoutes
from starmodel.adapters.web.resources.data_streams import DataStreams
from starmodel.adapters.web.resources.events.route import EventRoutes
from starmodel.adapters.web.resources.internal import InternalRoutes
from starmodel.adapters.web.resources.slots import SlotRoute
from starmodel.adapters.web.settings import WebSettings
from starmodel.adapters.web.websockets import WebSockets
from starmodel.app.access.policy import DEV
from starmodel.app.application import Application
from starmodel.app.commands.binding.form_names import SESSION_HEADER
from starmodel.app.commands.replies import Reply
from starmodel.app.context import RequestContext, current_context
from starmodel.app.ports.transport import Transport
from starmodel.app.presentation.frontend import DataFrontend, Frontend
from starmodel.app.presentation.ui import UIAdapter
from starmodel.app.sessions.browser_state import NO_BROWSER_STATE
from starmodel.app.sessions.session import DEVELOPMENT
from starmodel.core.errors import StarModelError

STALE = 403
SAME_ORIGIN, SESSION = b"same-origin", SESSION_HEADER.encode()


class Gateway:
    """Serves the generated routes, and sets up the session of requests for user routes.

    Shapes: framework has the user's routes; csp returns the Content-Security-Policy of
    generated pages for a root path; trusted_proxies are CIDR blocks or addresses; log_address logs
    the application's URL for a root path. entry is the ASGI application that requests call.
    """

    def __init__(
        self,
        application: Application,
        frontend: Frontend,
        transport: Transport,
        data: DataFrontend,
        data_transport: Transport,
        ui: UIAdapter,
        sessions: CookieSessions,
        origin: OriginCheck,
        settings: WebSettings,
        framework: WebFramework,
        *,
        csp: Callable[[str], bytes] = page_csp,
        trusted_proxies: Sequence[str] = (),
        dev_token: str | None = None,
        log_address: Callable[[str], None] | None = None,
        plugin_assets: PluginAssets | None = None,
    ) -> None:
        self.application, self.frontend, self.ui = application, frontend, ui
        self.sessions, self._origin, self._settings = sessions, origin, settings
        self._log_address = log_address
        self.entry = behind_proxies(self.serve, trusted_proxies)
        self._dev_token, self._csp = dev_token, csp
        self.framework, self._user_routes = framework, UserRoutes(framework.router)
        self.patches = PatchResponses(frontend.replies, transport)
        self.error_responses = ErrorResponses(application, self.patches, ui, settings)
        self.lock: ProcessLock | None = None  # held while the server runs
        self._internal = InternalRoutes(
            application, frontend, self.patches, self.error_responses,
            plugin_assets or PluginAssets(), SlotRoute(application, self.patches, ui),
        )  # fmt: skip
        htmx = HtmxCheck() if settings.development else None
        self._inner = FrameworkRoutes(
            application, self.patches, self.error_responses, framework, htmx
        )
        self._websockets = WebSockets(application, sessions, origin, settings)
        self.routes = Routes()
        self.events = EventRoutes(application, self.patches, self.error_responses, settings, origin)
        pages = CrudRoutes(
            application, self.patches, DataStreams(application, data, data_transport), ui,
            self.error_responses, settings,
        )  # fmt: skip
        pages.add_to(self.routes, self.events)

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
        origin, is_internal = self._origin, request.path.startswith(INTERNAL)
        if origin.cors.is_configured:
            if origin.serves(request) and await origin.cors.answer_preflight(request, send):
                return
            send = origin.cors.sending(request, send)
        cookie, session = self.sessions.cookie(headers.get(b"host", b""), root_path), None
        if not (request.is_bearer or is_internal):
            session = self.sessions.cached(cookie, headers.get(b"cookie", b""))
        if session is None:
            try:
                session = await self.sessions.of_request(request, cookie)
            except StarModelError as error:
                session, failure = self.sessions.new(), error
        if self._log_address is not None:
            self.log_address_once(root_path)
        scope["starmodel.session"] = session
        if "session" not in scope:
            scope["session"] = session
        # Pages render without browser states; a state-changing request must include them.
        states = None if request.method in ("GET", "HEAD") else NO_BROWSER_STATE
        current_context.set(
            RequestContext(self.application, session, states, root_path, request.is_datastar, scope)
        )
        # A cross-origin request must not start a session.
        is_open = request.is_bearer or (origin.cors.is_configured and origin.is_open(request))
        exchange = Exchange(
            request, session, send, None if is_open else cookie, root_path, self._csp
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
        if is_internal and await self._internal.serve_public(exchange, send):
            return
        if request.is_datastar and not request.is_bearer:
            tag = headers.get(SESSION)  # of the session that the page was rendered for
            if tag is not None and tag != session.tag.encode():
                stale = self.patches.encoder.encode_stale(STALE)
                await self.patches.send(exchange, stale, status=STALE)
                return
        if b"token=" in scope["query_string"] and await self._signed_in(exchange):
            return
        if not self.framework.middleware and await self.serve_generated(exchange, receive, send):
            return
        scope["starmodel.gateway"] = self
        await self._inner.serve(exchange, receive, send)

    async def serve_generated(self, exchange: Exchange, receive: Any, send: Any) -> bool:
        """Respond by a generated route; False without one, or when a user route shadows it."""
        request = exchange.request
        method, path, scope = request.method, request.path, request.scope
        if (path, method) in STATE_ROUTES:
            if not self.framework.before or not await self._is_stopped(exchange):
                reply = self._inner.with_cookie(exchange, send)
                await self._internal.serve_state(exchange, receive, reply)
            return True
        if b"%2" in (scope.get("raw_path") or b""):
            path = request.route_path
        match, sent = self.routes.find(path), path
        if match is None:
            path, match = self._without_slashes(path, method)
            if match is None:
                return False
        methods, id = match
        found = methods.get("GET" if method == "HEAD" else method)
        if self._user_routes.take(scope, (found or next(iter(methods.values()))).template):
            return False
        if found is None:
            await self.send_not_allowed(exchange, ", ".join(sorted(methods)))
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
        return await self.serve_generated(exchange.behind_middleware(send, request), receive, send)

    def end_replies(self) -> None:
        """End all streams and streamed replies, so that the server can shut down."""
        self.application.hub.close()
        self.events.running.end_replies()

    def log_address_once(self, root_path: str) -> None:
        """Log the application's URL once: at startup, or at the first request below a mount,
        where no lifespan runs.
        """
        log_address, self._log_address = self._log_address, None
        if log_address is not None:
            log_address(root_path)

    def safe_url(self, scope: Any, url: str) -> str:
        """The validated URL of a redirect. Raises: as `Exchange.redirect_url`."""
        exchange: Exchange = scope["starmodel.exchange"]
        return exchange.redirect_url(url, self._settings.allowed_hosts)

    def _without_slashes(self, path: str, method: str) -> tuple[str, Any]:
        """The routes of a path with superfluous slashes, and the normalised path.

        A page's path may have them between segments; the path of an event or a
        record only at its end.
        """
        tidy = path.rstrip("/")
        if method in ("GET", "HEAD"):
            tidy = re.sub("/{2,}", "/", tidy)
        return tidy, self.routes.find(tidy) if tidy and tidy != path else None

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

    async def send_not_allowed(self, exchange: Exchange, allowed: str) -> None:
        """Send 405 with the allowed methods, "GET, POST"."""
        text = self.application.texts.text(
            "problem.method",
            path=exchange.request.path,
            allowed=allowed,
            method=exchange.request.method,
        )
        headers = [(b"allow", allowed.encode("latin-1"))]
        await self.error_responses.send(exchange, Problem(405, text), headers=headers)

    async def _signed_in(self, exchange: Exchange) -> bool:
        """Development sign-in: a valid token signs the session in; a redirect removes it."""
        token = exchange.request.query.get("token", "")
        if self._dev_token is None or not hmac.compare_digest(
            token.encode(), self._dev_token.encode()
        ):
            return False
        exchange.session.sign_in(DEV, provider=DEVELOPMENT)
        try:
            await exchange.save_session()
        except StarModelError as error:
            await self.error_responses.send_error(exchange, error)
            return True
        await self.application.end_sessions(exchange.session)
        await exchange.redirect(f"{exchange.root_path}/{exchange.request.path.lstrip('/')}")
        return True
