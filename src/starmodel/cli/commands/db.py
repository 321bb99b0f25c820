"""`starmodel db`: the database of an application."""

from __future__ import annotations

from typing import Annotated

import typer

from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppArgument, AppOption, JsonOption, chosen_app

SqlOption = Annotated[
    bool, typer.Option("--sql", help="Print the statements that would run; change nothing.")
]
BlockingOption = Annotated[
    bool,
    typer.Option(
        "--blocking",
        help="Also run steps that block writers of a large table while a server runs.",
    ),
]
InterruptedOption = Annotated[
    str | None,
    typer.Option(
        metavar="done|again",
        help="What became of a statement that was interrupted, where the database can't tell.",
        show_default=False,
    ),
]

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
        typer.echo("There are no migrations. Write the first one with: starmodel migrate")
    else:
        cells = [(row.id, row.state, row.since, row.about) for row in rows]
        typer.echo(table(("MIGRATION", "STATE", "SINCE", "ABOUT"), cells))


@db.command()
def upgrade(
    to: Annotated[
        str | None,
        typer.Argument(
            metavar="[MIGRATION]",
            help="The last migration to apply, by id or number. Without it: the newest.",
            show_default=False,
        ),
    ] = None,
    sql: SqlOption = False,
    blocking: BlockingOption = False,
    contract: Annotated[
        bool,
        typer.Option(
            "--contract", help="Also run what waits until no process of the old version runs."
        ),
    ] = False,
    interrupted: InterruptedOption = None,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Apply pending migrations.

    What was interrupted is continued. Rows that a step would refuse are
    listed before anything runs. When several processes run this at once, one
    migrates, and the others wait.

    With --json: {applied, adopted, undone, waiting}, each a list of ids.
    """
    from starmodel.cli.databases.moving import move, options_of, print_sql

    with reporting_errors():
        options = options_of(blocking=blocking, contract=contract, interrupted=interrupted)
        if sql:
            print_sql(app, "up", to, options)
        else:
            move(app, "up", to, options, as_json=as_json)


@db.command()
def downgrade(
    to: Annotated[
        str,
        typer.Argument(
            metavar="MIGRATION",
            help="The migration to return to, by id or number; `nothing` undoes all.",
        ),
    ],
    sql: SqlOption = False,
    blocking: BlockingOption = False,
    interrupted: InterruptedOption = None,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Undo migrations, the newest first.

    What a migration kept aside is restored with its values. What it added is
    put aside under a name that begins with _undone_.

    With --json: {applied, adopted, undone, waiting}, each a list of ids.
    """
    from starmodel.cli.databases.moving import move, options_of, print_sql

    with reporting_errors():
        options = options_of(blocking=blocking, contract=False, interrupted=interrupted)
        if sql:
            print_sql(app, "down", to, options)
        else:
            move(app, "down", to, options, as_json=as_json)


@db.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    production: Annotated[
        bool, typer.Option("--production", help="Permit it where env is production.")
    ] = False,
    target: AppArgument = None,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete the application's tables with all rows, and create them again.

    Tables of other programs stay. Sessions are deleted too.

    With --json: {deleted, applied}, tables and ids of migrations.
    """
    from starmodel.cli.databases.moving import reset_database

    with reporting_errors():
        reset_database(chosen_app(target, app), yes=yes, production=production, as_json=as_json)


@db.command()
def shell(target: AppArgument = None, app: AppOption = None) -> None:
    """Open the database in its own client.

    That is sqlite3, psql, or mariadb (mysql). The password is passed by an
    environment variable, so no list of processes shows it. The exit code is
    that of the client.
    """
    from starmodel.cli.databases.chosen import database_url_of
    from starmodel.cli.databases.clients import client_of, run_client

    with reporting_errors():
        client = client_of(database_url_of(chosen_app(target, app)))
    raise typer.Exit(run_client(client))
