"""Loads the plugins of one application, in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from starmodel.plugins.collecting import Contributed, collect, unmet_requirement
from starmodel.plugins.discovery import Candidate
from starmodel.plugins.loading import PluginOptions, load_plugin
from starmodel.plugins.ordering import ordered
from starmodel.plugins.plugin import Plugin
from starmodel.plugins.reports import PluginError, PluginReport, check_required

log = logging.getLogger("starmodel.plugins")


class PluginHost:
    """The plugins of one application, in order, and the report on each that was found."""

    def __init__(
        self,
        loaded: list[Contributed],
        reports: Iterable[PluginReport],
        required: Iterable[str] = (),
    ) -> None:
        self.loaded, self.required = loaded, tuple(required)
        self.reports = sorted(reports, key=lambda report: (report.is_built_in, report.name))
        self.replaced_routes: Callable[[], Mapping[str, list[str]]] | None = None

    def drop(self, made: Contributed, error: PluginError) -> None:
        """Leave out a plugin whose contributions can't be used, and those that require it.

        Raises: ConfigurationError, when one of them is required.
        """
        made.report.is_loaded = False
        made.report.fail(error)
        self.loaded.remove(made)
        log.error("%s", made.report.sentence)
        for other in [o for o in self.loaded if made.plugin.name in o.plugin.requires]:
            self.drop(other, unmet_requirement(made.plugin.name, made.report))
        check_required(self.required, self.reports)

    def fail_connected(self, made: Contributed, error: PluginError) -> None:
        """Report a plugin that fails after its entities were registered; what it added stays.

        Raises: ConfigurationError, when it is required.
        """
        made.report.fail(error)
        log.error("%s What it adds besides stays.", made.report.sentence)
        check_required(self.required, self.reports)

    def note_replaced_routes(self) -> None:
        """Note the routes of plugins that the application's own replace.

        Called when the application starts and by commands, since routes are added after plugins.
        """
        replaced = {} if self.replaced_routes is None else self.replaced_routes()
        for made in self.loaded:
            for route in replaced.get(made.plugin.name, ()):
                text = made.report.note(f"{route} is your own route, which takes precedence.")
                log.info("The plugin %r: %s", made.plugin.name, text)

    def report(self, name: str) -> PluginReport | None:
        return next((report for report in self.reports if report.name == name), None)


def note_ignored(made: Contributed, text: str) -> None:
    """Add and log what the application ignores of a plugin."""
    log.warning("The plugin %r: %s", made.plugin.name, made.report.note(text))


def load_plugins(found: Iterable[Candidate], options: PluginOptions) -> PluginHost:
    """Import, check and order the plugins; one that fails is left out and reported.

    Raises: ConfigurationError, when a required plugin is missing, off or failed.
    """
    reports: dict[str, PluginReport] = {}
    plugins: dict[str, Plugin] = {}
    for candidate in found:
        load_plugin(candidate, options, reports, plugins)
    _drop_unmet(plugins, reports)
    built_in = {report.name for report in reports.values() if report.is_built_in}
    order, circular = ordered(plugins, built_in)
    for name, error in circular.items():
        reports[name].fail(error)
        del plugins[name]
    _drop_unmet(plugins, reports)
    loaded: dict[str, Contributed] = {}
    for name in order:
        if name in plugins:
            collect(plugins[name], loaded, reports)
    for report in reports.values():
        if report.state == "failed":
            log.error("%s", report.sentence)
    check_required(options.required, reports.values())
    return PluginHost(list(loaded.values()), reports.values(), options.required)


def _drop_unmet(plugins: dict[str, Plugin], reports: Mapping[str, PluginReport]) -> None:
    """Fail the plugins whose requirements are not loaded, until all others are met."""
    while unmet := {
        name: missing
        for name, plugin in plugins.items()
        for missing in plugin.requires
        if missing not in plugins
    }:
        for name, missing in unmet.items():
            reports[name].fail(unmet_requirement(missing, reports.get(missing)))
            del plugins[name]
