"""Entities as parameters, components and results of FastHTML handlers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from fastcore.xml import Safe
from fasthtml.xtend import Titled
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from starmodel.adapters.web.frameworks.handlers import (
    declared,
    entity_json,
    entity_page,
    entity_parameter,
    gateway_of,
    query_parameter,
    redirect_response,
)
from starmodel.app.live.live_queries import query_parameters
from starmodel.core.entity import Entity
from starmodel.core.events.results import Redirect

REQUEST = "starmodel_request"
"""The parameter by which FastHTML passes the request to a handler with queries."""


def support_entities() -> None:
    """Accept entities as handler parameters and components, and `Redirect` as a result.

    FastHTML looks these methods up in the classes, so they hold for the process.
    """

    async def from_request(cls: type[Entity], req: Request) -> Entity:
        return await entity_parameter(cls, req.scope)

    Entity.__from_request__ = classmethod(from_request)
    Entity.__ft__ = lambda entity: Safe(declared(entity))
    Entity.__response__ = _entity_response
    Redirect.__response__ = lambda redirect, request: redirect_response(redirect, request.scope)  # type: ignore[attr-defined]


def with_queries(function: Callable[..., Any]) -> Callable[..., Any]:
    """The handler with its query parameters filled; FastHTML fills the others."""
    queries = query_parameters(function)
    if not queries:
        return function
    signature = inspect.signature(function, eval_str=True)
    others = [each for name, each in signature.parameters.items() if name not in queries]
    request = inspect.Parameter(REQUEST, inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    by_name = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in others]

    @functools.wraps(function)
    async def call(**given: Any) -> Any:
        scope = given.pop(REQUEST).scope
        for name, query in queries.items():
            given[name] = await query_parameter(query, scope)
        if inspect.iscoroutinefunction(function):
            return await function(**given)
        return await run_in_threadpool(function, **given)

    call.__signature__ = signature.replace(parameters=[*by_name, request])  # type: ignore[attr-defined]
    return call


def _entity_response(entity: Entity, request: Request) -> Any:
    """An entity as the response of a handler: its page for a browser, else its JSON."""
    accept, gateway = ", ".join(request.headers.getlist("accept")), gateway_of(request.scope)
    response = entity_json(entity, accept, gateway)
    if response is not None:
        return response
    title, parts = entity_page(entity, gateway)
    return Titled(title, *parts)
