"""`starmodel version`: the installed version."""

from __future__ import annotations

import platform
from importlib.metadata import version as installed_version

import typer

from starmodel.cli.terminal.options import JsonOption
from starmodel.cli.terminal.output import print_json


def print_version(is_requested: bool) -> None:
    """The callback of `--version`: print the version and exit."""
    if is_requested:
        typer.echo(installed_version("starmodel"))
        raise typer.Exit


def version(as_json: JsonOption = False) -> None:
    """Print the installed version of StarModel.

    With --json: {starmodel, python}.
    """
    installed = installed_version("starmodel")
    if as_json:
        print_json({"starmodel": installed, "python": platform.python_version()})
    else:
        typer.echo(installed)
