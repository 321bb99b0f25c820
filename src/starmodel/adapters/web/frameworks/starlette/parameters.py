"""Fills the parameters of Starlette endpoints and pages, by annotation and name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from weakref import WeakSet

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from starmodel.adapters.web.frameworks.handlers import (
    check_annotations,
    entity_parameter,
    query_parameter,
)
from starmodel.app.live.live_queries import Where, query_parameters
from starmodel.app.sessions.session import Session
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.annotations import resolved_hints

_MISSING = object()
endpoints: WeakSet[Callable[..., Any]] = WeakSet()
"""The functions that `endpoint` has made, which it refuses to wrap again."""
Value = Callable[[HTTPConnection], Any]


def page_endpoint(
    function: Callable[..., Any], respond: Callable[[Any, Callable[[], Any]], Awaitable[Any]]
) -> Callable[[Any], Awaitable[Any]]:
    """An endpoint that awaits respond(request, call), where `call` fills the parameters.

    Raises: ConfigurationError, as `endpoint`.
    """
    call = caller(function)

    @functools.wraps(function)
    async def serve(request: HTTPConnection) -> Any:
        return await respond(request, lambda: call(request))

    return serve


def caller(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """A coroutine function of a connection, and of the instance of a method, that calls it.

    Raises: ConfigurationError, for a parameter that can't be filled.
    """
    _check_function(function)
    check_annotations(function)
    values = _values(function)
    is_async = inspect.iscoroutinefunction(function)

    async def call(connection: HTTPConnection, *instance: Any) -> Any:
        filled = {}
        for name, value in values.items():
            found = value(connection)
            found = await found if inspect.isawaitable(found) else found
            if found is not _MISSING:
                filled[name] = found
        if is_async:
            return await function(*instance, **filled)
        return await run_in_threadpool(function, *instance, **filled)

    return call


def _check_function(function: Any) -> None:
    """Raises: ConfigurationError, for what can't be called with named values."""
    name = getattr(function, "__qualname__", repr(function))
    if not inspect.isfunction(function):
        raise ConfigurationError(f"endpoint() got {name}; expected a function.")
    if function in endpoints:
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
    values = {p.name: _value(function, p, hints.get(p.name)) for p in parameters}
    return values | {name: _query(query) for name, query in query_parameters(function).items()}


def _query(query: tuple[type[Entity], Where]) -> Value:
    return lambda connection: query_parameter(query, connection.scope)


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
