"""The commands of whole plugins: `Plugin.commands()`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from starmodel.cli.plugins.conversion import command_of
from starmodel.cli.plugins.discovery import command_points, package_of
from starmodel.plugins.host import PluginHost

_NAME = re.compile(r"[A-Za-z0-9][\w-]*")


class Conflict(NamedTuple):
    """A command of a plugin that `starmodel` does not have, and why."""

    plugin: str
    text: str


def contributed_commands(
    host: PluginHost, built_in: Iterable[str]
) -> tuple[dict[str, Any], list[Conflict]]:
    """The commands of the loaded plugins as Typer commands, by name, and those left out.

    Of two commands with one name, the first is used: built-in, then of an entry point, then of
    the first plugin in the order of the host.
    """
    owners = {name: f"the package {package_of(p)}" for name, p in command_points().items()}
    owners |= dict.fromkeys(built_in, "StarModel itself")
    commands: dict[str, Any] = {}
    conflicts: list[Conflict] = []
    for made in host.loaded:
        plugin = made.plugin.name
        for name, found in made.commands.items():
            prefix = f"The command {name!r} of the plugin {plugin!r} is not used: "
            if name in owners:
                conflicts.append(Conflict(plugin, f"{prefix}{owners[name]} has one of that name."))
                continue
            try:
                if not _NAME.fullmatch(name):
                    raise ValueError("expected letters, digits, '-' and '_'")
                commands[name] = command_of(name, found)
            except Exception as error:  # such as a parameter type that Typer rejects
                conflicts.append(Conflict(plugin, f"{prefix}{error}."))
            else:
                owners[name] = f"the plugin {plugin!r}"
    return commands, conflicts
