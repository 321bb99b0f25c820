"""Pages of Starlette endpoints: the user's content with StarModel's head, signals and stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from fastcore.xml import FT, Safe
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse

from starmodel.adapters.web.frameworks.handlers import gateway_of
from starmodel.adapters.web.frameworks.starlette.application import StarletteFramework
from starmodel.adapters.web.gateway import Gateway
from starmodel.app.context import RequestContext, current_context
from starmodel.core.errors import ConfigurationError

_IN_HEAD = frozenset({"title", "meta", "link", "style", "base"})
_DOCUMENTS = ("<!doctype", "<html")


def page_head(request: Request, *, styles: bool = True) -> str:
    """The HTML that a live page needs in <head>, for templates: `{{ page_head(request) }}`.

    Without `styles` it has the scripts alone, so that the page keeps its own look. Safe for
    templates that escape.
    """
    gateway = gateway_of(request.scope)
    head = _framework(gateway).head(gateway.frontend.root_path, styles=styles)
    return Safe(head)  # type: ignore[no-any-return]  # fastcore has no types


def page_tail(request: Request) -> str:
    """The HTML that a live page needs before </body>: messages, signals and its stream.

    Call it after everything else of the page is rendered, because it declares the topics
    that the page shows.
    """
    return Safe(gateway_of(request.scope).frontend.body_end())  # type: ignore[no-any-return]  # fastcore has no types


def render(component: Any) -> str:
    """The HTML of components, such as a `@live` part: `{{ render(entries(book)) }}` in a template.

    Shapes: component is as the content of a `PageResponse`.
    Raises: ConfigurationError, outside a request.
    """
    gateway = gateway_of(_current_request().scope)
    return Safe("".join(_html(gateway, part) for part in _parts(component)))  # type: ignore[no-any-return]  # fastcore has no types


class PageResponse(HTMLResponse):
    """A live page with this content; a request from an open page gets the content alone.

    Shapes: content is an HTML string, or components: anything with `__html__` or `__ft__`, or
    a list of them, in which plain strings are escaped. <title>, <meta>, <link>, <style> and
    <base> in the list go to the head. A string with a whole document is sent unchanged.
    Raises: ConfigurationError, outside a request.
    """

    def __init__(
        self,
        content: Any = "",
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        title: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        super().__init__(_document(content, title), status_code, headers, None, background)


def _current_request() -> RequestContext:
    context = current_context.get()
    if context is None or context.scope is None:
        raise ConfigurationError("A page needs a request; make it in an endpoint.")
    return context


def _document(content: Any, title: str | None) -> str:
    context, parts = _current_request(), _parts(content)
    gateway = gateway_of(context.scope)
    body = "".join(_html(gateway, part) for part in parts if not _is_for_head(part))
    if context.is_patch or body.lstrip()[:9].lower().startswith(_DOCUMENTS):
        return body
    framework, root_path = _framework(gateway), gateway.frontend.root_path
    own = "".join(_html(gateway, part) for part in parts if _is_for_head(part))
    if title is not None or not any(_is_for_head(part) and part.tag == "title" for part in parts):
        own += f"<title>{escape(title or gateway.application.settings.title)}</title>"
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in (*_language_of(gateway), ("class", framework.html_class))
        if value
    )
    return (
        f"<!doctype html><html{attributes}><head>{framework.head(root_path)}{own}</head>"
        f"<body>{body}{gateway.frontend.body_end()}</body></html>"
    )


def _language_of(gateway: Any) -> Sequence[tuple[str, str]]:
    """The attributes of <html> for the language of the page."""
    languages = gateway.application.languages
    if languages is None:
        return [("lang", _framework(gateway).language)]
    current = languages.current
    return [("lang", current.code), ("dir", current.direction), ("data-formats", "server")]


def _parts(content: Any) -> Sequence[Any]:
    """The components of the content; lists inside it are flattened, as FastHTML's `Titled`."""
    if isinstance(content, str):
        return [Safe(content)]
    return list(_flat(content))


def _flat(part: Any) -> Iterator[Any]:
    if isinstance(part, list | tuple):
        for inner in part:
            yield from _flat(inner)
    else:
        yield part


def _html(gateway: Gateway, part: Any) -> str:
    if isinstance(part, FT) or (hasattr(part, "__ft__") and not hasattr(part, "__html__")):
        return gateway.application.render(part)
    if hasattr(part, "__html__"):
        return str(part.__html__())
    return "" if part is None else escape(str(part))


def _is_for_head(part: Any) -> bool:
    return isinstance(part, FT) and part.tag in _IN_HEAD


def _framework(gateway: Gateway) -> StarletteFramework:
    if not isinstance(gateway.framework, StarletteFramework):
        raise ConfigurationError(
            "PageResponse, page_head and page_tail are for applications of Starlette. FastHTML "
            "adds head and stream to every page; return components."
        )
    return gateway.framework
