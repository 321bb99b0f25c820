"""The database of a project: its state, and running migrations on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import typer

from starmodel.app.application import Application
from starmodel.cli.migrations.project import Project
from starmodel.core.errors import ConfigurationError
from starmodel.migrations.environment import Environment
from starmodel.migrations.files.order import Migrations
from starmodel.migrations.running import offline, runner
from starmodel.migrations.running.ledger.state import LedgerState, read_ledger_state
from starmodel.migrations.running.runner import Result
from starmodel.migrations.schema.definitions import Schema

DONE = ("applied", "adopted")


@dataclass(frozen=True)
class Database:
    """The database of one project. No password of its URL is printed."""

    url: str
    application: Application | None = None
    environment: Environment | None = None

    @classmethod
    def of(cls, project: Project) -> Database:
        return cls(project.database_url, project.application, project.migrations.environment)

    def state(self, classes: Schema) -> LedgerState:
        """Read what the database has. Raises: ConfigurationError; MigrationError."""
        return asyncio.run(read_ledger_state(self.url, classes, self.environment))

    def state_if_reachable(self, classes: Schema) -> LedgerState | None:
        """Read what the database has; None where it is unreachable, as in most CI jobs."""
        try:
            return self.state(classes)
        except ConfigurationError:
            return None

    def record(self, migrations: Migrations) -> None:
        """Record migrations that describe what the database has already."""
        asyncio.run(runner.record_as_applied(self.url, migrations))

    def upgrade(
        self,
        migrations: Migrations,
        *,
        blocking: bool,
        contract: bool = False,
        report: Callable[[str, float], None],
        notice: Callable[[str], None] | None = None,
    ) -> Result:
        """Run what is pending. Raises: MigrationError; ConfigurationError."""
        options = runner.Options(
            blocking=blocking,
            contract=contract,
            application=self.application,
            report=report,
            notice=notice,
        )
        return asyncio.run(runner.upgrade(self.url, migrations, options=options))

    def statements(self, migrations: Migrations, *, contract: bool) -> list[str]:
        """Return the SQL that an upgrade would run. Raises: MigrationError; ConfigurationError."""
        options = runner.Options(contract=contract)
        return asyncio.run(offline.statements(self.url, migrations, "up", options=options))


def pending_ids(migrations: Migrations, state: LedgerState) -> list[str]:
    """Return the migrations that the database lacks, in the order in which they run.

    Contract migrations that wait are not pending: the application runs before and after them.
    """
    done = {entry.id for entry in state.entries if entry.state in DONE}
    done.update(waiting_ids(migrations, state))
    return [file.id for file in migrations if file.id not in done]


def waiting_ids(migrations: Migrations, state: LedgerState) -> list[str]:
    """Return the contract migrations that the database lacks."""
    begun = {entry.id for entry in state.entries}
    return [file.id for file in migrations if file.id not in begun and file.contract]


def lost_ids(migrations: Migrations, state: LedgerState) -> list[str]:
    """Return the migrations of the database for which there is no file."""
    files = {file.id for file in migrations}
    return [entry.id for entry in state.entries if entry.id not in files]


def print_notice(sentence: str) -> None:
    """Print why nothing seems to happen, on stderr."""
    typer.echo(f"  {sentence}", err=True)


def print_progress(sentence: str, fraction: float) -> None:
    """Print what is running on stderr, with the share that is done."""
    typer.echo(f"  {fraction:4.0%}  {sentence}", err=True)
