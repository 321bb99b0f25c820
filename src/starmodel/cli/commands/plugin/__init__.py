"""`starmodel plugin`: one module per command or pair of commands."""

from __future__ import annotations

import typer

from starmodel.cli.commands.plugin.inspecting import inspect
from starmodel.cli.commands.plugin.listing import list_all
from starmodel.cli.commands.plugin.packages import ADD_SETTINGS, add, remove
from starmodel.cli.commands.plugin.scaffold import new
from starmodel.cli.commands.plugin.switches import disable, enable

plugin = typer.Typer(help="Create, install, list and switch plugins.", no_args_is_help=True)


@plugin.callback()
def _group() -> None:
    """Create, install, list and switch plugins.

    A plugin is an installed Python package with an entry point in the group
    starmodel.plugins, or a module or package in app/plugins. Installed packages
    can also have single entry points, such as those of starmodel.cli_commands.
    """


plugin.command("list")(list_all)
plugin.command()(inspect)
plugin.command(context_settings=ADD_SETTINGS)(add)
plugin.command()(remove)
plugin.command()(enable)
plugin.command()(disable)
plugin.command()(new)
