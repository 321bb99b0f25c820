"""Loads the plugins of one application and collects their contributions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.resource import Resource
from starmodel.app.presentation.slots import SlotContent
from starmodel.core.entity import Entity
from starmodel.core.fields.entity_config import PLUGIN_NAME
from starmodel.plugins.contributions import Asset, Route
from starmodel.plugins.discovery import Candidate
from starmodel.plugins.ordering import ordered
from starmodel.plugins.plugin import Plugin
from starmodel.plugins.reports import PluginError, PluginReport, check_required, error_in_plugin
from starmodel.plugins.versions import check_version

log = logging.getLogger("starmodel.plugins")
_ITEMS: Mapping[str, type] = {
    "routes": Route,
    "nav": NavEntry,
    "slots": SlotContent,
    "assets": Asset,
    "resources": Resource,
}


@dataclass(frozen=True, slots=True)
class PluginOptions:
    """The settings of the plugin host.

    Shapes: enabled, disabled and required are names of plugins; tables has the settings of
    each plugin by its name.
    """

    enabled: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


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


class PluginHost:
    """The plugins of one application, in order, and the report on each that was found."""

    def __init__(
        self,
        loaded: list[Contributed],
        reports: Iterable[PluginReport],
        required: Iterable[str] = (),
    ) -> None:
        self.loaded, self.required = loaded, frozenset(required)
        self.reports = sorted(reports, key=lambda report: report.name)

    def report(self, name: str) -> PluginReport | None:
        return next((report for report in self.reports if report.name == name), None)


def note_ignored(made: Contributed, text: str) -> None:
    """Add and log what the application ignores of a plugin."""
    made.report.notes.append(text)
    log.warning("The plugin %r: %s", made.plugin.name, text)


def load_plugins(found: Iterable[Candidate], options: PluginOptions) -> PluginHost:
    """Import, check and order the plugins; one that fails is left out and reported.

    Raises: ConfigurationError, when a required plugin is missing, off or failed.
    """
    reports: dict[str, PluginReport] = {}
    plugins: dict[str, Plugin] = {}
    for candidate in found:
        _load(candidate, options, reports, plugins)
    _drop_unmet(plugins, reports)
    order, circular = ordered(plugins)
    for name, error in circular.items():
        reports[name].fail(error)
        del plugins[name]
    _drop_unmet(plugins, reports)
    loaded: dict[str, Contributed] = {}
    for name in order:
        if name in plugins:
            _collect(plugins[name], loaded, reports)
    for report in reports.values():
        if report.state == "failed":
            log.error("%s", report.sentence)
    check_required(options.required, reports.values())
    return PluginHost(list(loaded.values()), reports.values(), options.required)


def _load(
    candidate: Candidate,
    options: PluginOptions,
    reports: dict[str, PluginReport],
    plugins: dict[str, Plugin],
) -> None:
    name = candidate.name
    if name in reports:
        _note_duplicate(reports[name], candidate)
        return
    report = PluginReport(
        name, candidate.source, candidate.version, candidate.package, candidate.is_on
    )
    if why := _switched_off(name, candidate, options):
        report.state, report.reason = "off", why
        reports[name] = report
        return
    try:
        plugin = candidate.load()
        if plugin.name in reports and plugin.name != name:
            _note_duplicate(reports[plugin.name], candidate)
            return
        _check_name(plugin)
        report.name = plugin.name
        report.version = plugin.version or candidate.version
        if why := _switched_off(plugin.name, candidate, options):
            report.state, report.reason = "off", why
        else:
            check_version(plugin.starmodel)
            plugin.settings = _settings(plugin, options.tables.get(plugin.name, {}))
            plugins[plugin.name] = plugin
    except PluginError as error:
        report.fail(error)
    reports[report.name] = report


def _switched_off(name: str, candidate: Candidate, options: PluginOptions) -> str:
    """Why a plugin is off; "" for one that is on."""
    if name in options.disabled:
        return "It is in plugins_disabled."
    if not (candidate.is_on or name in options.enabled):
        return "It is off by default. Add it to plugins_enabled."
    return ""


def _note_duplicate(report: PluginReport, candidate: Candidate) -> None:
    if candidate.source == report.source:
        return
    note = f"It is also in {candidate.source}, which is ignored."
    report.notes.append(note)
    log.info("The plugin %r is loaded from %s. %s", report.name, report.source, note)


def _check_name(plugin: Plugin) -> None:
    if not isinstance(plugin.name, str) or not PLUGIN_NAME.fullmatch(plugin.name):
        raise PluginError(
            f"its name is {plugin.name!r}.",
            f"Set {type(plugin).__name__}.name to lower-case letters, digits and '_'.",
        )


def _settings(plugin: Plugin, table: Mapping[str, Any]) -> Any:
    """The validated settings of a plugin. Raises: PluginError, naming each wrong setting."""
    given = {**table, **getattr(plugin, "arguments", {})}
    model = plugin.Settings
    if model is None:
        if given:
            raise PluginError(
                f"it has no settings, and {', '.join(map(repr, sorted(given)))} is given.",
                f"Remove [starmodel.plugin.{plugin.name}].",
            )
        return None
    unknown = sorted(given.keys() - model.model_fields.keys())
    if unknown:
        raise PluginError(
            f"it has no setting {unknown[0]!r}; its settings are {', '.join(model.model_fields)}.",
            f"Correct [starmodel.plugin.{plugin.name}].",
        )
    try:
        return model(**given)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc']))} ({problem['msg'].lower()})"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise PluginError(
            f"its settings are incomplete or wrong: {', '.join(problems)}.",
            f"Set them in [starmodel.plugin.{plugin.name}] of starmodel.toml.",
        ) from None


def _drop_unmet(plugins: dict[str, Plugin], reports: Mapping[str, PluginReport]) -> None:
    """Fail the plugins whose requirements are not loaded, until all others are met."""
    while unmet := {
        name: missing
        for name, plugin in plugins.items()
        for missing in plugin.requires
        if missing not in plugins
    }:
        for name, missing in unmet.items():
            reports[name].fail(_unmet(missing, reports.get(missing)))
            del plugins[name]


def _unmet(missing: str, report: PluginReport | None) -> PluginError:
    why = "is not installed" if report is None else f"is {report.state}"
    remedy = {
        None: "Install its package.",
        "off": "Remove it from plugins_disabled.",
        "failed": "Correct that plugin first.",
    }[None if report is None else report.state]
    return PluginError(f"it requires the plugin {missing!r}, which {why}.", remedy)


def _collect(
    plugin: Plugin, loaded: dict[str, Contributed], reports: Mapping[str, PluginReport]
) -> None:
    """Call the plugin's methods; a failing plugin contributes nothing."""
    failed = [name for name in plugin.requires if name not in loaded]
    try:
        if failed:
            raise _unmet(failed[0], reports.get(failed[0]))
        made = Contributed(plugin, reports[plugin.name])
        made.entities = tuple(_called(plugin, "entities"))
        for cls in made.entities:
            if not (isinstance(cls, type) and issubclass(cls, Entity)):
                raise _wrong("entities", cls, "entity classes")
            if cls.model_config.get("plugin") != plugin.name:
                raise PluginError(
                    f"its entity {cls.__name__} does not belong to it.",
                    f"Set model_config['plugin'] = {plugin.name!r} in that class.",
                )
        for kind, expected in _ITEMS.items():
            items = tuple(_called(plugin, kind))
            for item in items:
                if not isinstance(item, expected):
                    raise _wrong(kind, item, f"values of starmodel.plugins.{expected.__name__}")
            setattr(made, kind, items)
        made.commands = dict(_called(plugin, "commands"))
        made.ui = dict(_called(plugin, "ui"))
    except PluginError as error:
        reports[plugin.name].fail(error)
    else:
        loaded[plugin.name] = made
        made.report.is_loaded = True


def _called(plugin: Plugin, kind: str) -> Any:
    try:
        made = getattr(plugin, kind)()
        return made if isinstance(made, Mapping) else tuple(made)
    except (Exception, SystemExit) as error:  # plugin code may raise anything
        raise error_in_plugin(error, f"in {kind}()") from error


def _wrong(kind: str, item: Any, expected: str) -> PluginError:
    return PluginError(
        f"{kind}() returns {item!r:.80}; expected {expected}.", "Correct that method."
    )
