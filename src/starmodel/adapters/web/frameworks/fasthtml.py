"""FastHTML as the web framework: user routes, entities as parameters and components."""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from functools import partial
from html import escape
from typing import Any

from fastcore.xml import Safe
from fasthtml.core import FastHTML
from fasthtml.xtend import Titled
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from starmodel.adapters.web._compat.fasthtml import (
    CheckedRoutes,
    is_conversion_error,
    replace_lifespan,
    run_before,
)
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.negotiation import representation
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.adapters.web.http.user_routes import serve_user_route
from starmodel.app.application import Application
from starmodel.app.context import current_context
from starmodel.core.current_app import host_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, RequestError, StarModelError
from starmodel.core.events.results import Redirect
from starmodel.core.fields.annotations import resolved_hints
from starmodel.core.fields.field_types import plain_types
from starmodel.core.public_state import public_state
from starmodel.core.values.json_data import json_bytes


class _Lazy:
    """HTML rendered with the page, after the components before it."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    def __html__(self) -> str:
        return self._make()

    def __deepcopy__(self, memo: Any) -> _Lazy:
        return self


def _with_short_errors(send: Any) -> Any:
    """A `send` that replaces the traceback of a ConfigurationError at startup by its message."""

    async def told(message: Any) -> None:
        error = sys.exception()  # whose traceback the framework sends
        if message["type"] == "lifespan.startup.failed" and isinstance(error, ConfigurationError):
            message = {**message, "message": str(error)}
        await send(message)

    return told


class StarModelApp(CheckedRoutes):
    """A FastHTML application whose generated routes are matched after the user's.

    Shapes: `starmodel` is the `Application`; `front` its ASGI front.
    """

    starmodel: Application
    gateway: Gateway

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await FastHTML.__call__(self, scope, receive, _with_short_errors(send))
            return
        scope["app"] = self
        outer = current_context.get()  # of an application that calls this one in the same task
        try:
            if scope["type"] == "websocket":
                await self.gateway.handshake(scope, receive, send, partial(FastHTML.__call__, self))
            else:
                await self.gateway.serve(scope, receive, send, bypass=not self.user_middleware)
        finally:
            current_context.set(outer)

    def add_route(self, route: Any) -> None:
        _check_annotations(inspect.unwrap(getattr(route, "endpoint", route)))
        super().add_route(route)

    def check_handler(self, handler: Any) -> None:
        _check_annotations(handler)


def _description() -> str:
    """The `<meta>` description: the first docstring line of the current route's handler."""
    context = current_context.get()
    scope = (context and context.scope) or {}
    doc = getattr(scope.get("endpoint"), "__doc__", None) or ""
    first = doc.strip().partition("\n")[0]
    return f'<meta name="description" content="{escape(first)}">' if first else ""


def connect(app: FastHTML, gateway: Gateway, head: Sequence[Callable[[str], str]]) -> None:
    """Add the generated routes after the user's, and the lifespan of the application.

    Shapes: each item of head renders a part of <head> for a root path.
    """
    app.starmodel, app.gateway = gateway.application, gateway
    realtime = gateway.realtime

    def part(make: Callable[[str], str]) -> _Lazy:
        return _Lazy(lambda: Safe(make(realtime.root_path)))

    # After the application's headers: browsers and search engines use the first of a kind.
    app.hdrs = [*map(part, head), *app.hdrs, part(realtime.head), _Lazy(_description)]
    # A footer, not a part of `body_wrap`: routes of an APIRouter, and routes that were added
    # before this call, have another `body_wrap`.
    app.ftrs = [*app.ftrs, _Lazy(lambda: Safe(realtime.tail()))]
    for route in app.router.routes:
        _check_annotations(getattr(route, "endpoint", None))
    inner = app.router.middleware_stack

    async def generated(scope: Any, receive: Any, send: Any) -> None:
        ours = scope["type"] == "http" and "starmodel.exchange" in scope
        if ours and await gateway.serve_inside(scope, receive, send):
            return
        await inner(scope, receive, send)

    app.router.middleware_stack = generated
    gateway.guard = partial(_guard, app)
    gateway.inner = partial(
        serve_user_route, partial(FastHTML.__call__, app), realtime, gateway.htmx
    )
    _connect_lifespan(app, gateway)
    _connect_errors(app, gateway)


def _guard(app: FastHTML, incoming: HttpRequest) -> Coroutine[Any, Any, Response | None] | None:
    """A coroutine that runs the application's `before` functions; None without any."""
    return _run_before(app, incoming) if app.before else None


async def _run_before(app: FastHTML, incoming: HttpRequest) -> Response | None:
    """Run the application's `before` functions for a generated route, as for a user's."""
    await incoming.body()
    return await run_before(app, incoming.for_events())


def _connect_lifespan(app: FastHTML, gateway: Gateway) -> None:
    def around(user: Any) -> Any:
        async def lifespan(app: FastHTML) -> AsyncIterator[Any]:
            await gateway.application.ready()
            gateway.announce("")
            if gateway.lock is not None:
                gateway.lock.acquire()
            release = _close_streams_on_signal(gateway)
            try:
                if user is None:
                    yield
                else:
                    async for state in user(app):
                        yield state
            finally:
                release()
                if gateway.lock is not None:
                    gateway.lock.release()
                await gateway.realtime.close()
                await gateway.application.close()

        return lifespan

    replace_lifespan(app, around)


def _close_streams_on_signal(gateway: Gateway) -> Callable[[], None]:
    """End streams on the server's stop signals; it waits for them before lifespan shutdown."""
    import asyncio
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def stop(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(gateway.end_replies)
        handler = before[number]
        if callable(handler):
            handler(number, frame)

    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler) and handler is not signal.default_int_handler:
            before[number] = handler
            signal.signal(number, stop)

    def release() -> None:
        for number, handler in before.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, handler)

    return release


class _ErrorResponse(Response):
    """An error response that the front renders and sends."""

    def __init__(self, gateway: Gateway, error: Exception) -> None:
        super().__init__()
        self._gateway, self._error = gateway, error

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        exchange: Exchange = scope["starmodel.exchange"].inside(send)
        if getattr(self._error, "status_code", None) == 404:
            await self._gateway.error_responses.send_not_found(exchange)
        elif is_conversion_error(self._error):
            scope["starmodel.exchange"].is_refused = True
            unreadable = RequestError("A value in this request can't be read as what is expected.")
            await self._gateway.error_responses.send_error(exchange, unreadable)
        else:
            await self._gateway.error_responses.send_error(exchange, self._error)


def _connect_errors(app: FastHTML, gateway: Gateway) -> None:
    async def handler(request: Any, error: Exception) -> Response:
        return _ErrorResponse(gateway, error)

    if isinstance(app, StarModelApp):
        app.exception_handlers.setdefault(404, handler)
    for kind in (StarModelError, Exception):
        app.exception_handlers.setdefault(kind, handler)


def teach_entities() -> None:
    """Accept entities as handler parameters and components, and `Redirect` as a result."""

    async def from_request(cls: type[Entity], req: Request) -> Entity:
        application: Application = req.scope["app"].starmodel
        entity_type = application.registry[cls]
        return await application.instance(
            entity_type, req.scope["starmodel.session"], _id_in(req, cls)
        )

    Entity.__from_request__ = classmethod(from_request)
    Entity.__ft__ = _declared
    Entity.__response__ = _entity_response
    Redirect.__response__ = _redirect_response  # type: ignore[attr-defined]


def _declared(entity: Entity) -> Any:
    """An entity as a component: the declaration of its signals."""
    application: Any = host_of(entity.__entity__.cls)
    return Safe(application.realtime.declare(entity))


def _redirect_response(redirect: Redirect, request: Any) -> Response:
    """`Redirect` as the response of a user route; only `safe_url` addresses are followed."""
    gateway: Gateway = request.scope["app"].gateway
    return RedirectResponse(gateway.safe_url(request.scope, redirect.url), status_code=303)


def _entity_response(entity: Entity, request: Request) -> Any:
    """An entity as the response of a handler: its page for a browser, else its JSON."""
    accept = ", ".join(request.headers.getlist("accept")).encode("latin-1")
    if representation(accept) != "html":
        body = json_bytes(public_state(entity))
        return Response(body, media_type="application/json", headers={"vary": "accept"})
    gateway: Gateway = request.scope["app"].gateway
    entity_type = gateway.application.registry[entity.__entity__.cls]
    return Titled(
        entity_type.title,
        gateway.ui.detail(entity_type, entity),
        gateway.ui.events(entity_type, entity),
    )


def _id_in(request: Any, cls: type[Entity]) -> Any:
    """The record's id among the path parameters."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
    for key in (f"{name}_id", name, "id"):
        if key in request.path_params:
            return request.path_params[key]
    return None


def _check_annotations(handler: Any) -> None:
    """Reject handler parameters that FastHTML would fill from the request, or fail on.

    Raises: ConfigurationError, for `Counter | None` and `list[Counter]`.
    """
    if handler is None or not callable(handler) or isinstance(handler, type):
        return
    try:
        hints, _ = resolved_hints(handler)
    except TypeError:
        return
    for name, annotation in hints.items():
        if name == "return" or (isinstance(annotation, type) and not typing.get_origin(annotation)):
            continue
        inside = [*plain_types(annotation), *typing.get_args(annotation)]
        wrong = [t for t in inside if isinstance(t, type) and issubclass(t, Entity)]
        if wrong:
            entity = wrong[0].__name__
            raise ConfigurationError(
                f"{handler.__qualname__}({name}: {annotation}) can't be injected. "
                f"Write {name}: {entity}, or use {entity}.objects in the handler."
            )
