"""What installed packages add to the command line, and what they offer to StarModel at all.

Names come from the packages' metadata. The code of a plugin is imported
only when its command is used, or described by help or `plugin list`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.main import get_group

from starmodel.cli.plugins.click_commands import ClickCommand
from starmodel.cli.terminal.problems import CommandError

COMMAND_GROUPS = ("starmodel.cli_commands", "starmodel.cli")


_INSTEAD = {
    "starmodel.persistence": "create_app(stores={…})",
    "starmodel.bus": "create_app(bus=…), or the setting event_bus",
    "starmodel.ui": "create_app(ui=…)",
}


class PluginError(CommandError):
    """A plugin that can't be used; the text names its package and the reason."""


def offers() -> list[EntryPoint]:
    """Every entry point in a group of StarModel's, by group and name; nothing is imported."""
    groups = sorted(group for group in entry_points().groups if group.startswith("starmodel."))
    return [point for group in groups for point in _points(group)]


def command_points() -> dict[str, EntryPoint]:
    """The commands that plugins add, by name; of two with one name the first counts.

    Groups are asked in the order of COMMAND_GROUPS, packages by name.
    """
    found: dict[str, EntryPoint] = {}
    for group in COMMAND_GROUPS:
        for point in _points(group):
            found.setdefault(point.name, point)
    return dict(sorted(found.items()))


def _points(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda point: (point.name, package_of(point)))


def package_of(point: EntryPoint) -> str:
    """The name of the installed package that an entry point belongs to."""
    return point.dist.name if point.dist is not None else "an unknown package"


def load(point: EntryPoint) -> Any:
    """The object that the entry point names; what its import prints goes to stderr.

    Raises: PluginError, for whatever its import raises.
    """
    try:
        with redirect_stdout(sys.stderr):
            return point.load()
    except (Exception, SystemExit) as error:  # whatever other people's code does when imported
        raise PluginError(
            f"The plugin {package_of(point)} can't be loaded ({point.group}: {point.name} = "
            f"{point.value}): {type(error).__name__}: {error}".rstrip(": ")
        ) from error


def load_command(point: EntryPoint) -> Any:
    """The command of a plugin, under its entry point's name, as Typer runs it.

    A Typer application or a Click group becomes a group of commands, a Click
    command or a plain function one command.

    Raises: PluginError.
    """
    found, name = load(point), point.name
    try:
        if ClickCommand.fits(found):
            return ClickCommand(name, found)
        around = typer.Typer(rich_markup_mode=None)  # whose look what is inside it takes over
        if isinstance(found, typer.Typer):
            around.add_typer(found, name=name)
        elif inspect.isfunction(found):
            around.command(name=name)(found)
        else:
            raise TypeError(
                f"it is a value of type {type(found).__name__}; expected a Typer application, "
                "a Click command or a function"
            )
        return get_group(around).commands[name]
    except Exception as error:  # parameters that Typer can't read, among others
        raise PluginError(
            f"The plugin {package_of(point)} adds no command {name!r}: {error}."
        ) from error


def unread(point: EntryPoint) -> str:
    """The sentence for an entry point that StarModel does not read; "" for commands."""
    if point.group in COMMAND_GROUPS:
        return ""
    instead = _INSTEAD.get(point.group)
    remedy = f" Pass the object in code: {instead}." if instead else ""
    return f"This version reads entry points for commands only.{remedy}"


def hidden_by(point: EntryPoint, built_in: Iterable[str]) -> str:
    """The sentence for a command that nobody can reach, because another has its name; else ""."""
    if point.group not in COMMAND_GROUPS:
        return ""
    if point.name in built_in:
        rival = "StarModel itself"
    else:
        rival = package_of(command_points()[point.name])
        if rival == package_of(point):
            return ""
    name = f"The command {point.name!r} of the plugin {package_of(point)}"
    return f"{name} is not used: {rival} has one of that name."
