"""`starmodel db upgrade`, `downgrade` and `reset`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal

import typer

from starmodel.cli.migrations.database import print_notice, print_progress
from starmodel.cli.migrations.project import Project, load_project
from starmodel.cli.terminal.errors import CommandError, UsageError
from starmodel.cli.terminal.output import print_json
from starmodel.cli.terminal.setting_row import masked_url
from starmodel.core.errors import StarModelError
from starmodel.migrations.running import offline, runner
from starmodel.migrations.running.reset import reset
from starmodel.migrations.running.runner import Options, Result
from starmodel.migrations.schema.definitions import Schema

NOTHING = "nothing"
"""The target of a downgrade that undoes all migrations."""
Direction = Literal["up", "down"]


def move(
    app: str | None, direction: Direction, to: str | None, options: Options, *, as_json: bool
) -> None:
    """Upgrade or downgrade the database of an application, and print what was done.

    Raises: CommandError.
    """
    try:
        project = load_project(app)
        url, migrations = project.database_url, project.migrations
        options = replace(options, application=project.application)
        if direction == "up":
            result = asyncio.run(runner.upgrade(url, migrations, to, options))
        else:
            result = asyncio.run(runner.downgrade(url, migrations, _target(to), options))
    except StarModelError as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json(
            {
                "applied": result.applied,
                "adopted": result.adopted,
                "undone": result.undone,
                "waiting": result.waiting,
            }
        )
    else:
        typer.echo(_summary(result))


def print_sql(app: str | None, direction: Direction, to: str | None, options: Options) -> None:
    """Print the statements that would run, and change nothing. Raises: CommandError."""
    try:
        project = load_project(app)
        url, migrations = project.database_url, project.migrations
        target = to if direction == "up" else _target(to)
        texts = asyncio.run(offline.statements(url, migrations, direction, target, options))
    except StarModelError as error:
        raise CommandError(str(error)) from error
    for text in texts:
        typer.echo(text)


def options_of(*, blocking: bool, contract: bool, interrupted: str | None) -> Options:
    """Raises: UsageError, for an unknown value of --interrupted."""
    if interrupted not in (None, "done", "again"):
        raise UsageError(
            f"--interrupted is {interrupted!r}; expected done (the statement took effect) or again "
            "(run it again)."
        )
    chosen: Literal["stop", "done", "again"] = "stop"
    if interrupted is not None:
        chosen = "done" if interrupted == "done" else "again"
    return Options(
        blocking=blocking,
        contract=contract,
        interrupted=chosen,
        report=print_progress,
        notice=print_notice,
    )


def reset_database(app: str | None, *, yes: bool, production: bool, as_json: bool) -> None:
    """Delete the application's tables and create them again, after a question.

    Raises: CommandError; UsageError, in production without its flag; typer.Abort.
    """
    try:
        project = load_project(app)
        _permit(project, yes=yes, production=production)
        url = project.database_url
        schemas = [file.schema for file in project.migrations]
        deleted = asyncio.run(reset(url, [*schemas, project.schema(Schema())]))
        result = Result()
        if len(project.migrations):
            options = Options(contract=True, application=project.application, report=print_progress)
            result = asyncio.run(runner.upgrade(url, project.migrations, options=options))
    except StarModelError as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json({"deleted": deleted, "applied": result.applied})
        return
    tables = ", ".join(deleted) or "no tables"
    typer.echo(f"Deleted: {tables}.")
    if result.applied:
        typer.echo(_summary(result))
    else:
        typer.echo("The next start of the application creates its tables.")


def _permit(project: Project, *, yes: bool, production: bool) -> None:
    name = masked_url(project.database_url)
    if project.settings.env == "production" and not production:
        raise UsageError(
            f"The environment is production. To delete every row of the application in {name}, "
            "repeat the command with --production. Make a backup first."
        )
    if not yes:
        typer.confirm(
            f"Delete all tables of the application in {name}, with every row?", abort=True
        )


def _target(to: str | None) -> str | None:
    return None if to == NOTHING else to


def _summary(result: Result) -> str:
    parts = []
    if result.adopted:
        parts.append(f"Recorded, since the tables exist: {', '.join(result.adopted)}.")
    if result.applied:
        parts.append(f"Applied: {', '.join(result.applied)}.")
    if result.undone:
        parts.append(f"Undone: {', '.join(result.undone)}.")
    if result.waiting:
        parts.append(
            f"Waiting until no old process runs: {', '.join(result.waiting)}. Run them by: "
            "starmodel db upgrade --contract"
        )
    return "\n".join(parts) or "There is nothing to do."
