"""The port of web frameworks: what the gateway needs from the framework of the user's routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starmodel.adapters.web.http.exchange import Header
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.adapters.web.http.routing import Router


class WebFramework(Protocol):
    """One application of a web framework, with the user's routes and middleware.

    Shapes: fragment_headers make the framework render components without the page around
    them.
    """

    fragment_headers: Sequence[Header]

    @property
    def middleware(self) -> Sequence[Any]:
        """The user's middleware; empty without any."""

    @property
    def before(self) -> Sequence[Any]:
        """The user's functions that run before each handler; empty without any."""

    async def run_before(self, request: HttpRequest) -> Any:
        """Run these functions; the first response among their results, else None."""

    @property
    def router(self) -> Router:
        """The router with the user's routes."""

    async def call(self, scope: Any, receive: Any, send: Any) -> None:
        """Call the framework's ASGI application: the user's middleware, then the routes."""

    def page_endpoint(self, function: Any, respond: Any) -> Any:
        """An endpoint that awaits respond(request, call), where `call` runs the user's function.

        Its parameters are filled as those of a handler of the framework.
        """

    def handler_of(self, endpoint: Any) -> Any:
        """The user's function that an endpoint of the framework calls."""

    def is_conversion_error(self, error: Exception) -> bool:
        """True when the framework failed to convert a parameter, before the handler ran."""

    def missing_parameter(self, error: Any) -> str:
        """The parameter that a HTTPException of the framework misses in a request; "" for none."""
