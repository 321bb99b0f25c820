"""Private names of FastHTML."""

from __future__ import annotations

import copy
import inspect
import re
import traceback
from collections.abc import Callable
from typing import Any

from fasthtml.core import (
    Beforeware,
    FastHTML,
    _find_p,
    _params,
    _resp,
    _wrap_call,
    _wrap_req,
    noop_body,
)
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_CONVERSION_ERRORS = (ValueError, TypeError, AttributeError, ArithmeticError, LookupError)
_CONVERTING_PACKAGES = ("fasthtml", "fastcore", "dateutil")


class CheckedRoutes(FastHTML):  # type: ignore[misc]  # FastHTML has no types
    """A FastHTML application that checks each handler before its route is added.

    The endpoint of a route has the docstring of its handler.
    """

    def check_handler(self, handler: Any) -> None:
        """Called with each handler. Raises: ConfigurationError, to reject it."""

    def prepared(self, handler: Any) -> Any:
        """The function that is called in the place of a handler."""
        return handler

    def _add_route(self, func: Any, *args: Any, **options: Any) -> Any:
        self.check_handler(func)
        return super()._add_route(func, *args, **options)

    def _endp(self, f: Any, *args: Any, **options: Any) -> Any:
        endpoint = super()._endp(self.prepared(f), *args, **options)
        endpoint.__doc__ = f.__doc__
        return endpoint


def page_endpoint(
    app: FastHTML, function: Any, respond: Callable[[Any, Callable[[], Any]], Any]
) -> Any:
    """An endpoint of the application that awaits respond(request, call).

    The `before` functions run first; `call` injects the parameters and calls the function.
    """

    async def handler(request: Request) -> Any:
        return await respond(request, lambda: _wrap_call(function, request, _params(function)))

    for name in ("__module__", "__name__", "__qualname__", "__doc__"):  # not its signature
        setattr(handler, name, getattr(function, name))
    endpoint = app._endp(handler, noop_body)
    endpoint.__doc__ = function.__doc__
    return endpoint


def handler_of(endpoint: Any) -> Any:
    """The handler that an endpoint of FastHTML calls; any other endpoint is returned unchanged.

    The closure names it `f` for HTTP, and `recv` of `on_receive` for a WebSocket.
    """
    for wrapper, name in ((endpoint, "f"), (getattr(endpoint, "on_receive", None), "recv")):
        if inspect.isfunction(wrapper):
            inner = inspect.getclosurevars(wrapper).nonlocals.get(name)
            endpoint = inner if callable(inner) else endpoint
    return endpoint


async def run_before(app: FastHTML, request: Request) -> Response | None:
    """Run the application's `before` functions and return the first response among their results.

    Parameters are injected and results converted as for a FastHTML handler.

    Shapes: the request body is already read.
    """
    state: Any = request
    state.injects, state.max_part_size, state.body_wrap = [], app.max_part_size, noop_body
    parts = (app.hdrs, app.ftrs, app.htmlkw, app.bodykw)
    state.hdrs, state.ftrs, state.htmlkw, state.bodykw = map(copy.deepcopy, parts)
    for before in app.before:
        guard, skip = (before.f, before.skip) if isinstance(before, Beforeware) else (before, [])
        if any(re.fullmatch(pattern, request.url.path) for pattern in skip):
            continue
        result = await _wrap_call(guard, request, _params(guard))
        if result:
            return result if isinstance(result, Response) else _resp(request, result)
    return None


def is_conversion_error(error: Exception) -> bool:
    """True when FastHTML failed to convert a parameter, before the handler ran."""
    if not isinstance(error, _CONVERSION_ERRORS):
        return False
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    packages = [str(frame.f_globals.get("__name__")).partition(".")[0] for frame in frames]
    converts = any(frame.f_code is _wrap_req.__code__ for frame in frames)
    return converts and packages[-1] in _CONVERTING_PACKAGES


def missing_parameter(error: HTTPException) -> str:
    """The parameter of a handler that FastHTML found no value for; "" for another error."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code is _find_p.__code__ and error.status_code == 400:
            return str(frame.f_locals["arg"])
    return ""
