"""Drafts migration files: of changed classes, of two branches, and of what is deleted."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from starmodel.cli.migrations.answers.asking import StoppedError, ask
from starmodel.cli.migrations.answers.deciding import Decision, decide
from starmodel.cli.migrations.answers.flags import Flags
from starmodel.cli.migrations.project import Project
from starmodel.migrations.comparing.changes.change import NO_ANSWERS
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.plan import Plan, plan
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.consistency import inconsistencies
from starmodel.migrations.files.folder import name_of_changes, next_id, write_new
from starmodel.migrations.files.writing import migration_text
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.editing import changed
from starmodel.migrations.steps import PurgeKept

FIRST, FIRST_ID = "First migration", "0001_first"


@dataclass(frozen=True)
class Draft:
    """A migration that is planned and not yet written.

    Shapes: is_description is True when it describes tables that exist.
    """

    file: MigrationFile
    text: str
    folder: Path
    is_description: bool = False

    @property
    def path(self) -> Path:
        return self.folder / f"{self.file.id}.py"

    def write(self) -> Path:
        """Raises: MigrationError, when the file can't be written."""
        return write_new(self.folder, self.file.id, self.text)


def is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def check_files(project: Project) -> None:
    """Refuse migrations whose steps don't lead to their snapshot.

    Raises: MigrationError, with each of them.
    """
    migrations = project.migrations
    wrong = [
        sentence
        for file in migrations
        for sentence in inconsistencies(file, migrations.before(file))
    ]
    if wrong:
        raise MigrationError("\n".join(wrong))


def baseline(project: Project, tables: Schema) -> Draft:
    """Plan the first migration of a database whose tables exist: it describes them."""
    changes = compare(Schema(), tables)
    made = plan(changes, NO_ANSWERS, FIRST_ID)
    text = migration_text(FIRST, (), made.steps, made.schema, changes.sentences())
    file = MigrationFile(FIRST_ID, (), made.steps, made.schema, FIRST)
    return Draft(file, text, project.folder, is_description=True)


def decided(
    project: Project,
    flags: Flags,
    *,
    may_ask: bool,
    accept_safe: bool,
    external: Collection[str] = (),
) -> Decision:
    """Compare the classes with the newest snapshot, with prompts on a terminal.

    Raises: MigrationError; UsageError; typer.Abort, when the developer stops.
    """
    before = project.migrations.newest
    after = project.schema(before, external)
    try:
        return decide(
            before,
            after,
            flags,
            ask=ask if may_ask else None,
            accept_safe=accept_safe,
            types=project.entity_types,
        )
    except StoppedError as error:
        raise typer.Abort from error


def drafted(project: Project, decision: Decision, message: str | None) -> Draft:
    """Plan the migration of a decision.

    Raises: UnplannableError.
    """
    migrations = project.migrations
    after = [file.id for file in migrations.heads]
    titles = decision.changes.titles()
    about = message or (about_of(titles) if after else FIRST)
    name = message or (name_of_changes(titles) if after else "first")
    id = next_id((file.id for file in migrations), name)
    made: Plan = plan(decision.changes, decision.answers, id)
    sentences = decision.changes.sentences(decision.answers)
    text = migration_text(about, after, made.steps, made.schema, sentences)
    file = MigrationFile(id, tuple(after), made.steps, made.schema, about)
    return Draft(file, text, project.folder)


def merging(project: Project) -> Draft:
    """Plan the migration that merges several heads.

    Raises: MigrationError, when there is one head, or they contradict each other.
    """
    migrations = project.migrations
    heads = migrations.heads
    if len(heads) < 2:
        raise MigrationError("There is one newest migration, so there is nothing to merge.")
    schema = migrations.combined(heads)
    after = [file.id for file in heads]
    about = f"Merge {' and '.join(after)}"
    id = next_id((file.id for file in migrations), "merge")
    text = migration_text(about, after, (), schema)
    return Draft(MigrationFile(id, tuple(after), (), schema, about), text, project.folder)


def empty(project: Project, message: str | None) -> Draft:
    """Plan a migration without steps. Raises: MigrationError, without a migration before it."""
    migrations = project.migrations
    if not len(migrations):
        raise MigrationError("There is no migration yet. Write the first by: starmodel migrate")
    about = message or "Change data"
    schema, after = migrations.newest, [file.id for file in migrations.heads]
    id = next_id((file.id for file in migrations), about)
    text = migration_text(about, after, (), schema)
    return Draft(MigrationFile(id, tuple(after), (), schema, about), text, project.folder)


def purging(project: Project, about: str) -> Draft:
    """Plan the migration that deletes dropped columns and tables for good."""
    migrations = project.migrations
    before = migrations.newest
    after = [file.id for file in migrations.heads]
    id = next_id((file.id for file in migrations), "purge")
    steps = (PurgeKept(tuple(each.name for each in before.kept)),)
    schema = changed(before, kept=())
    text = migration_text(about, after, steps, schema)
    return Draft(MigrationFile(id, tuple(after), steps, schema, about), text, project.folder)


def about_of(titles: Sequence[str], max_chars: int = 72) -> str:
    """Return the title of a migration: the titles of its changes, as many as fit.

    >>> about_of(["Add Product.colour", "Rename Product.price to unit_price"])
    'Add Product.colour; rename Product.price to unit_price'
    """
    about = titles[0] if titles else "Change the classes"
    for position, title in enumerate(titles[1:], 1):
        longer = f"{about}; {title[:1].lower()}{title[1:]}"
        if len(longer) > max_chars:
            left = len(titles) - position
            return f"{about}; and {left} more change{'s' if left > 1 else ''}"
        about = longer
    return about
