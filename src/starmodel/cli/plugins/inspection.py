"""Describes one plugin: its declarations, settings and contributions."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from starmodel.cli.events.describe import overview
from starmodel.cli.plugins.hosts import FoundPlugins
from starmodel.cli.plugins.reporting import described
from starmodel.cli.plugins.settings_rows import plugin_setting_rows
from starmodel.core.entity import Entity
from starmodel.plugins.collecting import Contributed
from starmodel.plugins.contributions.routes import EventRoute, ResourceRoute
from starmodel.plugins.plugin import Plugin
from starmodel.plugins.reports import PluginReport

ENTITY_KEYS = ("name", "store", "scope", "path", "events")
HOOKS = ("on_serve", "on_startup", "on_shutdown")


def inspected(report: PluginReport, found: FoundPlugins) -> dict[str, Any]:
    """The plugin as JSON data.

    Shapes: the keys of `described`; summary; and for a loaded plugin requires, before, after,
    starmodel, settings, contributes by kind, hooks.
    """
    description = described(report)
    made = found.contributed(report.name)
    if made is None:
        return {**description, "summary": _package_summary(report.package)}
    plugin = made.plugin
    return {
        **description,
        "summary": _summary(plugin) or _package_summary(report.package),
        "class": _qualified(type(plugin)),
        "requires": list(plugin.requires),
        "before": list(plugin.before),
        "after": list(plugin.after),
        "starmodel": plugin.starmodel or None,
        "settings": [row._asdict() for row in plugin_setting_rows(plugin, found.settings)],
        "contributes": _contributions(made, found),
        "hooks": [hook for hook in HOOKS if _overrides(plugin, hook)],
    }


def _contributions(made: Contributed, found: FoundPlugins) -> dict[str, list[dict[str, Any]]]:
    """Every kind of contribution with its items, also kinds that are empty."""
    kinds = [field.name for field in fields(made) if field.name not in ("plugin", "report")]
    return {kind: _items(getattr(made, kind), found) for kind in kinds}


def _items(items: Any, found: FoundPlugins) -> list[dict[str, Any]]:
    if isinstance(items, Mapping) and all(isinstance(item, list) for item in items.values()):
        return [
            {"resource": name, **_route(route)}
            for name, routes in items.items()
            for route in routes
        ]
    if isinstance(items, Mapping):
        return [{"name": str(name), "target": _plain(item)} for name, item in items.items()]
    return [_item(item, found) for item in items]


def _route(route: ResourceRoute | EventRoute) -> dict[str, Any]:
    if isinstance(route, EventRoute):
        return {"route": None, "methods": None, "event": route.event, "endpoint": None}
    return {
        "route": route.at,
        "methods": list(route.methods),
        "event": None,
        "endpoint": _qualified(route.endpoint),
    }


def _item(item: Any, found: FoundPlugins) -> dict[str, Any]:
    if isinstance(item, type) and issubclass(item, Entity):
        summary = overview(found.entity_type(item))
        return {key: summary[key] for key in ENTITY_KEYS}
    if is_dataclass(item) and not isinstance(item, type):
        return {field.name: _plain(getattr(item, field.name)) for field in fields(item)}
    return {"value": _plain(item)}


def _plain(value: Any) -> Any:
    """JSON data for a declared value; functions and classes by their qualified name."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return _qualified(value)


def _qualified(value: Any) -> str:
    """The module and name of a class or function, or of the class of another object."""
    unwrapped = inspect.unwrap(value) if callable(value) else value
    name = getattr(unwrapped, "__qualname__", None)
    if name is None:
        unwrapped = type(unwrapped)
        name = f"{unwrapped.__qualname__} object"
    return f"{unwrapped.__module__}.{name}"


def _overrides(plugin: Plugin, method: str) -> bool:
    return getattr(type(plugin), method) is not getattr(Plugin, method)


def _summary(plugin: Plugin) -> str | None:
    """The first paragraph of the docstring of the class."""
    text = inspect.cleandoc(type(plugin).__doc__ or "")
    return " ".join(text.partition("\n\n")[0].split()) or None


def _package_summary(package: str) -> str | None:
    try:
        found = metadata(package).json.get("summary") if package else None
    except PackageNotFoundError:
        return None
    return None if found is None else str(found)
