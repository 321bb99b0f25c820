"""The front of the application: session, origin and generated routes, in plain ASGI.

The path of a click: `Front.serve` → `EventRoutes.run` → `Dispatcher.bind` →
`Dispatcher.dispatch` → the event method on a draft → `UnitOfWork.commit` →
`EventBus.publish` → `Hub.deliver` → `SseStreams.serve` → the browser.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starmodel.adapters.web.assets import PREFIX, serve_asset
from starmodel.adapters.web.browser_states import carry, taken
from starmodel.adapters.web.call import HTML, NO_STORE, SSE, Call, private
from starmodel.adapters.web.crud import CrudRoutes
from starmodel.adapters.web.events.route import EventRoutes
from starmodel.adapters.web.htmx import HtmxCheck
from starmodel.adapters.web.origin import OriginCheck
from starmodel.adapters.web.own_bodies import within_limits
from starmodel.adapters.web.own_routes import leads_to
from starmodel.adapters.web.policy import page_policy
from starmodel.adapters.web.problems import Problem
from starmodel.adapters.web.process_lock import ProcessLock
from starmodel.adapters.web.proxies import TrustedProxies
from starmodel.adapters.web.refusals import Refusals
from starmodel.adapters.web.requests import Incoming
from starmodel.adapters.web.routes import Found, Routes, UserRoutes
from starmodel.adapters.web.sessions import CookieSessions, SessionCookie
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.policy import DEV
from starmodel.app.application import Application
from starmodel.app.commands.replies import Reply
from starmodel.app.context import RequestContext, current_context
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.app.presentation.ui import UIAdapter
from starmodel.app.sessions.browser_state import NO_BROWSER_STATE
from starmodel.app.sessions.session import DEVELOPMENT, Session
from starmodel.core.errors import StarModelError
from starmodel.core.values.log_text import log_text

log = logging.getLogger("starmodel.web")
STREAM_PATH = "/_starmodel/stream"
STATES_PATH = "/_starmodel/states"
STALE = 403
HEALTH_PATH = "/_starmodel/health"
INTERNAL = "/_starmodel/"
STATE_ROUTES = frozenset({(STREAM_PATH, "GET"), (STATES_PATH, "POST")})

Guard = Callable[[Incoming], Awaitable[Any] | None]


class Front:
    """Serves the generated routes and prepares every request for the user's own.

    Shapes: routes gives the user's routes as the framework keeps them;
    policy gives the Content-Security-Policy of generated pages, by root path.
    """

    def __init__(
        self,
        application: Application,
        realtime: RealtimeAdapter,
        ui: UIAdapter,
        sessions: CookieSessions,
        origin: OriginCheck,
        settings: WebSettings,
        routes: Callable[[], list[Any]],
        *,
        policy: Callable[[str], bytes] = page_policy,
        proxies: TrustedProxies | None = None,
        dev_token: str | None = None,
        greeting: Callable[[str], None] | None = None,
    ) -> None:
        self.application, self.realtime, self.ui = application, realtime, ui
        self.sessions, self._origin, self._settings = sessions, origin, settings
        self._greeting, self._proxies = greeting, proxies or TrustedProxies(())
        self._dev_token, self._user, self._policy = dev_token, UserRoutes(routes), policy
        self._refusals = Refusals(application, realtime, ui, settings)
        self.lock: ProcessLock | None = None  # held while the server runs
        # What the framework runs before every route of its own; it gives None for nothing.
        self.guard: Guard | None = None
        self.htmx = HtmxCheck() if settings.development else None
        self.routes = Routes()
        self.events = EventRoutes(application, realtime, self._refusals, settings, origin)
        pages = CrudRoutes(application, realtime, ui, self._refusals, settings)
        pages.add_to(self.routes, self.events)

    async def serve(self, scope: Any, receive: Any, send: Any, inner: Any, bypass: bool) -> None:
        """Answer a request, or hand it to `inner` (the framework with the user's routes).

        With `bypass` nothing of the user's stands before the routes, so a
        generated one is answered right here.
        """
        self._proxies.mend(scope)
        request = Incoming(scope, receive, self._settings)
        root_path, failed = scope.get("root_path", ""), None
        cors = self._origin.cors
        if cors.is_configured:
            if self._origin.serves(request) and await cors.answer_preflight(request, send):
                return
            send = cors.sending(request, send)
        cookie = self.sessions.cookie(request.headers.get(b"host", b""), root_path)
        try:
            session = await self._session(request, cookie)
        except StarModelError as error:
            session, failed = self.sessions.new(), error
        if self._greeting is not None:
            self.greet(root_path)
        scope["starmodel.session"] = session
        if "session" not in scope:
            scope["session"] = session
        # A page is made without the browser's states; a change needs them in its request.
        states = None if request.method in ("GET", "HEAD") else NO_BROWSER_STATE
        current_context.set(
            RequestContext(self.application, session, states, root_path, request.is_datastar, scope)
        )
        # A page of another site must not give its visitor a session here.
        written = None if request.is_bearer or self._origin.is_open(request) else cookie
        call = Call(request, session, send, written, root_path, self._policy)
        if failed is not None:
            await self.failed(call.without_cookie(), failed)
            return
        try:
            self._origin.check(request)
            request.check_head()
        except StarModelError as error:
            # No cookie: the visitor's own, which another site can't send, must not be replaced.
            await self.failed(call.without_cookie(), error)
            return
        if request.path.startswith(INTERNAL) and await self._answered_to_anybody(call, send):
            return
        if request.is_datastar and self._is_stale(call):
            status = (b"starmodel-status", str(STALE).encode())
            await call.answer(200, SSE, self.realtime.encode_stale(STALE), [NO_STORE, status])
            return
        if b"token=" in scope["query_string"] and await self._signed_in(call):
            return
        if bypass and await self.serve_generated(call, receive, send):
            return
        await self._hand_over(call, receive, send, inner)

    def _is_stale(self, call: Call) -> bool:
        """True for a click on a page of another session than the one that would run it."""
        tag = call.request.headers.get(b"starmodel-session")
        is_click = tag is not None and call.request.is_datastar and not call.request.is_bearer
        return is_click and tag != call.session.tag.encode()

    def _session(self, request: Incoming, cookie: SessionCookie) -> Awaitable[Session]:
        """The visitor's session. Raises: StoreUnavailableError."""
        if request.is_bearer or request.path.startswith(PREFIX) or request.path == HEALTH_PATH:
            return self._new_session(request)
        return cookie.read(request.headers.get(b"cookie", b""))

    async def _new_session(self, request: Incoming) -> Session:
        """A session for what needs none, and must not wait for its store."""
        session = self.sessions.new()
        if not request.is_bearer:
            session.modified = b"cookie" not in request.headers
        return session

    async def _hand_over(self, call: Call, receive: Any, send: Any, inner: Any) -> None:
        """Let the framework answer; the session's cookie is added on the way out."""
        scope = call.request.scope
        try:
            receive = within_limits(call.request, receive)
        except StarModelError as error:
            await self.failed(call, error)
            return
        scope["starmodel.call"] = call
        try:
            await inner(scope, receive, self._with_cookie(call, send))
        except Exception:
            if not call.is_refused:  # Starlette raises again what it has answered
                raise
        finally:
            scope.pop(
                "starmodel.call", None
            )  # a circle: nothing of the request would be freed at once
            await call.end_session()
            await self.application.end_sessions(call.session)

    def _with_cookie(self, call: Call, send: Any) -> Any:
        replaced = False

        async def send_with_cookie(message: Any) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                try:
                    headers = private(message["headers"], await call.cookie())
                    message = {**message, "headers": headers}
                except StarModelError as error:  # a session that can't be stored
                    replaced = True
                    await self.failed(call.without_cookie(), error)
            if not replaced:
                await send(message)

        return send_with_cookie

    def end_replies(self) -> None:
        """End every stream and every reply that goes on, so that the server can stop."""
        self.application.hub.close()
        self.events.running.end_replies()

    async def handshake(self, scope: Any, receive: Any, send: Any, inner: Any) -> None:
        """Hand a WebSocket to `inner` with its visitor's session, or refuse a foreign one."""
        self._proxies.mend(scope)
        request = Incoming({**scope, "method": "GET"}, receive, self._settings)
        try:
            self._origin.check(request)
            self._origin.check_origin(request)
        except StarModelError as error:
            log.warning("A WebSocket was refused: %s", log_text(error))
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "Refused"})
            return
        cookie = self.sessions.cookie(request.headers.get(b"host", b""), scope.get("root_path", ""))
        try:
            session = await self._session(request, cookie)
        except StarModelError as error:
            log.error("A WebSocket was refused: %s", error)
            await receive()
            await send({"type": "websocket.close", "code": 1013, "reason": "Try again later"})
            return
        scope["starmodel.session"] = session
        scope.setdefault("session", scope["starmodel.session"])
        current_context.set(RequestContext(self.application, session, scope=scope))
        await inner(scope, receive, send)

    def greet(self, root_path: str) -> None:
        """Say once where the application is: at its start, or where that never runs
        (below a mount), at the first request.
        """
        greeting, self._greeting = self._greeting, None
        if greeting is not None:
            greeting(root_path)

    async def serve_inside(self, scope: Any, receive: Any, send: Any) -> bool:
        """Like `serve_generated`, behind the user's middleware: by its own `receive` and `send`."""
        call: Call = scope["starmodel.call"]
        request = Incoming(scope, receive, self._settings)
        return await self.serve_generated(call.inside(send, request), receive, send)

    async def serve_generated(self, call: Call, receive: Any, send: Any) -> bool:
        """Answer by a generated route; False when there is none, or the user has one there."""
        request = call.request
        if (request.path, request.method) in STATE_ROUTES:
            await self._serve_state(call, receive, send)
            return True
        method, path = request.method, request.route_path
        match, asked = self.routes.find(path), path
        if match is None:
            path, match = self._without_slashes(path, method)
        if match is None:
            return False
        methods, id = match
        found = methods.get("GET" if method == "HEAD" else method)
        template = (found or next(iter(methods.values()))).template
        if self._user.take(request.scope, template):
            return False
        if found is None:
            await self._not_allowed(call, methods)
            return True
        if path != asked and method in ("GET", "HEAD"):
            await call.answer(308, HTML, b"", [(b"location", request.tidy_url)])
            return True
        looking = self._looking(request)
        if looking is None or not await self._stopped(call, looking):
            await found.handler(call, found, id)
        return True

    def _without_slashes(self, path: str, method: str) -> tuple[str, Any]:
        """The routes of a path that has a slash too many, and the path without it.

        Only a page may have one between its segments; an event's or a
        record's address, at its end.
        """
        tidy = path.rstrip("/")
        if method in ("GET", "HEAD"):
            tidy = re.sub("/{2,}", "/", tidy)
        return tidy, self.routes.find(tidy) if tidy and tidy != path else None

    def _looking(self, request: Incoming) -> Awaitable[Any] | None:
        """The user's guard at work on a request; None when there is nothing to wait for."""
        return None if self.guard is None else self.guard(request)

    async def _stopped(self, call: Call, looking: Awaitable[Any]) -> bool:
        """Wait for the user's guard; True when it has answered instead."""
        try:
            response = await looking
        except Exception as error:  # the web edge: every failure becomes an answer
            await self.failed(call, error)
            return True
        if response is None:
            return False
        url = leads_to(response.status_code, response.raw_headers)
        if url is not None and call.request.is_datastar:
            body = self.realtime.encode_effects(Reply(redirect=url))
            await call.answer(200, SSE, body, [NO_STORE])
        else:
            await call.relay(response)
        return True

    async def not_found(self, call: Call) -> None:
        """Answer for a path that nobody serves."""
        await self._refusals.send(call, self._nothing_at(call.request.path))

    def _nothing_at(self, path: str) -> Problem:
        return Problem(404, self.application.texts.text("problem.no_page", path=path))

    async def failed(self, call: Call, error: Exception) -> None:
        """Answer for an exception in one of the user's own routes."""
        where = f"{call.request.method} {call.request.path}"
        await self._refusals.send(call, self._refusals.problem(call, error, where))

    def safe_url(self, scope: Any, url: str) -> str:
        """The address of a redirect. Raises: ConfigurationError, unless it is one of ours."""
        call: Call = scope["starmodel.call"]
        return call.mounted(call.safe_url(url, self._settings.allowed_hosts))

    async def _not_allowed(self, call: Call, methods: dict[str, Found]) -> None:
        allowed = ", ".join(sorted(methods))
        text = self.application.texts.text(
            "problem.method", path=call.request.path, allowed=allowed, method=call.request.method
        )
        headers = [(b"allow", allowed.encode())]
        await self._refusals.send(call, Problem(405, text), headers=headers)

    async def _answered_to_anybody(self, call: Call, send: Any) -> bool:
        """Answer what shows nobody's state: assets, health, and paths that do not exist.

        False for the stream and the states, which the application's middleware and `before`
        functions may refuse as they may refuse any page.
        """
        path, request = call.request.path, call.request
        if (path, request.method) in STATE_ROUTES:
            return False
        if path == HEALTH_PATH:
            await call.json({"status": "ok"})
        elif not path.startswith(PREFIX) or not await serve_asset(
            path[len(PREFIX) :], request.takes_gzip, send
        ):
            await self._refusals.send(call, self._nothing_at(path))
        return True

    async def _serve_state(self, call: Call, receive: Any, send: Any) -> None:
        """The stream of a page, or its browser's states, unless a guard answers instead."""
        looking = self._looking(call.request)
        if looking is not None and await self._stopped(call, looking):
            return
        is_stream = call.request.path == STREAM_PATH
        try:
            if is_stream:
                reply = self._with_cookie(call, send)
                await self.realtime.serve_stream(call.request.scope, receive, reply, call.session)
            else:
                await self._states(call)
        except StarModelError as error:
            where = "The stream" if is_stream else "The states"
            await self._refusals.send(call, self._refusals.problem(call, error, where))

    async def _states(self, call: Call) -> None:
        """How the page shows the states that its browser has. Raises: StarModelError."""
        await self.application.ready()
        sent = taken(call.request, await call.request.json())
        types = [entity_type for entity_type in self.application.registry if entity_type.in_browser]
        names = [entity_type.name for entity_type in types if entity_type.name in sent.states]
        carry(sent, call.session, self.application.scopes, names)
        await call.answer(200, SSE, await self.realtime.encode_shown(call.session), [NO_STORE])

    async def _signed_in(self, call: Call) -> bool:
        """The development sign-in: a right token signs this browser in and leaves the address."""
        token = call.request.query.get("token", "")
        if self._dev_token is None or not hmac.compare_digest(
            token.encode(), self._dev_token.encode()
        ):
            return False
        call.session.sign_in(DEV, provider=DEVELOPMENT)
        try:
            await call.save_session()
        except StarModelError as error:
            await self.failed(call, error)
            return True
        await self.application.end_sessions(call.session)
        await call.redirect(f"{call.root_path}/{call.request.path.lstrip('/')}")
        return True
