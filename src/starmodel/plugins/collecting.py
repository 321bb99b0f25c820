"""Calls the methods of a plugin and validates what they return."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any

from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.resource import Resource
from starmodel.app.presentation.slots import SlotContent
from starmodel.core.entity import Entity
from starmodel.plugins.contributions import Asset, Route
from starmodel.plugins.plugin import Plugin
from starmodel.plugins.reports import (
    PLUGIN_FAILURES,
    PluginError,
    PluginReport,
    error_in_plugin,
    shortened,
)

MAX_ITEM_CHARS = 80
_ITEMS: Mapping[str, type] = {
    "routes": Route,
    "nav": NavEntry,
    "slots": SlotContent,
    "assets": Asset,
    "resources": Resource,
}


@dataclass(slots=True)
class Contributed:
    """The contributions of one loaded plugin."""

    plugin: Plugin
    report: PluginReport
    entities: tuple[type[Entity], ...] = ()
    routes: tuple[Route, ...] = ()
    nav: tuple[NavEntry, ...] = ()
    slots: tuple[SlotContent, ...] = ()
    assets: tuple[Asset, ...] = ()
    resources: tuple[Resource, ...] = ()
    ui: dict[str, Callable[..., Any]] = field(default_factory=dict)
    commands: dict[str, Any] = field(default_factory=dict)


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
                    values = f"values of starmodel.plugins.{expected.__name__}"
                    raise _wrong(made.report, kind, item, values)
            setattr(made, kind, items)
        made.commands = _mapping(made, "commands")
        made.ui = _mapping(made, "ui")
    except PluginError as error:
        reports[plugin.name].fail(error)
    else:
        loaded[plugin.name] = made
        made.report.is_loaded = True


def _called(plugin: Plugin, kind: str) -> Any:
    try:
        with redirect_stdout(sys.stderr):
            made = getattr(plugin, kind)()
            return made if isinstance(made, Mapping) else tuple(made)
    except PLUGIN_FAILURES as error:  # plugin code may raise anything
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
