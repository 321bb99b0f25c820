"""Schema drift in development: `starmodel run` applies additive changes before the start."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import typer

from starmodel.app.application import Application
from starmodel.cli.migrations import drafting
from starmodel.cli.migrations.answers.flags import Flags
from starmodel.cli.migrations.applying import apply_drafts
from starmodel.cli.migrations.database import Database
from starmodel.cli.migrations.project import Project
from starmodel.cli.serving.store_url import store_url
from starmodel.config import Settings
from starmodel.migrations.certain import apply_certain, are_certain, are_certain_steps
from starmodel.migrations.errors import DriftError, MigrationError
from starmodel.migrations.explaining import drifted, refusal
from starmodel.migrations.running.database.connection import is_lasting, is_new_file
from starmodel.migrations.running.runner import Options
from starmodel.migrations.state import DatabaseState, state_of


async def settle(app: Any) -> None:
    """Apply additive changes and print them; refuse other changes with the command.

    Without migration files the tables are altered directly; otherwise a migration file is written
    and applied.

    Raises: DriftError; ConfigurationError, when the database is unreachable.
    """
    project = _project(app)
    if project is None:
        return
    try:
        if len(project.migrations):
            await _with_files(project)
        else:
            await _without_files(project)
    except MigrationError as error:
        raise DriftError(str(error)) from error


def _project(app: Any) -> Project | None:
    """Return the project of an application in development that has an SQL database."""
    application = getattr(app, "starmodel", None)
    if not isinstance(application, Application):
        return None
    settings = application.settings
    if not isinstance(settings, Settings) or settings.env != "development":
        return None
    project = Project(application, settings, Path(settings.migrations_folder))
    if not project.entity_types or store_url(application, settings) is None:
        return None
    return project if is_lasting(project.database_url) else None


async def _without_files(project: Project) -> None:
    url = project.database_url
    if is_new_file(url):
        return
    state = await state_of(url, project.migrations, project.entity_types)
    if state.recorded is None or not state.drift:
        return  # the store compares what it needs
    if state.changes is None or not are_certain(state.changes):
        raise drifted(state, production=False)
    said = await apply_certain(
        url,
        project.entity_types,
        Options(report=_report, notice=_say),
        project.migrations.environment,
    )
    for sentence in said:
        _say(sentence)


async def _with_files(project: Project) -> None:
    url = project.database_url
    state = await state_of(url, project.migrations, project.entity_types)
    if state.kind == "behind" and are_certain_steps(state.pending) and not state.unknown:
        database, migrations = Database.of(project), project.migrations
        result = await asyncio.to_thread(
            database.upgrade, migrations, blocking=False, report=_report, notice=_say
        )
        _say(f"Applied {', '.join(result.applied)}.")
        state = await state_of(url, project.migrations, project.entity_types)
    if state.kind != "drifted":
        return  # the application itself starts, or refuses to
    if state.changes is None or not are_certain(state.changes) or state.unknown:
        raise refusal(state, production=False) or drifted(state, production=False)
    await asyncio.to_thread(_write, project, state)


def _write(project: Project, state: DatabaseState) -> None:
    """Write the next migration, and apply it."""
    decision = drafting.decided(project, Flags(), may_ask=False, accept_safe=False)
    draft = drafting.drafted(project, decision, None)
    outcome = apply_drafts(
        project.migrations, [draft], Database.of(project), blocking=False, report=_report
    )
    for sentence in decision.changes.sentences(decision.answers):
        _say(sentence)
    for path in outcome.written:
        _say(f"Written and applied: {path}")


def _report(sentence: str, fraction: float) -> None:
    """Print no progress: additive steps are short."""


def _say(sentence: str) -> None:
    typer.echo(f"starmodel: {sentence}", err=True)
