"""Entry point of the `starmodel` command: one Typer application, one module per command."""

from __future__ import annotations

from typing import Annotated

import typer

from starmodel.cli.commands.access import access
from starmodel.cli.commands.css import css
from starmodel.cli.commands.db import db
from starmodel.cli.commands.doctor import doctor
from starmodel.cli.commands.entities import entities
from starmodel.cli.commands.event import SETTINGS, event
from starmodel.cli.commands.export import export
from starmodel.cli.commands.init import init
from starmodel.cli.commands.migrate import migrate
from starmodel.cli.commands.plugin import plugin
from starmodel.cli.commands.redis import redis
from starmodel.cli.commands.routes import routes
from starmodel.cli.commands.run import run
from starmodel.cli.commands.texts import texts
from starmodel.cli.commands.user import user
from starmodel.cli.commands.version import print_version, version
from starmodel.cli.group import CommandGroup

# Rich tracebacks would print local variables, secret values included.
app = typer.Typer(
    name="starmodel",
    cls=CommandGroup,
    help="Serve and manage StarModel applications.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def starmodel(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Serve and manage StarModel applications."""


app.command()(init)
app.command()(run)
app.command()(migrate)
app.command()(routes)
app.add_typer(entities, name="entities")
app.command(context_settings=SETTINGS)(event)
app.command()(export)
app.command()(access)
app.command()(doctor)
app.add_typer(user, name="user")
app.add_typer(plugin, name="plugin")
app.add_typer(css, name="css")
app.add_typer(db, name="db")
app.add_typer(redis, name="redis")
app.add_typer(texts, name="texts")
app.command()(version)


def main() -> None:
    """The console entry point; exits with the code of the command."""
    app()
