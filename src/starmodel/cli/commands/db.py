"""`starmodel db`: the database of an application."""

from __future__ import annotations

import typer

from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppArgument, AppOption, chosen_app

db = typer.Typer(help="The database of an application.", no_args_is_help=True)


@db.callback()
def _group() -> None:
    """The database of an application."""


@db.command()
def shell(target: AppArgument = None, app: AppOption = None) -> None:
    """Open the database in its own client.

    That is sqlite3, psql, or mariadb (mysql). The password is passed by an
    environment variable, so no list of processes shows it. The exit code is
    that of the client.
    """
    from starmodel.cli.databases.clients import client_of, run_client
    from starmodel.cli.databases.settings import settings_of

    with reporting_errors():
        client = client_of(settings_of(chosen_app(target, app)).database_url)
    raise typer.Exit(run_client(client))
