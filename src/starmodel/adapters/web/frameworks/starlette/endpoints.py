"""The decorator of Starlette endpoints with entities as parameters and pages as results."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.responses import Response

from starmodel.adapters.web.frameworks.handlers import (
    entity_json,
    entity_page,
    gateway_of,
    redirect_response,
)
from starmodel.adapters.web.frameworks.starlette.pages import PageResponse
from starmodel.adapters.web.frameworks.starlette.parameters import caller, endpoints
from starmodel.adapters.web.http.exchange import rendered_page
from starmodel.app.access.disclosure import Viewer
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events.results import Redirect
from starmodel.core.values.json_data import json_bytes


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
    call = caller(function)

    @functools.wraps(function)
    async def respond(*args: Any) -> Any:
        *instance, connection = args
        result = await call(connection, *instance)
        if connection.scope["type"] == "websocket":
            return None
        return await _response(result, connection)

    endpoints.add(respond)
    return respond


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
