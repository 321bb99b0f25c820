"""Entities and redirects in handlers of user routes, for every framework."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.responses import RedirectResponse, Response

from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.http.negotiation import representation
from starmodel.app.context import current_context
from starmodel.app.live.live_queries import LiveRecords, Where, query_parameters
from starmodel.core.classes.registry import Registry
from starmodel.core.current_app import host_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events.results import Redirect
from starmodel.core.fields.annotations import resolved_hints
from starmodel.core.fields.field_types import plain_types
from starmodel.core.public_state import public_state
from starmodel.core.values.json_data import json_bytes


def gateway_of(scope: Mapping[str, Any]) -> Gateway:
    """The gateway that a request has passed. Raises: ConfigurationError, without one."""
    gateway: Gateway | None = scope.get("starmodel.gateway")
    if gateway is None:
        raise ConfigurationError(
            "This request has passed no StarModel application. Call configure_app() with the "
            "application that serves it, or use create_app()."
        )
    return gateway


async def entity_parameter(cls: type[Entity], scope: Mapping[str, Any]) -> Entity:
    """The value of a handler's entity parameter: the visitor's own, or the record of the path.

    Raises: NotSignedInError, AccessDeniedError, NotFoundError; ConfigurationError, for a record
    without a path parameter.
    """
    application = gateway_of(scope).application
    entity_type = application.registry[cls]
    id = _id_in(scope.get("path_params") or {}, cls)
    if id is None and entity_type.is_record:
        raise ConfigurationError(
            f"A {cls.__name__} parameter needs the id of its record, but the route has no path "
            f"parameter {{id}} or {{{_name_in_path(cls)}_id}}. Add one, or use "
            f"{cls.__name__}.objects in the handler."
        )
    return await application.instance(entity_type, scope["starmodel.session"], id)


async def query_parameter(
    query: tuple[type[Entity], Where], scope: Mapping[str, Any]
) -> LiveRecords[Any]:
    """The value of a handler's query parameter: the records that the visitor may read.

    Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError.
    """
    cls, declared = query
    actor = scope["starmodel.session"].actor
    return await gateway_of(scope).application.records_of(cls, declared, actor)


def check_queries(function: Any, registry: Registry) -> None:
    """Refuse queries in parameters that their classes do not take. Raises: ConfigurationError."""
    for name, (cls, query) in query_parameters(function).items():
        query.check(registry[cls], f"{function.__qualname__}({name})")


def declared(entity: Entity) -> str:
    """The declaration of an entity's signals; the current page subscribes to them."""
    application: Any = host_of(entity.__entity__.cls)
    return str(application.frontend.declare(entity))


def declare_in_templates() -> None:
    """Let template engines render an entity as the declaration of its signals.

    They look `__html__` up in the class, so it holds for the process.
    """
    Entity.__html__ = declared


def redirect_response(redirect: Redirect, scope: Mapping[str, Any]) -> Response:
    """`Redirect` as a response. Raises: RequestError, for an address of another site."""
    return RedirectResponse(gateway_of(scope).safe_url(scope, redirect.url), status_code=303)


def entity_json(entity: Entity, accept: str, gateway: Gateway) -> Response | None:
    """An entity as the response to an API client; None for a browser, which gets a page."""
    if representation(accept.encode("latin-1")) == "html":
        return None
    body = json_bytes(public_state(gateway.application.seen_now(entity)))
    return Response(body, media_type="application/json", headers={"vary": "accept"})


def entity_page(entity: Entity, gateway: Gateway) -> tuple[str, list[Any]]:
    """The title and the components of an entity's page: its fields and its events."""
    resource = gateway.application.areas.current_resource(entity.__entity__.cls)
    entity = gateway.application.seen_now(entity)
    parts = [
        resource.ui.record_detail(resource, entity),
        resource.ui.record_events(resource, entity),
    ]
    return resource.entity_type.title, parts


def description() -> str:
    """The `<meta>` description: the first docstring line of the current route's handler."""
    context = current_context.get()
    scope = (context and context.scope) or {}
    doc = getattr(scope.get("endpoint"), "__doc__", None) or ""
    first = doc.strip().partition("\n")[0]
    return f'<meta name="description" content="{escape(first)}">' if first else ""


def check_annotations(handler: Any) -> None:
    """Reject handler parameters that no framework can fill.

    Raises: ConfigurationError, for `Counter | None` and `list[Counter]`.
    """
    if handler is None or not callable(handler) or isinstance(handler, type):
        return
    try:
        hints, _ = resolved_hints(handler)
    except TypeError:
        return
    queries = query_parameters(handler)
    for name, annotation in hints.items():
        if (
            name == "return"
            or name in queries
            or (isinstance(annotation, type) and not typing.get_origin(annotation))
        ):
            continue
        inside = [*plain_types(annotation), *typing.get_args(annotation)]
        wrong = [t for t in inside if isinstance(t, type) and issubclass(t, Entity)]
        if wrong:
            entity = wrong[0].__name__
            raise ConfigurationError(
                f"{handler.__qualname__}({name}: {annotation}) can't be injected. "
                f"Write {name}: {entity}, or {name}: Annotated[list[{entity}], where(…)] for a "
                f"query, or use {entity}.objects in the handler."
            )


def _id_in(path_params: Mapping[str, Any], cls: type[Entity]) -> Any:
    """The record's id among the path parameters."""
    name = _name_in_path(cls)
    for key in (f"{name}_id", name, "id"):
        if key in path_params:
            return path_params[key]
    return None


def _name_in_path(cls: type[Entity]) -> str:
    """The class name in path parameters: "order_line" for OrderLine."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
