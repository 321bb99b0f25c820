"""The decorator of Starlette endpoints with entities as parameters and pages as results."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from weakref import WeakSet

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import Response

from starmodel.adapters.web.frameworks.handlers import (
    check_annotations,
    entity_json,
    entity_page,
    entity_parameter,
    gateway_of,
    redirect_response,
)
from starmodel.adapters.web.frameworks.starlette.pages import PageResponse
from starmodel.adapters.web.http.exchange import rendered_page
from starmodel.app.access.disclosure import Viewer
from starmodel.app.sessions.session import Session
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events.results import Redirect
from starmodel.core.fields.annotations import resolved_hints
from starmodel.core.values.json_data import json_bytes

_MISSING = object()
_endpoints: WeakSet[Callable[..., Any]] = WeakSet()
Value = Callable[[HTTPConnection], Any]


def endpoint(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """An endpoint for `Route`, whose parameters are filled by annotation and name.

    An Entity parameter is the visitor's own, or the record of the path parameter `{id}` or
    `{product_id}`. `request` is the request, `session` its session, `Session` the visitor's
    session of StarModel; any other parameter is the path parameter of its name. A synchronous
    function runs in a thread. Also for methods of an `HTTPEndpoint`, and for `WebSocketRoute`.

    The result is a response, the content of a `PageResponse`, `Redirect`, an entity (its page,
    or JSON for an API client), a dict as JSON, or None for an empty response.

    Raises: ConfigurationError, for a parameter such as `Counter | None`, and for what is no
    function with such parameters.
    """
    _check_function(function)
    check_annotations(function)
    values = _values(function)
    is_async = inspect.iscoroutinefunction(function)

    @functools.wraps(function)
    async def respond(*args: Any) -> Any:
        *instance, connection = args
        filled = {}
        for name, value in values.items():
            found = value(connection)
            found = await found if inspect.isawaitable(found) else found
            if found is not _MISSING:
                filled[name] = found
        if is_async:
            result = await function(*instance, **filled)
        else:
            result = await run_in_threadpool(function, *instance, **filled)
        if connection.scope["type"] == "websocket":
            return None
        return await _response(result, connection)

    _endpoints.add(respond)
    return respond


def _check_function(function: Any) -> None:
    """Raises: ConfigurationError, for what can't be called with named values."""
    name = getattr(function, "__qualname__", repr(function))
    if not inspect.isfunction(function):
        raise ConfigurationError(f"endpoint() got {name}; expected a function.")
    if function in _endpoints:
        raise ConfigurationError(f"{name} has the decorator endpoint twice. Remove one.")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigurationError(
            f"{name} yields; expected an endpoint that returns. Return a StreamingResponse."
        )
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ConfigurationError(
                f"{name}({parameter}) can't be filled. Name each parameter, without * and /."
            )


def _values(function: Callable[..., Any]) -> Mapping[str, Value]:
    """The value of each parameter, as a function of the connection."""
    hints, unresolved = resolved_hints(function)
    for name, error in unresolved.items():
        raise ConfigurationError(
            f"The annotation of {function.__qualname__}({name}) can't be resolved: {error}. "
            "Define or import the class before the endpoint."
        ) from error
    parameters = list(inspect.signature(function).parameters.values())
    if parameters and parameters[0].name == "self":  # a method of an HTTPEndpoint
        parameters = parameters[1:]
    return {p.name: _value(function, p, hints.get(p.name)) for p in parameters}


def _value(function: Callable[..., Any], parameter: inspect.Parameter, kind: Any) -> Value:
    name = parameter.name
    if isinstance(kind, type):
        if issubclass(kind, Entity):
            return lambda connection: entity_parameter(kind, connection.scope)
        if issubclass(kind, HTTPConnection):
            return lambda connection: connection
        if issubclass(kind, Session):
            return lambda connection: connection.scope["starmodel.session"]
    if name in ("request", "websocket"):
        return lambda connection: connection
    if name == "session":
        return lambda connection: connection.scope["session"]

    def path_parameter(connection: HTTPConnection) -> Any:
        found = connection.path_params.get(name, _MISSING)
        if found is _MISSING and parameter.default is inspect.Parameter.empty:
            raise ConfigurationError(
                f"{function.__qualname__}({name}) has no value: the route has no path parameter "
                f"{{{name}}}. Annotate it with an Entity, Request or Session, or read it from "
                "the request."
            )
        return found

    return path_parameter


async def _response(result: Any, request: Any) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status_code=204)
    if isinstance(result, Redirect):
        return redirect_response(result, request.scope)
    if isinstance(result, Entity):
        accept = ", ".join(request.headers.getlist("accept"))
        made = entity_json(result, accept, gateway_of(request.scope))
        return made or await _entity_page(result, request)
    if isinstance(result, Mapping):
        application = gateway_of(request.scope).application
        actor = request.scope["starmodel.session"].actor
        viewer = Viewer(application.registry, application.areas.current.policy, actor)
        body = json_bytes(await viewer.json_of(result))
        return Response(body, media_type="application/json")
    if (
        isinstance(result, str | list | tuple)
        or hasattr(result, "__html__")
        or hasattr(result, "__ft__")
    ):
        return PageResponse(result)
    raise ConfigurationError(
        f"{request.scope['endpoint'].__qualname__} returned {type(result).__name__}; expected a "
        "Response, HTML, components, an entity, a dict, Redirect or None."
    )


async def _entity_page(entity: Entity, request: Any) -> Response:
    def render() -> PageResponse:
        title, parts = entity_page(entity, gateway_of(request.scope))
        return PageResponse(parts, title=title)

    return await rendered_page(render)
