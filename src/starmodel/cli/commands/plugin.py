"""`starmodel plugin`: lists and installs plugins."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from starmodel.cli.plugins.discovery import (
    PluginError,
    load_command,
    package_of,
    shadowed_reason,
    starmodel_points,
    unused_reason,
)
from starmodel.cli.plugins.installing import install
from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import JsonOption
from starmodel.cli.terminal.output import print_json, table

plugin = typer.Typer(help="List and install plugins.", no_args_is_help=True)


@plugin.callback()
def _group() -> None:
    """List and install plugins.

    A plugin is an installed Python package with entry points in groups such as
    starmodel.cli_commands. Uninstall it with pip. This version loads entry
    points of commands only.
    """


@plugin.command("list")
def list_all(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the entry points of all plugin groups, and whether each command loads.

    Entry points of other groups, such as starmodel.persistence, are listed as
    unused: this version does not load them.

    With --json: a list of {group, name, value, package, version, state,
    reason}; state is loads, fails or unused.
    """
    root: Any = ctx.find_root().command
    points = [_described(point, root.commands) for point in starmodel_points()]
    if as_json:
        print_json(points)
    elif points:
        rows = [
            (p["group"], p["name"], f"{p['package']} {p['version']}", _state(p)) for p in points
        ]
        typer.echo(table(("GROUP", "NAME", "PACKAGE", "STATE"), rows))
    else:
        typer.echo("No installed package has entry points for StarModel.")


@plugin.command()
def add(
    package: Annotated[
        str,
        typer.Argument(metavar="PACKAGE", help="A requirement or a folder, as for pip install."),
    ],
) -> None:
    """Install a package into this environment, and list its entry points.

    The installer is pip, or uv where pip is missing, with its configuration.
    Add the package to your project's dependencies too.
    """
    before = {(point.group, point.name, package_of(point)) for point in starmodel_points()}
    with reporting_errors():
        install(package)
    added = [
        point
        for point in starmodel_points()
        if (point.group, point.name, package_of(point)) not in before
    ]
    for point in added:
        reason = unused_reason(point)
        typer.echo(f"{package_of(point)} adds {point.name} to {point.group}. {reason}".strip())
    if not added:
        typer.echo(f"{package} is installed, and adds nothing to StarModel that was not there.")
    typer.echo("Put it into your project's dependencies, so that it is there elsewhere too.")


def _described(point: Any, built_in: Any) -> dict[str, str | None]:
    state, reason = "loads", unused_reason(point) or shadowed_reason(point, built_in)
    if reason:
        state = "unused"
    else:
        try:
            load_command(point)
        except PluginError as error:
            state, reason = "fails", str(error)
    return {
        "group": point.group,
        "name": point.name,
        "value": point.value,
        "package": package_of(point),
        "version": None if point.dist is None else point.dist.version,
        "state": state,
        "reason": reason or None,
    }


def _state(point: dict[str, Any]) -> str:
    return point["state"] if point["reason"] is None else f"{point['state']}: {point['reason']}"
