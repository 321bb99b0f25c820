"""Pages of the application's own: access, the result of the function, and the layout around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from fastcore.basics import NotStr
from fastcore.xml import FT
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from starmodel.adapters.web.frameworks.handlers import check_queries, redirect_response
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.http.exchange import rendered_page
from starmodel.app.access.rules import check_rule
from starmodel.app.context import current_context
from starmodel.app.presentation.own_pages import OwnPage
from starmodel.core.errors import ConfigurationError
from starmodel.core.events.results import Redirect
from starmodel.core.translations import translated

_IN_HEAD = frozenset({"meta", "link", "style", "base"})
Call = Callable[[], Awaitable[Any]]
Respond = Callable[[Request, Call], Awaitable[Response]]
PagePart = Callable[[str], str]


def page_route(gateway: Gateway, own: OwnPage, head: Sequence[PagePart]) -> Route:
    """The route of a page, and its entry in the navigation.

    Shapes: head renders the parts of <head> that the application's own pages have beside those of
    generated pages.
    Raises: ConfigurationError, for an unknown icon or a second page at the path.
    """

    async def respond(request: Request, call: Call) -> Response:
        application, session = gateway.application, request.scope["starmodel.session"]
        check_rule(own.access, session.actor, own.title)
        await application.ready()
        made = await call()
        if isinstance(made, Response):
            return made
        if isinstance(made, Redirect):
            return redirect_response(made, request.scope)
        parts = list(_parts(made, own))
        content = [part for part in parts if not _is_for_head(part)]
        context = current_context.get()
        if context is not None and context.is_patch:
            return HTMLResponse(gateway.ui.render(tuple(content)))
        title = next(
            (_text(part) for part in parts if _tag(part) == "title"), translated(own.title)
        )
        extra = tuple(part for part in parts if _tag(part) in _IN_HEAD)

        def html() -> str:
            root_path = gateway.frontend.root_path
            shared = "".join([part(root_path) for part in head])
            return gateway.ui.page(
                title, *content, actor=session.actor, own=own,
                head=shared + gateway.ui.render(extra),
            )  # fmt: skip

        return HTMLResponse(await rendered_page(html))

    check_queries(own.function, gateway.application.registry)
    entry = own.entry
    extensions = gateway.application.extensions
    if own.path in extensions.own_paths:
        raise ConfigurationError(f"{own.where}: another page has this path; use another.")
    extensions.own_paths.add(own.path)
    if entry is not None:
        if entry.icon not in gateway.ui.icons:
            raise ConfigurationError(
                f"{own.where}: icon is {entry.icon!r}; there are {', '.join(gateway.ui.icons)}."
            )
        extensions.nav.append(entry)
    endpoint = gateway.framework.page_endpoint(own.function, respond)
    return Route(own.path, endpoint, methods=["GET"], name=own.function.__name__)


def _parts(made: Any, own: OwnPage) -> Iterator[Any]:
    """The components of a result, tuples and lists flattened. Raises: ConfigurationError."""
    if isinstance(made, tuple | list):
        for part in made:
            yield from _parts(part, own)
    elif made is None or isinstance(made, str | int | float) or _is_component(made):
        yield made
    elif hasattr(made, "__await__"):
        raise ConfigurationError(
            f"{own.where} returned a coroutine among its content. Await it: the function may be "
            "declared with async def."
        )
    else:
        raise ConfigurationError(
            f"{own.where} returned {type(made).__name__}; expected components, texts, a Redirect, "
            "a response or None."
        )


def _is_component(value: Any) -> bool:
    if isinstance(value, type | Mapping):
        return False
    has_html = hasattr(value, "__ft__") or hasattr(value, "__html__") or isinstance(value, NotStr)
    return has_html or not isinstance(value, BaseModel)


def _is_for_head(part: Any) -> bool:
    return _tag(part) == "title" or _tag(part) in _IN_HEAD


def _tag(part: Any) -> str:
    return str(part.tag).lower() if isinstance(part, FT) else ""


def _text(title: FT) -> str:
    return "".join(str(child) for child in title.children if child is not None)
