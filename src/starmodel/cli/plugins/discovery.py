"""Discovers the single entry points of installed packages, and loads their commands.

Names come from package metadata. The code of a plugin is imported only when
its command is invoked, or described by help or `plugin list`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from starmodel.cli.plugins.conversion import command_of
from starmodel.cli.terminal.errors import CommandError

PLUGIN_GROUP = "starmodel.plugins"
COMMAND_GROUPS = ("starmodel.cli_commands", "starmodel.cli")


class EntryPointError(CommandError):
    """A single entry point can't be loaded; the message names its package and the reason."""


def single_points() -> list[EntryPoint]:
    """The entry points of single parts, sorted by group and name; none is imported."""
    groups = sorted(group for group in entry_points().groups if group.startswith("starmodel."))
    return [point for group in groups if group != PLUGIN_GROUP for point in points_of(group)]


def command_points() -> dict[str, EntryPoint]:
    """The entry points of plugin commands, by name.

    When two plugins use a name, the first by COMMAND_GROUPS and package name wins.
    """
    found: dict[str, EntryPoint] = {}
    for group in COMMAND_GROUPS:
        for point in points_of(group):
            found.setdefault(point.name, point)
    return dict(sorted(found.items()))


def points_of(group: str) -> list[EntryPoint]:
    """The entry points of a group, sorted by name and package."""
    return sorted(entry_points(group=group), key=lambda point: (point.name, package_of(point)))


def package_of(point: EntryPoint) -> str:
    """The name of the package that registers an entry point."""
    return point.dist.name if point.dist is not None else "an unknown package"


def load(point: EntryPoint) -> Any:
    """Import the object of an entry point, with stdout redirected to stderr.

    Raises: EntryPointError, from any exception of the import.
    """
    try:
        with redirect_stdout(sys.stderr):
            return point.load()
    except BaseException as error:  # plugin code may raise anything
        from starmodel.app.failures import is_failure

        if not is_failure(error):
            raise
        raise EntryPointError(
            f"The plugin {package_of(point)} can't be loaded ({point.group}: {point.name} = "
            f"{point.value}): {type(error).__name__}: {error}".rstrip(": ")
        ) from error


def load_command(point: EntryPoint) -> Any:
    """The Typer command of a plugin, named after its entry point.

    Raises: EntryPointError, for other types and unsupported parameters.
    """
    found, name = load(point), point.name
    try:
        return command_of(name, found)
    except Exception as error:  # such as a parameter type that Typer rejects
        raise EntryPointError(
            f"The plugin {package_of(point)} adds no command {name!r}: {error}."
        ) from error


def shadowed_reason(point: EntryPoint, built_in: Iterable[str]) -> str:
    """Why a plugin command is shadowed by another of the same name; else ""."""
    if point.group not in COMMAND_GROUPS:
        return ""
    if point.name in built_in:
        owner = "StarModel itself"
    else:
        owner = package_of(command_points()[point.name])
        if owner == package_of(point):
            return ""
    name = f"The command {point.name!r} of the plugin {package_of(point)}"
    return f"{name} is not used: {owner} has one of that name."
