"""Switches plugins on and off by settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from starmodel.app.failures import is_failure
from starmodel.cli.plugins.hosts import find_plugins, imports_of_the_folder, silent_reports
from starmodel.cli.plugins.settings_file import FILE, TABLE, edit_names
from starmodel.cli.terminal.errors import CommandError, UsageError
from starmodel.cli.terminal.suggestions import did_you_mean
from starmodel.config import Settings, load_settings
from starmodel.config.errors import DEFAULT
from starmodel.plugins.built_in import built_in_candidates
from starmodel.plugins.discovery import candidates
from starmodel.plugins.plugin import Plugin

DISABLED, ENABLED = "plugins_disabled", "plugins_enabled"


def disable(name: str, app: str | None, *, with_dependents: bool = False) -> list[str]:
    """Switch a plugin off in `starmodel.toml`. Returns the plugins for which the file has changed.

    Shapes: with_dependents also switches off the plugins that require it.
    Raises: CommandError, for a required or essential plugin, for one that enabled plugins require,
    and when another source takes precedence; UsageError, for an unknown name; ConfigurationError,
    for invalid settings.
    """
    settings = load_settings()
    why_essential = _found(name, app).why_essential
    if why_essential:
        raise CommandError(f"The plugin {name!r} can't be switched off: {why_essential}")
    dependents = dependents_of(name, settings, app)
    if dependents and not with_dependents:
        raise CommandError(
            f"The plugin {name!r} is required by {_listed(dependents)}. Switch them off too: "
            f"starmodel plugin disable {name} --with-dependents"
        )
    names = [*reversed(dependents), name]
    for each in names:
        if each in settings.plugins_required:
            because = "" if each == name else f", and it requires {name!r}"
            raise CommandError(
                f"The plugin {each!r} is in plugins_required (from "
                f"{settings.origins['plugins_required']}), so the application does not start "
                f"without it{because}. Remove it there first."
            )
        _check_precedence(each, settings, {DISABLED: True, ENABLED: False})
    return [each for each in names if edit_names(each, add_to=[DISABLED], remove_from=[ENABLED])]


def enable(name: str, app: str | None) -> bool:
    """Switch a plugin on in `starmodel.toml`. Returns whether the file has changed.

    Raises: CommandError, when another source takes precedence; UsageError, for an unknown name;
    ConfigurationError, for invalid settings.
    """
    settings = load_settings()
    is_on = _found(name, app).is_on
    _check_precedence(name, settings, {DISABLED: False, **({} if is_on else {ENABLED: True})})
    return edit_names(name, add_to=[] if is_on else [ENABLED], remove_from=[DISABLED])


def dependents_of(name: str, settings: Settings, app: str | None) -> list[str]:
    """The plugins that are on and require one, directly or through others, nearest first.

    Without `app`, the plugins of `app/plugins` and of installed packages. The plugin itself is
    not imported then, and those that can't be imported are left out.
    """
    if app is not None:
        loaded = [made.plugin for made in find_plugins(app).host.loaded]
    else:
        with silent_reports(), imports_of_the_folder():
            loaded = list(_declared(name, settings))
    found = [name]
    for required in found:
        found += sorted(
            plugin.name
            for plugin in loaded
            if required in plugin.requires and plugin.name not in found
        )
    return found[1:]


def _declared(name: str, settings: Settings) -> Iterator[Plugin]:
    """The plugins of the current folder that are on, without one of them."""
    enabled, disabled = set(settings.plugins_enabled), {*settings.plugins_disabled, name}
    for candidate in candidates():
        if candidate.name in disabled or not (candidate.is_on or candidate.name in enabled):
            continue
        try:
            plugin = candidate.load()
            if plugin.name not in disabled and not isinstance(plugin.requires, str):
                iter(plugin.requires)
                yield plugin
        except BaseException as error:  # it is not on; `plugin list` reports it
            if not is_failure(error):
                raise


def _listed(names: list[str]) -> str:
    *others, last = map(repr, names)
    return f"{', '.join(others)} and {last}" if others else last


def unknown_plugin(name: str, names: list[str]) -> UsageError:
    """The error for a name that no plugin has, with the closest one."""
    existing = ", ".join(names) or "none"
    return UsageError(f"There is no plugin {name!r}.{did_you_mean(name, names)} Found: {existing}.")


class _Found(NamedTuple):
    """Shapes: is_on says whether the plugin is on without settings."""

    is_on: bool
    why_essential: str


def _found(name: str, app: str | None) -> _Found:
    """The plugin of that name. Raises: UsageError, for an unknown one."""
    known = {
        candidate.name: _Found(candidate.is_on, candidate.why_essential)
        for candidate in reversed(candidates(built_in=built_in_candidates()))
    }
    if app is None and name in known:
        return known[name]  # nothing is imported, so a plugin that hangs can be switched off
    reports = {report.name: report for report in find_plugins(app).host.reports}
    if name not in reports:
        raise unknown_plugin(name, sorted(reports))
    return _Found(reports[name].on_by_default, reports[name].why_essential)


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
