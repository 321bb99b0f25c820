"""`starmodel version`: what is installed."""

from __future__ import annotations

import platform
from importlib.metadata import version as installed_version

import typer

from starmodel.cli.terminal.options import JsonOption
from starmodel.cli.terminal.output import print_json


def print_version(wanted: bool) -> None:
    """Print the installed version and end the command; for `starmodel --version`."""
    if wanted:
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
