"""Calls the methods of a plugin and validates what they return."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any

from starmodel.app.failures import is_failure
from starmodel.app.health import HealthCheck
from starmodel.app.ports.mailer import MakeMailer
from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.resource import MountedResource, Resource
from starmodel.app.presentation.slots import SlotContent
from starmodel.core.entity import Entity
from starmodel.plugins.contributions.assets import Asset
from starmodel.plugins.contributions.middleware import Middleware, RequestHook
from starmodel.plugins.contributions.routes import INTERNAL, EventRoute, ResourceRoute, Route
from starmodel.plugins.plugin import Plugin
from starmodel.plugins.reports import (
    PluginError,
    PluginReport,
    error_in_plugin,
    shortened,
)

MAX_ITEM_CHARS = 80
_SCHEME = re.compile(r"[a-z][a-z0-9+-]*")
_ITEMS: Mapping[str, tuple[type, ...]] = {
    "routes": (Route,),
    "middleware": (Middleware, RequestHook),
    "health_checks": (HealthCheck,),
    "nav": (NavEntry,),
    "slots": (SlotContent,),
    "assets": (Asset,),
    "resources": (Resource,),
}


@dataclass(slots=True)
class Contributed:
    """The contributions of one loaded plugin.

    Shapes: resource_routes has the routes by the name of their resource, once an application
    has resources.
    """

    plugin: Plugin
    report: PluginReport
    entities: tuple[type[Entity], ...] = ()
    routes: tuple[Route, ...] = ()
    resource_routes: dict[str, list[Any]] = field(default_factory=dict)
    middleware: tuple[Middleware | RequestHook, ...] = ()
    health_checks: tuple[HealthCheck, ...] = ()
    nav: tuple[NavEntry, ...] = ()
    slots: tuple[SlotContent, ...] = ()
    assets: tuple[Asset, ...] = ()
    resources: tuple[Resource, ...] = ()
    ui: dict[str, Callable[..., Any]] = field(default_factory=dict)
    commands: dict[str, Any] = field(default_factory=dict)
    mailers: dict[str, MakeMailer] = field(default_factory=dict)


def collect(
    plugin: Plugin, loaded: dict[str, Contributed], reports: Mapping[str, PluginReport]
) -> None:
    """Call the plugin's methods; a failing plugin contributes nothing."""
    failed = [name for name in plugin.requires if name not in loaded]
    try:
        if failed:
            raise unmet_requirement(failed[0], reports.get(failed[0]))
        made = Contributed(plugin, reports[plugin.name])
        made.entities = tuple(_called(plugin, "entities"))
        for cls in made.entities:
            if not (isinstance(cls, type) and issubclass(cls, Entity)):
                raise _wrong(made.report, "entities", cls, "entity classes")
            if cls.model_config.get("plugin") != plugin.name:
                raise PluginError(
                    f"its entity {cls.__name__} does not belong to it.",
                    f"Set model_config['plugin'] = {plugin.name!r} in that class.",
                )
        for kind, expected in _ITEMS.items():
            items = tuple(_called(plugin, kind))
            for item in items:
                if not isinstance(item, expected):
                    names = " or ".join(cls.__name__ for cls in expected)
                    raise _wrong(made.report, kind, item, f"values of starmodel.plugins.{names}")
            setattr(made, kind, items)
        for route in made.routes:
            if not route.is_of(plugin.name):
                raise PluginError(
                    f"its route {route.path} is reserved: below {INTERNAL} it may have "
                    f"{INTERNAL}/{plugin.name}.",
                    "Use that path or one outside.",
                )
        checks = [check.name for check in made.health_checks]
        for name in checks:
            if checks.count(name) > 1:
                raise PluginError(f"it has two health checks named {name!r}.", "Rename one.")
        made.commands = _mapping(made, "commands")
        made.ui = _mapping(made, "ui")
        made.mailers = _mapping(made, "mailers")
        for scheme, make in made.mailers.items():
            if not (_SCHEME.fullmatch(scheme) and callable(make)):
                raise _wrong(made.report, "mailers", {scheme: make}, "functions by URL scheme")
    except PluginError as error:
        reports[plugin.name].fail(error)
    else:
        loaded[plugin.name] = made
        made.report.is_loaded = True


def collect_resource_routes(
    made: Contributed, resource: MountedResource
) -> list[ResourceRoute | EventRoute]:
    """The plugin's routes of a resource. Raises: PluginError."""
    kind, expected = "resource_routes", (ResourceRoute, EventRoute)
    routes = list(_called(made.plugin, kind, resource))
    for route in routes:
        if not isinstance(route, expected):
            values = "values of starmodel.plugins.ResourceRoute or EventRoute"
            raise _wrong(made.report, kind, route, values)
        if isinstance(route, EventRoute) and route.event not in resource.entity_type.events:
            raise PluginError(
                f"its EventRoute({route.event!r}) is for {resource.name}, which has no such event.",
                "Correct resource_routes().",
            )
    if routes:
        made.resource_routes[resource.name] = routes
    return routes


def _called(plugin: Plugin, kind: str, *arguments: Any) -> Any:
    try:
        with redirect_stdout(sys.stderr):
            made = getattr(plugin, kind)(*arguments)
            return made if isinstance(made, Mapping) else tuple(made)
    except BaseException as error:  # plugin code may raise anything
        if not is_failure(error):
            raise
        raise error_in_plugin(error, f"in {kind}()") from error


def _mapping(made: Contributed, kind: str) -> dict[str, Any]:
    found = _called(made.plugin, kind)
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise _wrong(made.report, kind, found, "a dict by name")
    return dict(found)


def _wrong(report: PluginReport, kind: str, item: Any, expected: str) -> PluginError:
    # Values are hidden before the text is cut: a part of one would not be recognised.
    shown = shortened(report.values.hide(repr(item)), MAX_ITEM_CHARS)
    return PluginError(f"{kind}() returns {shown}; expected {expected}.", "Correct that method.")


def unmet_requirement(missing: str, report: PluginReport | None) -> PluginError:
    why = "is not installed" if report is None else f"is {report.state}"
    remedy = {
        None: "Install its package.",
        "off": "Remove it from plugins_disabled.",
        "failed": "Correct that plugin first.",
    }[None if report is None else report.state]
    return PluginError(f"it requires the plugin {missing!r}, which {why}.", remedy)
