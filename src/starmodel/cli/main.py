"""Entry point of the `starmodel` command: one Typer application, one module per command."""

from __future__ import annotations

from importlib.metadata import version as installed_version

import typer

from starmodel.cli.commands.css import css
from starmodel.cli.commands.init import init
from starmodel.cli.commands.run import run

# Tracebacks stay Python's own: prettier ones would print local variables, secrets included.
app = typer.Typer(
    name="starmodel",
    help="Serve and manage StarModel applications.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(init)
app.command()(run)
app.add_typer(css, name="css")


@app.command()
def version() -> None:
    """Print the installed version of StarModel."""
    typer.echo(installed_version("starmodel"))


def main() -> None:
    """Run the command line of this process; ends it with the command's exit code."""
    app()
