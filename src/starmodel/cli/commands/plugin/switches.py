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


def disable(
    name: PluginName,
    app: AppOption = None,
    with_dependents: Annotated[
        bool, typer.Option("--with-dependents", help="Also switch off those that require it.")
    ] = False,
) -> None:
    """Switch a plugin off, in starmodel.toml of this folder.

    Adds it to plugins_disabled; the next start does not import it. Refused for
    a plugin in plugins_required, and for one that enabled plugins require,
    which are imported to read what they require; plugins that the application
    passes in code are considered with --app. Exit code 1 also when another
    source of settings, such as the environment, takes precedence.
    """
    from starmodel.cli.plugins.settings_file import FILE
    from starmodel.cli.plugins.switching import disable as switch_off

    with reporting_errors():
        changed = switch_off(name, app, with_dependents=with_dependents)
    for each in changed:
        typer.echo(f"{FILE}: the plugin {each} is off from the next start.")
    if name not in changed:
        typer.echo(f"The plugin {name} is off already.")
