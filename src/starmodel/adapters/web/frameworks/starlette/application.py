"""Applications of plain Starlette, with the generated routes behind the user's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette

from starmodel.adapters.web.frameworks.asgi import AsgiFramework, PagePart, call_application
from starmodel.adapters.web.frameworks.handlers import description
from starmodel.adapters.web.frameworks.starlette.parameters import page_endpoint
from starmodel.adapters.web.gateway import Gateway
from starmodel.app.application import Application

OPTIONS = frozenset(inspect.signature(Starlette.__init__).parameters) - {"self"}
"""The arguments of `create_app` that Starlette takes."""


class StarletteApp(Starlette):
    """A Starlette application whose generated routes are matched after the user's."""

    starmodel: Application
    gateway: Gateway
    page: Callable[..., Any]
    """The decorator `starmodel.page`, for a page of this application."""

    __call__ = call_application


class StarletteFramework(AsgiFramework):
    """The port of plain Starlette, and of applications of its subclasses.

    Shapes: html_class and language are the attributes of <html> on pages of user routes;
    imports renders what scripts need in <head>, without style sheets.
    """

    def __init__(
        self, app: Starlette, imports: PagePart, *, html_class: str = "", language: str = ""
    ) -> None:
        new = isinstance(app, StarletteApp)
        super().__init__(app, Starlette if new else type(app), new=new)
        self.html_class, self.language = html_class, language
        self._imports = imports
        self._head: Sequence[PagePart] = ()

    def page_endpoint(self, function: Any, respond: Any) -> Any:
        return page_endpoint(function, respond)

    def head(self, root_path: str, *, styles: bool = True) -> str:
        """The HTML of a page's head: style sheets, scripts and the description."""
        first = self._head if styles else [self._imports]
        frontend = self.app.gateway.frontend
        parts = [*(part(root_path) for part in first), frontend.head(root_path), description()]
        return "".join(parts)

    def _add_to_pages(self, gateway: Gateway, head: Sequence[PagePart]) -> None:
        self._head = head
