"""The routes of an application as a table: method, path and handler."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

from starmodel.adapters.web.framework import WebFramework
from starmodel.adapters.web.gateway import Gateway
from starmodel.adapters.web.http.routing import Found, UserRoutes
from starmodel.adapters.web.paths import (
    CANCEL_PATH,
    DOWNLOADS_PATH,
    INTERNAL,
    SLOTS_PATH,
    STREAM_PATH,
    TITLES_PATH,
)
from starmodel.app.presentation.resource import Page

PAGES: dict[Page, str] = {
    "list": "list", "new": "form for a new one", "bulk": "events for chosen rows",
    "matching": "events for all records of a list",
    "choices": "records to choose", "count": "number of records",
    "export.csv": "export as CSV", "export.jsonl": "export as JSON lines",
    "export.xlsx": "export as a workbook",
    "record": "page", "edit": "form to edit", "delete": "question before it is deleted",
    "events": "which events are possible", "facets": "number of records for each choice",
    "views": "saved views", "cell": "input of a cell",
}  # fmt: skip
_INTERNAL = {
    STREAM_PATH: "stream of a page",
    SLOTS_PATH: "content of a slot",
    CANCEL_PATH: "end of a running event",
    DOWNLOADS_PATH: "file that an event has made",
    TITLES_PATH: "title of a related record",
}


class RouteRow(NamedTuple):
    """One method of one path.

    Shapes: target is "Product.create", "admin.Product list" or the handler
    "shop.views.index"; source is "own" for a user route, "plugin NAME" for one of a
    plugin, its entities or its resources, "generated", or "starmodel" below /_starmodel;
    entity and event are names; replaced is True for a route that a user route shadows.
    """

    method: str
    path: str
    target: str
    source: str
    entity: str | None = None
    event: str | None = None
    replaced: bool = False


def route_table(gateway: Gateway, routes: Iterable[Any]) -> list[RouteRow]:
    """The user's routes in matching order, then the generated routes by path.

    Shapes: routes are the user's, from the router of the web framework.
    """
    own = list(routes)
    user = UserRoutes(SimpleNamespace(routes=own))
    plugin_of = _plugins(gateway)
    generated = [
        RouteRow(
            method, path, _target(found, path), _source(path, plugin_of(found)),
            None if found.entity_type is None else found.entity_type.name,
            _event_name(found),
            not path.startswith(INTERNAL) and _is_replaced(user, method, path),
        )
        for method, path, found in gateway.routes
    ]  # fmt: skip
    generated.sort(key=lambda row: row.source == "starmodel")
    return [*_own(own, "", gateway.framework), *generated]


def replaced_plugin_routes(gateway: Gateway) -> dict[str, list[str]]:
    """The routes of plugins that user routes shadow, by plugin: "GET, POST /audit/notes"."""
    user, plugin_of = UserRoutes(gateway.framework.router), _plugins(gateway)
    methods: dict[tuple[str, str], list[str]] = {}
    for method, path, found in gateway.routes:
        plugin = plugin_of(found)
        if plugin and not path.startswith(INTERNAL) and _is_replaced(user, method, path):
            methods.setdefault((plugin, path), []).append(method)
    replaced: dict[str, list[str]] = {}
    for (plugin, path), names in methods.items():
        replaced.setdefault(plugin, []).append(f"{', '.join(names)} {path}")
    return replaced


def _plugins(gateway: Gateway) -> Callable[[Found], str]:
    """The name of the plugin that a generated route is of; "" for the application's."""
    areas, host = gateway.application.areas, gateway.application.plugins
    declared = [(made.plugin.name, r) for made in host.loaded for r in made.resources]

    def plugin_of(found: Found) -> str:
        if found.owner and not found.is_built_in:
            return found.owner
        if found.resource is None:
            return ""
        resource = areas.declared(found.resource)
        at_address = (name for name, theirs in declared if theirs is resource)
        return next(at_address, None) or str(found.entity_type.cls.model_config.get("plugin", ""))

    return plugin_of


def _own(routes: Iterable[Any], prefix: str, framework: WebFramework) -> Iterator[RouteRow]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        inside = getattr(route, "routes", None)
        if inside:
            yield from _own(inside, path, framework)
            continue
        target = _name_of(route, framework)
        if inside is not None or not hasattr(route, "endpoint"):  # a mount matches all below it
            yield RouteRow("*", f"{path}/…", target, "own")
            continue
        methods = {str(method).upper() for method in getattr(route, "methods", None) or ("*",)}
        if "GET" in methods:
            methods.discard("HEAD")  # implied by GET
        for method in sorted(methods):
            yield RouteRow(method, path, target, "own")


def _name_of(route: Any, framework: WebFramework) -> str:
    """The qualified name of a route's handler."""
    endpoint = getattr(route, "endpoint", None)
    if endpoint is None:
        return type(getattr(route, "app", route)).__name__
    return _qualified(framework.handler_of(endpoint))


def _qualified(endpoint: Any) -> str:
    endpoint = inspect.unwrap(endpoint)
    name = getattr(endpoint, "__qualname__", type(endpoint).__qualname__)
    return f"{getattr(endpoint, '__module__', '')}.{name}".lstrip(".")


def _event_name(found: Found) -> str | None:
    event: Any = found.event  # type checkers see the descriptor that it is on a class
    return None if event is None else str(event.name)


def _target(found: Found, path: str) -> str:
    """A readable name for the handler of a generated route."""
    if found.is_built_in and found.entity_type is None:
        return "start page" if path == "/" else found.owner
    if found.entity_type is None:
        return _INTERNAL.get(path) or _qualified(found.handler)
    event = _event_name(found)
    if event is not None:
        return f"{found.resource.name}.{event}"
    if found.page is None:
        return _qualified(found.handler)
    page = "record" if found.page == "list" and not found.entity_type.is_record else found.page
    return f"{found.resource.name} {PAGES[page]}"


def _source(path: str, plugin: str) -> str:
    if plugin:
        return f"plugin {plugin}"
    return "starmodel" if path.startswith(INTERNAL) else "generated"


def _is_replaced(user: UserRoutes, method: str, path: str) -> bool:
    scope = {
        "type": "http", "method": method, "path": path.replace("{id}", "1"), "root_path": "",
        "headers": [],
    }  # fmt: skip
    return user.take(scope, path)
