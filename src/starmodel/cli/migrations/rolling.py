"""Rolling deploys: what old processes experience, and migrations in two files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from starmodel.cli.migrations.answers.deciding import Decision
from starmodel.cli.migrations.drafting import Draft, about_of
from starmodel.cli.migrations.project import Project
from starmodel.migrations.files.folder import name_of_changes, next_id
from starmodel.migrations.files.writing import migration_text
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.rolling.effects import Effect, effects, lines, refusal
from starmodel.migrations.rolling.split import rolling_plan
from starmodel.migrations.running.database.connection import is_file, is_unused

CONTRACT = "contract"


def effects_of(project: Project, decision: Decision, *, rolling: bool) -> list[Effect]:
    """Return what old processes experience; nothing for a first migration."""
    if not len(project.migrations):
        return []
    scheme = project.database_url.partition(":")[0].partition("+")[0]
    database = {"sqlite": "sqlite", "postgresql": "postgresql"}.get(scheme, "mysql")
    return effects(decision.changes, decision.answers, rolling=rolling, database=database)


def rolling_refusal(project: Project, decision: Decision) -> str:
    """Return why processes of both versions can't share the database; "" where they can.

    The file of a developer's SQLite is for the database of the deploy, which may be another.
    """
    if not len(project.migrations):
        return ""
    is_local = project.settings.env != "production" and is_file(project.database_url)
    if not is_local:
        return refusal(effects_of(project, decision, rolling=True))
    return refusal(effects(decision.changes, decision.answers, rolling=True))


def may_have_old_processes(project: Project) -> bool:
    """True in production, unless the database is an SQLite file that nobody has open."""
    return project.settings.env == "production" and not is_unused(project.database_url)


def print_effects(project: Project, found: Sequence[Effect], *, rolling: bool) -> None:
    """Print what old processes experience, where there may be some, or will be in a deploy."""
    if rolling or may_have_old_processes(project):
        for line in lines(found, rolling=rolling):
            typer.echo(line)


def deploy_hint(project: Project, decision: Decision, found: Sequence[Effect]) -> list[str]:
    """Return what a developer has to know about the deploy; nothing where no server is used."""
    is_developed = project.settings.env != "production" and not is_file(project.database_url)
    if not is_developed or not any(effect.breaks for effect in found):
        return []
    stop = "When you deploy this, stop the old version first."
    if rolling_refusal(project, decision):
        return [stop]
    number = project.migrations.heads[-1].id.partition("_")[0]
    return [
        f"{stop} Or, for a rolling deploy, undo it (starmodel db downgrade {number}), delete its "
        "file, and run starmodel migrate --rolling."
    ]


def wants_split(project: Project, found: list[Effect]) -> bool:
    """Prompt on a terminal: split a migration that breaks old processes?"""
    print_effects(project, found, rolling=False)
    question = "Split it into one migration before the deploy and one after it?"
    return typer.confirm(question, default=True, err=True)


def rolling_drafts(project: Project, decision: Decision, message: str | None) -> list[Draft]:
    """Plan the migrations before and after a rolling deploy; one where one is enough.

    Raises: UnplannableError.
    """
    migrations = project.migrations
    heads = tuple(file.id for file in migrations.heads)
    ids = [file.id for file in migrations]
    titles = decision.changes.titles()
    about = message or about_of(titles)
    expand_id = next_id(ids, message or name_of_changes(titles))
    contract_id = f"{next_id([*ids, expand_id], CONTRACT)}_{expand_id.partition('_')[2]}"
    made = rolling_plan(decision.changes, decision.answers, expand_id, contract_id)
    sentences = made.expand.sentences
    text = migration_text(about, heads, made.expand.plan.steps, made.expand.plan.schema, sentences)
    file = MigrationFile(
        expand_id, heads, made.expand.plan.steps, made.expand.plan.schema, about
    )  # fmt: skip
    drafts = [Draft(file, text, project.folder)]
    if made.contract is not None:
        phase = made.contract
        title = f"After the deploy: {about[:1].lower()}{about[1:]}"
        text = migration_text(
            title, (expand_id,), phase.plan.steps, phase.plan.schema, phase.sentences,
            contract=True,
        )  # fmt: skip
        file = MigrationFile(
            contract_id, (expand_id,), phase.plan.steps, phase.plan.schema, title, True
        )
        drafts.append(Draft(file, text, project.folder))
    return drafts


def effect_documents(found: Sequence[Effect]) -> list[dict[str, Any]]:
    """Return effects as JSON data."""
    return [{"text": effect.sentence, "breaks": effect.breaks} for effect in found]


def waiting_text(waiting: Sequence[str]) -> str:
    """Return the line about migrations that wait for --contract."""
    return (
        f"Waiting: {', '.join(waiting)}. Once no process of the old version runs: "
        "starmodel migrate --contract"
    )
