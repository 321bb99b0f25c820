"""Checks of plugins: whole ones, and commands of entry points."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from starmodel.app.application import Application
from starmodel.cli.doctor.finding import Finding, Level
from starmodel.cli.plugins.contributed_commands import contributed_commands
from starmodel.cli.plugins.discovery import (
    COMMAND_GROUPS,
    EntryPointError,
    package_of,
    single_points,
)
from starmodel.cli.plugins.hosts import folder_plugins, plugins_of
from starmodel.cli.plugins.reporting import failure_of
from starmodel.cli.plugins.single_parts import USED_GROUPS, check_point, unused_reason
from starmodel.cli.terminal.suggestions import did_you_mean
from starmodel.config import Settings
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.reports import PluginReport, check_required


def check_plugins(
    application: Application | None, settings: Settings, built_in: Collection[str]
) -> Iterator[Finding]:
    """Check that every plugin is loaded, and that settings name existing ones."""
    try:
        found = folder_plugins(settings) if application is None else plugins_of(application)
    except ConfigurationError as error:
        yield Finding("problem", "plugins", str(error))
        return
    reports = found.host.reports
    required = settings.plugins_required
    for report in reports:
        if report.state == "failed":
            level: Level = "problem" if report.name in required else "warning"
            yield Finding(level, "plugins", failure_of(report), report.remedy)
        for note in report.notes:
            yield Finding(
                "note", "plugins", f"The plugin {report.name!r}: {note}",
                "Leave it if that is what you want.",
            )  # fmt: skip
    yield from _check_names(settings, reports)
    yield from _check_tables(settings, reports)
    for conflict in contributed_commands(found.host, built_in)[1]:
        yield Finding(
            "warning", "plugins", conflict.text, "Ask the plugin's authors for another command."
        )
    if found.host.loaded:
        names = ", ".join(made.plugin.name for made in found.host.loaded)
        yield Finding("ok", "plugins", f"Loaded in this order: {names}.")


def check_entry_points(built_in: Collection[str]) -> Iterator[Finding]:
    """Check that every single entry point can be loaded and is not shadowed."""
    for point in single_points():
        if point.group not in USED_GROUPS:
            continue
        reason = unused_reason(point, built_in)
        if reason:
            where = f"{point.group}: {point.name} of {package_of(point)} is not used."
            text = reason if point.group in COMMAND_GROUPS else f"{where} {reason}"
            yield Finding("warning", "plugins", text, "Ask its authors for another name.")
            continue
        try:
            check_point(point)
        except EntryPointError as error:
            yield Finding("warning", "plugins", str(error), "Update it, or uninstall it.")


def _check_names(settings: Settings, reports: Iterable[PluginReport]) -> Iterator[Finding]:
    """Check the names of plugins in settings, and the state of required ones."""
    states = {report.name: report.state for report in reports}
    for name in settings.plugins_required:
        if states.get(name) == "failed":
            continue
        try:
            check_required([name], reports)
        except ConfigurationError as error:
            yield Finding("problem", "plugins", str(error))
    for setting in ("plugins_disabled", "plugins_enabled"):
        for name in getattr(settings, setting):
            if name not in states:
                hint = did_you_mean(name, states)
                yield Finding(
                    "note", setting, f"It names {name!r}, which is not installed.{hint}",
                    f"Correct it in {settings.origins[setting]}, or remove it.",
                )  # fmt: skip


def _check_tables(settings: Settings, reports: Iterable[PluginReport]) -> Iterator[Finding]:
    """Check that a plugin reads each table of settings. Values are not named."""
    names = [report.name for report in reports]
    for name in sorted(settings.plugin_settings.keys() - set(names)):
        origins = ", ".join(sorted(set(settings.plugin_origins.get(name, {}).values())))
        yield Finding(
            "warning", "plugins",
            f"No plugin reads [starmodel.plugin.{name}]: there is no plugin {name!r}."
            f"{did_you_mean(name, names)}",
            f"Correct the name in {origins or '[starmodel.plugin] of starmodel.toml'}, install "
            "the plugin, or remove the settings.",
        )  # fmt: skip
