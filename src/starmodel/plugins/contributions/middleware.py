"""Code of a plugin that runs before the routes of requests."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starmodel.core.errors import ConfigurationError

_PARAMETER = re.compile(r"[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class RequestHook:
    """Runs before the route of a request, after the session is read and its origin is checked.

    It responds to the request by returning what a `Route` may return, and passes it on by
    returning None. An exception is an error response. Assets and other routes without a session
    don't run it.

    Shapes: run(exchange) is a coroutine function; query names a query parameter without which
    the hook does not run, "" for every request.
    """

    run: Callable[..., Awaitable[Any]]
    query: str = ""

    def __post_init__(self) -> None:
        if not inspect.iscoroutinefunction(self.run):
            raise ConfigurationError(f"RequestHook({self.run!r}): expected a coroutine function.")
        if not isinstance(self.query, str) or not _PARAMETER.fullmatch(self.query):
            raise ConfigurationError(
                f"RequestHook: query is {self.query!r}; expected the name of a query parameter: "
                "letters, digits, '-' and '_'."
            )


@dataclass(frozen=True, slots=True)
class Middleware:
    """ASGI middleware around the application: HTTP requests and WebSockets, assets included.

    That of the first plugin is the outermost. It runs before the session is read. An exception
    before the response is an error response.

    Shapes: make(app, **options) returns an ASGI application, as classes of middleware do.
    """

    make: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not callable(self.make):
            raise ConfigurationError(
                f"Middleware({self.make!r}): expected a class of ASGI middleware."
            )
        options = self.options
        if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
            raise ConfigurationError(
                f"Middleware({self.make!r}): options is {self.options!r}; expected a dict by name."
            )
