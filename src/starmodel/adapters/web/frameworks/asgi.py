"""What all frameworks on Starlette share: the ASGI entry point and the generated routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

from starlette.responses import Response

from starmodel.adapters.web._compat.starlette import wrap_router
from starmodel.adapters.web.frameworks.error_handlers import connect_errors
from starmodel.adapters.web.frameworks.handlers import declare_in_templates
from starmodel.adapters.web.frameworks.lifespan import connect_lifespan, with_short_errors
from starmodel.adapters.web.frameworks.own_pages import Respond, page_route
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.http.exchange import Header
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.app.context import current_context
from starmodel.app.presentation.own_pages import OwnPage, own_page

PagePart = Callable[[str], str]
"""Renders a part of a page's <head> for a root path."""
F = TypeVar("F", bound=Callable[..., Any])
SHARED_PARTS = 2
"""The parts at the start of `connect(head=…)` that generated pages have too."""


async def call_application(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """The `__call__` of an application whose requests pass its gateway first."""
    gateway: Gateway = app.gateway
    if scope["type"] == "lifespan":
        await gateway.framework.call(scope, receive, with_short_errors(send))
        return
    scope["app"] = app
    outer = current_context.get()  # of an application that calls this one in the same task
    try:
        await gateway.entry(scope, receive, send)
    finally:
        current_context.set(outer)


class AsgiFramework:
    """An application of Starlette, or of a framework that is built on it.

    Generated routes respond behind the user's middleware, unless a route of the user matches.

    Shapes: base is the class of the framework whose `__call__` has middleware and routes;
    new is True for an application that `create_app` has made, whose pages for HTTP errors
    are StarModel's.
    """

    # Read for every request; attrgetter does so without a call in Python.
    middleware = property(attrgetter("app.user_middleware"))
    before: Sequence[Any] = ()
    page_head: Sequence[PagePart] = ()
    """What <head> has on the application's own pages in the generated layout, beside its own."""
    fragment_headers: Sequence[Header] = ()

    def __init__(self, app: Any, base: type[Any], *, new: bool) -> None:
        self.app, self.router, self._base, self._is_new = app, app.router, base, new

    async def call(self, scope: Any, receive: Any, send: Any) -> None:
        await self._base.__call__(self.app, scope, receive, send)

    def connect(self, gateway: Gateway, head: Sequence[PagePart]) -> None:
        """Route all requests through the gateway; `head` is the start of each page's <head>.

        Called once, before the first request. An application of another class gets a
        subclass of it, because ASGI servers look `__call__` up in the class.
        """
        self.app.starmodel, self.app.gateway = gateway.application, gateway
        self.app.page = partial(_declare_page, self, gateway)
        if self._is_new:
            self.page_head = [*head[SHARED_PARTS:], *self._own_head(gateway)]
        declare_in_templates()
        self._add_to_pages(gateway, head)

        def behind_middleware(routes: Any) -> Any:
            async def generated(scope: Any, receive: Any, send: Any) -> None:
                is_http = scope["type"] == "http" and "starmodel.exchange" in scope
                if not (is_http and await gateway.serve_behind_middleware(scope, receive, send)):
                    await routes(scope, receive, send)

            return generated

        wrap_router(self.router, behind_middleware)
        connect_lifespan(self.router, gateway)
        connect_errors(self.app, gateway, http_errors=self._is_new)
        if not self._is_new:
            cls = self._base
            members = {"__call__": call_application, "__module__": cls.__module__}
            self.app.__class__ = type(cls.__name__, (cls,), members)

    def add_page(self, gateway: Gateway, own: OwnPage) -> None:
        """Serve a page of the application's own. Raises: ConfigurationError."""
        self.router.routes.append(page_route(gateway, own, self.page_head))

    def page_endpoint(
        self, function: Callable[..., Any], respond: Respond
    ) -> Callable[[Any], Awaitable[Any]]:
        """An endpoint that calls respond(request, call), where `call` fills the parameters."""
        raise NotImplementedError

    def _own_head(self, gateway: Gateway) -> Sequence[PagePart]:
        """The parts of <head> that the user gave to the framework."""
        return ()

    async def run_before(self, request: HttpRequest) -> Response | None:
        """The response of a `before` function; None without any."""
        return None

    def handler_of(self, endpoint: Any) -> Any:
        return endpoint

    def is_conversion_error(self, error: Exception) -> bool:
        return False

    def missing_parameter(self, error: Any) -> str:
        return ""

    def _add_to_pages(self, gateway: Gateway, head: Sequence[PagePart]) -> None:
        """Add head, signals and stream to the pages of user routes."""


def _declare_page(
    framework: AsgiFramework, gateway: Gateway, path: str, **options: Any
) -> Callable[[F], F]:
    """The decorator `app.page`, with the parameters of `starmodel.page`."""

    def declare(function: F) -> F:
        framework.add_page(gateway, own_page(function, path, **options))
        return function

    return declare
