"""Handlers for the routes and request hooks of plugins: access, response and errors."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from starmodel.adapters.web.http.exchange import Exchange
from starmodel.app.access.decisions import check
from starmodel.app.access.disclosure import Viewer
from starmodel.app.access.rules import check_rule
from starmodel.app.failures import as_exception, is_failure
from starmodel.app.presentation.resource import ID, MountedResource
from starmodel.core.events.results import Redirect
from starmodel.plugins.contributions.assets import Page
from starmodel.plugins.contributions.middleware import RequestHook
from starmodel.plugins.contributions.routes import ResourceRoute, Route
from starmodel.plugins.web.services import PluginServices

Handler = Callable[..., Awaitable[None]]


class Endpoints:
    """Turns the routes of plugins into handlers of the gateway."""

    def __init__(self, services: PluginServices) -> None:
        self._services, self._application = services, services.application

    def handler(self, route: Route) -> Handler:
        """The handler: decides access, calls the endpoint and sends what it returned."""

        async def serve(exchange: Exchange, id: str) -> None:
            check_rule(route.access, exchange.session.actor, route.path)
            made = await route.endpoint(exchange)
            if not exchange.started:
                await self._send(exchange, made)

        return self._guarded(serve, route.endpoint, opens=route.has_session)

    def resource_handler(self, route: ResourceRoute, resource: MountedResource) -> Handler:
        """The handler of a route of a resource, with the error pages of its skin."""
        entity_type, decides = resource.entity_type, route.decides
        is_of_one = not entity_type.is_record or ID in (
            resource.template(route.page) if route.page else route.at
        )

        async def serve(exchange: Exchange, id: str) -> None:
            entity: Any = id
            if decides != "endpoint":
                entity = None
                policy, session = resource.policy, exchange.session
                if is_of_one:
                    entity = await self._application.instance(
                        entity_type, session, id or None, policy=policy
                    )
                if decides == "write" or not is_of_one:
                    await check(policy, entity_type, decides, session.actor, entity=entity)
            made = await route.endpoint(exchange, resource, entity)
            if not exchange.started:
                await self._send(exchange, made, resource)

        return self._guarded(serve, route.endpoint, resource)

    def hook(self, hook: RequestHook) -> BoundHook:
        """The hook as the gateway calls it."""
        return BoundHook(hook, self._guarded_hook(hook))

    def _guarded(
        self,
        serve: Callable[[Exchange, str], Awaitable[None]],
        endpoint: Callable[..., Any],
        resource: MountedResource | None = None,
        *,
        opens: bool = True,
    ) -> Handler:
        """The handler, with exceptions as content-negotiated error responses."""
        errors = self._services.errors

        @functools.wraps(endpoint)  # its name is in the route table
        async def run(exchange: Exchange, found: Any, id: str) -> None:
            try:
                if opens:
                    await self._application.ready()
                await serve(exchange, id)
            except BaseException as error:  # the web edge: every failure becomes a response
                if not is_failure(error):
                    raise
                if exchange.started:  # the server logs the failure and closes the connection
                    raise as_exception(error)  # noqa: B904  # it has its cause
                exchange.session.rollback()
                where = f"{exchange.request.method} {exchange.request.path}"
                ui = None if resource is None else resource.ui
                await errors.send(exchange, errors.problem(exchange, error, where), ui=ui)

        return run

    def _guarded_hook(self, hook: RequestHook) -> Callable[[Exchange], Awaitable[bool]]:
        async def run(exchange: Exchange) -> bool:
            if hook.query and hook.query not in exchange.request.query:
                return False
            try:
                made = await hook.run(exchange)
                if made is not None and not exchange.started:
                    await self._send(exchange, made)
            except BaseException as error:  # the web edge: every failure becomes a response
                if not is_failure(error):
                    raise
                if exchange.started:
                    raise as_exception(error)  # noqa: B904  # it has its cause
                exchange.session.rollback()
                await self._services.errors.send_error(exchange, error)
            return exchange.started

        return run

    async def _send(
        self, exchange: Exchange, made: Any, resource: MountedResource | None = None
    ) -> None:
        """Send what an endpoint has returned, by the rules and the skin of the resource."""
        if made is None:
            await exchange.empty(204)
        elif isinstance(made, Redirect):
            await exchange.redirect(exchange.redirect_url(made.url))
        elif isinstance(made, Response):
            await exchange.relay(made)
        elif isinstance(made, Mapping | BaseModel) or (
            isinstance(made, list) and not any(map(_is_component, made))
        ):  # an entity is a BaseModel
            policy = self._application.policy if resource is None else resource.policy
            viewer = Viewer(self._application.registry, policy, exchange.session.actor)
            await exchange.json(await viewer.json_of(made))
        else:
            page = made if isinstance(made, Page) else Page("", _checked_component(made))
            ui = self._services.ui if resource is None else resource.ui
            title = self._application.texts.render(page.title or self._services.settings.title)
            actor = exchange.session.actor
            await exchange.page(
                lambda: ui.page(title, *page.content, actor=actor, resource=resource)
            )


class BoundHook:
    """A request hook of a plugin. Shapes: run returns whether it has responded."""

    def __init__(self, hook: RequestHook, run: Callable[[Exchange], Awaitable[bool]]) -> None:
        self.query, self.run = f"{hook.query}=".encode() if hook.query else b"", run


def _checked_component(made: Any) -> Any:
    """A component, a text or a sequence of them. Raises: TypeError, for any other value."""
    parts = made if isinstance(made, list | tuple) else (made,)
    for part in parts:
        if not (isinstance(part, str | list | tuple) or part is None or _is_component(part)):
            raise TypeError(
                f"It returned a value of type {type(part).__name__}; expected a Page, a component, "
                "a dict or a list for JSON, a Redirect, a response, or None."
            )
    return made


def _is_component(value: Any) -> bool:
    return not isinstance(value, BaseModel | type) and (
        hasattr(value, "__ft__") or hasattr(value, "__html__")
    )
