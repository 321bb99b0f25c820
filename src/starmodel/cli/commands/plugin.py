"""`starmodel plugin`: what installed packages offer to StarModel."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from starmodel.cli.plugins.discovery import (
    PluginError,
    hidden_by,
    load_command,
    offers,
    package_of,
    unread,
)
from starmodel.cli.plugins.installing import install
from starmodel.cli.terminal.options import JsonOption
from starmodel.cli.terminal.output import print_json, table
from starmodel.cli.terminal.problems import in_sentences

plugin = typer.Typer(help="What installed packages offer to StarModel.", no_args_is_help=True)


@plugin.callback()
def _group() -> None:
    """What installed packages offer to StarModel.

    A plugin is an installed Python package with entry points in groups such as
    starmodel.cli_commands. It is removed by pip, as any other. So far only
    entry points for commands are read.
    """


@plugin.command("list")
def list_all(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the entry points in all groups of StarModel, and whether each command loads.

    Entry points of other groups, such as starmodel.persistence, are listed as
    unused: nothing reads them yet.

    With --json: a list of {group, name, value, package, version, state,
    reason}; state is loads, fails or unused.
    """
    root: Any = ctx.find_root().command
    told = [_told(point, root.commands) for point in offers()]
    if as_json:
        print_json(told)
    elif told:
        rows = [(t["group"], t["name"], f"{t['package']} {t['version']}", _state(t)) for t in told]
        typer.echo(table(("GROUP", "NAME", "PACKAGE", "STATE"), rows))
    else:
        typer.echo("No installed package has entry points for StarModel.")


@plugin.command()
def add(
    package: Annotated[
        str, typer.Argument(metavar="PACKAGE", help="What pip takes: a name, or a folder.")
    ],
) -> None:
    """Install a package into this environment, and say what it adds.

    pip does it, or uv where pip is missing; settings of theirs hold. The
    package is not written into your project's dependencies: do that too.
    """
    before = {(point.group, point.name, package_of(point)) for point in offers()}
    with in_sentences():
        install(package)
    added = [
        point for point in offers() if (point.group, point.name, package_of(point)) not in before
    ]
    for point in added:
        typer.echo(
            f"{package_of(point)} adds {point.name} to {point.group}. {unread(point)}".strip()
        )
    if not added:
        typer.echo(f"{package} is installed, and adds nothing to StarModel that was not there.")
    typer.echo("Put it into your project's dependencies, so that it is there elsewhere too.")


def _told(point: Any, built_in: Any) -> dict[str, str | None]:
    state, reason = "loads", unread(point) or hidden_by(point, built_in)
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


def _state(told: dict[str, Any]) -> str:
    return told["state"] if told["reason"] is None else f"{told['state']}: {told['reason']}"
