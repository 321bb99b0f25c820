"""Connects what plugins contribute to the gateway and the application."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from starmodel.adapters.web.frameworks.route_table import replaced_plugin_routes
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.resources.areas import in_area
from starmodel.app.failures import is_failure
from starmodel.app.health import OwnedCheck
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.collecting import Contributed, collect_resource_routes
from starmodel.plugins.contributions.middleware import Middleware
from starmodel.plugins.contributions.routes import EventRoute, ResourceRoute, Route
from starmodel.plugins.host import PluginHost, note_ignored
from starmodel.plugins.lifecycle import Lifecycle
from starmodel.plugins.plugin import Plugin
from starmodel.plugins.reports import PluginError
from starmodel.plugins.web import PluginServices
from starmodel.plugins.web.endpoints import Endpoints
from starmodel.plugins.web.middleware import GuardedMiddleware


def connect_plugins(host: PluginHost, gateway: Gateway, services: PluginServices) -> None:
    """Add routes, middleware, slots, checks and lifecycle hooks in the order of the plugins.

    Raises: ConfigurationError, when an event of a class has the URL of a generated page, and for
    a required plugin whose routes of a resource fail.
    """
    application = gateway.application
    connection = _Connection(host, gateway, services)
    for made in host.loaded:
        made.plugin.services = services
        errors = gateway.error_responses
        errors.sign_in_path = errors.sign_in_path or made.plugin.sign_in_path
        connection.add_routes(made)
        application.extensions.nav += made.nav
        application.extensions.health_checks += [
            OwnedCheck(made.plugin.name, check, made.report.values.hide)
            for check in made.health_checks
        ]
        for content in made.slots:
            try:
                application.extensions.slots.add(made.plugin.name, content)
            except ConfigurationError as error:
                note_ignored(made, str(error))
    application.areas.collect_pages()
    application.plugins = host
    host.replaced_routes = functools.partial(replaced_plugin_routes, gateway)
    application.lifecycle = lifecycle = Lifecycle(host)
    if any(type(made.plugin).on_serve is not Plugin.on_serve for made in host.loaded):
        gateway.on_serve = lifecycle.serve
    connection.add_middleware()


class _Connection:
    """Adds the contributions of plugins to one gateway."""

    def __init__(self, host: PluginHost, gateway: Gateway, services: PluginServices) -> None:
        self._host, self._gateway, self._endpoints = host, gateway, Endpoints(services)

    def add_routes(self, made: Contributed) -> None:
        """Add the plugin's own routes, then those of each resource."""
        for route in made.routes:
            self._add_route(made, route)
        areas = self._gateway.application.areas
        try:
            found = [
                (resource, route)
                for resource in areas
                if resource.path is not None
                for route in collect_resource_routes(made, resource)
            ]
        except PluginError as error:
            self._host.fail_connected(made, error)
            return
        for resource, each in found:
            if isinstance(each, EventRoute):
                self._add_event(made, resource, each)
            else:
                self._add_resource_route(made, resource, each)

    def add_middleware(self) -> None:
        """Put the middleware of all plugins around the application, the first one outermost."""
        gateway, found = self._gateway, list[tuple[Contributed, Middleware]]()
        for made in self._host.loaded:
            for item in made.middleware:
                if isinstance(item, Middleware):
                    found.append((made, item))
                else:
                    gateway.hooks.append(self._endpoints.hook(item))
        if not found:
            return

        def wrap(app: Any) -> Any:
            for made, item in reversed(found):
                try:
                    app = GuardedMiddleware(made.report, item, app, gateway)
                except BaseException as error:  # plugin code may raise anything
                    if not is_failure(error):
                        raise
                    note_ignored(made, f"The middleware {item.make!r} failed: {error!r:.200}.")
            return app

        gateway.wrap(wrap)

    def _add_route(self, made: Contributed, route: Route) -> None:
        routes = self._gateway.routes
        add: Callable[..., None] = routes.add_below if route.below else routes.add
        handler = self._endpoints.handler(route)
        for method in route.methods:
            add_this = functools.partial(
                add, method, route.path, handler, has_session=route.has_session, **_owner(made)
            )
            if self._added(made, method, route.path, add_this) and route.is_open:
                routes.open(method, route.path)

    def _add_event(self, made: Contributed, resource: MountedResource, route: EventRoute) -> None:
        event = resource.entity_type.events[route.event]
        try:
            self._gateway.events.add(self._gateway.routes, resource, event, **_owner(made))
        except ConfigurationError:
            if made.report.is_built_in:
                raise
            note_ignored(made, f"The event {resource.name}.{event.name} is served already.")

    def _add_resource_route(
        self, made: Contributed, resource: MountedResource, route: ResourceRoute
    ) -> None:
        gateway, page = self._gateway, route.page
        template = resource.template(page) if page else f"{resource.path}{route.at}"
        area = gateway.application.areas.of(resource)
        handler = in_area(area, self._endpoints.resource_handler(route, resource))
        for method in route.methods:
            add = functools.partial(
                gateway.routes.add, method, template, handler, resource=resource, page=page,
                **_owner(made),
            )  # fmt: skip
            if self._added(made, method, template, add) and page:
                resource.pages.add(page)

    def _added(self, made: Contributed, method: str, path: str, add: Callable[[], object]) -> bool:
        """Add a route. False for one whose path is taken by another plugin, which is noted.

        Raises: ConfigurationError, when an event has the URL of a generated page.
        """
        try:
            add()
        except ConfigurationError:
            other = self._gateway.routes.at(method, path)
            if other is not None and other.event is not None and made.report.is_built_in:
                raise
            owner = self._gateway.routes.owner(method, path)
            note_ignored(made, f"{method} {path} is a route of {owner} already.")
            return False
        return True


def _owner(made: Contributed) -> dict[str, Any]:
    return {"owner": made.plugin.name, "is_built_in": made.report.is_built_in}
