"""Switches plugins on and off by settings."""

from __future__ import annotations

from collections.abc import Mapping

from starmodel.cli.plugins.hosts import find_plugins
from starmodel.cli.plugins.settings_file import FILE, TABLE, edit_names
from starmodel.cli.terminal.errors import CommandError, UsageError
from starmodel.cli.terminal.suggestions import did_you_mean
from starmodel.config import Settings, load_settings
from starmodel.config.errors import DEFAULT
from starmodel.plugins.discovery import candidates

DISABLED, ENABLED = "plugins_disabled", "plugins_enabled"


def disable(name: str, app: str | None) -> bool:
    """Switch a plugin off in `starmodel.toml`. Returns whether the file has changed.

    Raises: CommandError, for a required plugin, and when another source takes precedence;
    UsageError, for an unknown name; ConfigurationError, for invalid settings.
    """
    settings = load_settings()
    _is_on_by_default(name, app)
    if name in settings.plugins_required:
        raise CommandError(
            f"The plugin {name!r} is in plugins_required (from "
            f"{settings.origins['plugins_required']}), so the application does not start without "
            "it. Remove it there first."
        )
    _check_precedence(name, settings, {DISABLED: True, ENABLED: False})
    return edit_names(name, add_to=[DISABLED], remove_from=[ENABLED])


def enable(name: str, app: str | None) -> bool:
    """Switch a plugin on in `starmodel.toml`. Returns whether the file has changed.

    Raises: CommandError, when another source takes precedence; UsageError, for an unknown name;
    ConfigurationError, for invalid settings.
    """
    settings = load_settings()
    is_on = _is_on_by_default(name, app)
    _check_precedence(name, settings, {DISABLED: False, **({} if is_on else {ENABLED: True})})
    return edit_names(name, add_to=[] if is_on else [ENABLED], remove_from=[DISABLED])


def unknown_plugin(name: str, names: list[str]) -> UsageError:
    """The error for a name that no plugin has, with the closest one."""
    existing = ", ".join(names) or "none"
    return UsageError(f"There is no plugin {name!r}.{did_you_mean(name, names)} Found: {existing}.")


def _is_on_by_default(name: str, app: str | None) -> bool:
    """Whether the plugin is on without settings. Raises: UsageError, for an unknown name."""
    if app is None:
        found = {candidate.name: candidate.is_on for candidate in reversed(candidates())}
        if name in found:
            return found[name]  # nothing is imported, so a plugin that hangs can be switched off
    reports = {report.name: report for report in find_plugins(app).host.reports}
    if name not in reports:
        raise unknown_plugin(name, sorted(reports))
    return reports[name].on_by_default


def _check_precedence(name: str, settings: Settings, wanted: Mapping[str, bool]) -> None:
    """Raises: CommandError, when the file can't change whether a list has the name."""
    for setting, has_name in wanted.items():
        origin = settings.origins[setting]
        is_of_file = origin in (DEFAULT, f"[{TABLE}] of {FILE}")
        if not is_of_file and (name in getattr(settings, setting)) != has_name:
            raise CommandError(
                f"The plugin {name!r} is unchanged: {setting} comes from {origin}, which takes "
                f"precedence over [{TABLE}] of {FILE}. Change it there."
            )
