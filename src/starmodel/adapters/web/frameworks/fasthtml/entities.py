"""Entities as parameters, components and results of FastHTML handlers."""

from __future__ import annotations

from typing import Any

from fastcore.xml import Safe
from fasthtml.xtend import Titled
from starlette.requests import Request

from starmodel.adapters.web.frameworks.handlers import (
    declared,
    entity_json,
    entity_page,
    entity_parameter,
    gateway_of,
    redirect_response,
)
from starmodel.core.entity import Entity
from starmodel.core.events.results import Redirect


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


def _entity_response(entity: Entity, request: Request) -> Any:
    """An entity as the response of a handler: its page for a browser, else its JSON."""
    accept, gateway = ", ".join(request.headers.getlist("accept")), gateway_of(request.scope)
    response = entity_json(entity, accept, gateway)
    if response is not None:
        return response
    title, parts = entity_page(entity, gateway)
    return Titled(title, *parts)
