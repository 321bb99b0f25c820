"""`starmodel plugin enable` and `disable`."""

from __future__ import annotations

from typing import Annotated

import typer

from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppOption

PluginName = Annotated[str, typer.Argument(metavar="NAME", help="The name of the plugin.")]


def enable(name: PluginName, app: AppOption = None) -> None:
    """Switch a plugin on, in starmodel.toml of this folder.

    Removes it from plugins_disabled, and adds one that is off by default to
    plugins_enabled. Exit code 1 when another source of settings, such as the
    environment, takes precedence.
    """
    from starmodel.cli.plugins.settings_file import FILE
    from starmodel.cli.plugins.switching import enable as switch_on

    with reporting_errors():
        changed = switch_on(name, app)
    if changed:
        typer.echo(f"{FILE}: the plugin {name} is on from the next start.")
    else:
        typer.echo(f"The plugin {name} is on already.")


def disable(name: PluginName, app: AppOption = None) -> None:
    """Switch a plugin off, in starmodel.toml of this folder.

    Adds it to plugins_disabled; the next start does not import it. Refused for
    a plugin in plugins_required. Exit code 1 also when another source of
    settings, such as the environment, takes precedence.
    """
    from starmodel.cli.plugins.settings_file import FILE
    from starmodel.cli.plugins.switching import disable as switch_off

    with reporting_errors():
        changed = switch_off(name, app)
    if changed:
        typer.echo(f"{FILE}: the plugin {name} is off from the next start.")
    else:
        typer.echo(f"The plugin {name} is off already.")
