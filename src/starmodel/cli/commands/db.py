"""`starmodel db`: the database of an application."""

from __future__ import annotations

import typer

from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppArgument, AppOption, JsonOption, chosen_app

db = typer.Typer(help="The database of an application.", no_args_is_help=True)


@db.callback()
def _group() -> None:
    """The database of an application."""


@db.command()
def history(target: AppArgument = None, app: AppOption = None, as_json: JsonOption = False) -> None:
    """List the migrations, and those that the database has.

    A migration is pending, applied, adopted (its tables existed already),
    interrupted, undoing, or waits for --contract. Exit code 1 when the database is unreachable or a
    file is invalid.

    With --json: a list of {id, about, state, applied_at, after, has_file}.
    """
    from starmodel.cli.migrations.database import Database
    from starmodel.cli.migrations.history import history_rows
    from starmodel.cli.migrations.project import load_project
    from starmodel.cli.terminal.errors import CommandError
    from starmodel.cli.terminal.output import print_json, table
    from starmodel.core.errors import StarModelError
    from starmodel.migrations.schema.definitions import Schema

    with reporting_errors():
        try:
            project = load_project(chosen_app(target, app))
            state = Database.of(project).state(Schema())
            rows = history_rows(project.migrations, state.entries)
        except StarModelError as error:
            raise CommandError(str(error)) from error
    if as_json:
        print_json([row.document() for row in rows])
    elif not rows:
        typer.echo("There are no migrations. Write the first one by: starmodel migrate")
    else:
        cells = [
            (
                row.id,
                row.state,
                row.applied_at and f"{row.applied_at:%Y-%m-%d %H:%M} UTC",
                row.about,
            )
            for row in rows
        ]
        typer.echo(table(("MIGRATION", "STATE", "SINCE", "ABOUT"), cells))


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
