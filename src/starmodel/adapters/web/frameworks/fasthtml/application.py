"""Applications of FastHTML, with the generated routes behind the user's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from html import escape
from operator import attrgetter
from typing import Any

from fastcore.xml import Safe
from fasthtml.core import FastHTML
from starlette.responses import Response

from starmodel.adapters.web._compat.fasthtml import (
    CheckedRoutes,
    handler_of,
    is_conversion_error,
    missing_parameter,
    page_endpoint,
    run_before,
)
from starmodel.adapters.web.frameworks.asgi import AsgiFramework, PagePart, call_application
from starmodel.adapters.web.frameworks.fasthtml.entities import support_entities, with_queries
from starmodel.adapters.web.frameworks.handlers import check_annotations, check_queries, description
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.app.application import Application

NOT_FOUND = 404
OPTIONS = frozenset(inspect.signature(FastHTML.__init__).parameters) - {
    "self", "title", "secret_key", "default_hdrs", "sess_cls", "canonical", "lifespan_context",
}  # fmt: skip
"""The arguments of `create_app` that FastHTML takes."""


class StarModelApp(CheckedRoutes):
    """A FastHTML application whose generated routes are matched after the user's."""

    starmodel: Application
    gateway: Gateway
    page: Callable[..., Any]
    """The decorator `starmodel.page`, for a page of this application."""

    __call__ = call_application

    def add_route(self, route: Any) -> None:
        check_annotations(inspect.unwrap(getattr(route, "endpoint", route)))
        super().add_route(route)

    def check_handler(self, handler: Any) -> None:
        check_annotations(handler)
        if hasattr(self, "starmodel"):
            check_queries(handler, self.starmodel.registry)

    def prepared(self, handler: Any) -> Any:
        return with_queries(handler)


def new_application(
    title: str, secret: str, html_class: str, language: str, options: dict[str, Any]
) -> StarModelApp:
    """An application without FastHTML's own head, session and 404."""
    app = StarModelApp(
        title=title, secret_key=secret, default_hdrs=False, sess_cls=None, canonical=False,
        **options,
    )  # fmt: skip
    if NOT_FOUND not in (options.get("exception_handlers") or {}):
        app.exception_handlers.pop(NOT_FOUND, None)  # it would shadow StarModel's
    app.htmlkw.setdefault("class", html_class)
    app.htmlkw.setdefault("lang", language)
    return app


class FastHTMLFramework(AsgiFramework):
    """The port of FastHTML: `before` functions, heads of components, converted parameters."""

    before = property(attrgetter("app.before"))
    fragment_headers = ((b"hx-request", b"true"),)

    def __init__(self, app: FastHTML) -> None:
        new = isinstance(app, StarModelApp)
        super().__init__(app, FastHTML if new else type(app), new=new)

    async def run_before(self, request: HttpRequest) -> Response | None:
        """Run the application's `before` functions for a generated route, as for a user's."""
        await request.body()
        return await run_before(self.app, request.for_events())

    def handler_of(self, endpoint: Any) -> Any:
        return handler_of(endpoint)

    def is_conversion_error(self, error: Exception) -> bool:
        return is_conversion_error(error)

    def missing_parameter(self, error: Any) -> str:
        return missing_parameter(error)

    def page_endpoint(self, function: Any, respond: Any) -> Any:
        check_annotations(function)
        return page_endpoint(self.app, with_queries(function), respond)

    def _own_head(self, gateway: Gateway) -> Sequence[PagePart]:
        parts = tuple(self.app.hdrs)
        return [lambda root_path: gateway.ui.render(parts)] if parts else []

    def _add_to_pages(self, gateway: Gateway, head: Sequence[PagePart]) -> None:
        app, frontend = self.app, gateway.frontend

        def part(make: PagePart) -> _Lazy:
            return _Lazy(lambda: Safe(make(frontend.root_path)))

        languages = gateway.application.languages
        if languages is not None and app.htmlkw.get("lang") == languages.default.code:
            app.htmlkw["lang"] = _Lazy(lambda: escape(languages.current.code))
            app.htmlkw["dir"] = _Lazy(lambda: languages.current.direction)
            app.htmlkw["data-formats"] = True
        # After the application's headers: browsers and search engines use the first of a kind.
        app.hdrs = [*map(part, head), *app.hdrs, part(frontend.head), _Lazy(description)]
        # A footer, not a part of `body_wrap`: routes of an APIRouter, and routes that were added
        # before this call, have another `body_wrap`.
        app.ftrs = [*app.ftrs, _Lazy(lambda: Safe(frontend.body_end()))]
        for route in app.router.routes:
            check_annotations(getattr(route, "endpoint", None))
        support_entities()


class _Lazy:
    """HTML rendered with the page, after the components before it."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    def __html__(self) -> str:
        return self._make()

    def __deepcopy__(self, memo: Any) -> _Lazy:
        return self
