"""Brings a database to a migration: up to the newest, or down to an earlier one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy.exc import DBAPIError

from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.order import Migrations
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.database.lock import migration_lock
from starmodel.migrations.running.database.lock_waits import retrying
from starmodel.migrations.running.database.session import Session, refusal_text
from starmodel.migrations.running.ledger.adoption import adopt
from starmodel.migrations.running.ledger.ledger import Ledger
from starmodel.migrations.running.ledger.waiting import waiting_contracts
from starmodel.migrations.running.planning.reversal import reversed_steps
from starmodel.migrations.running.progress import Progress
from starmodel.migrations.running.run import WAIT_S, Options, Run
from starmodel.migrations.schema.definitions import Schema

__all__ = ["WAIT_S", "Options", "Result", "downgrade", "record_as_applied", "upgrade"]

_LOCKED = {
    True: "Another process is writing to the database; waiting until it has finished",
    False: "Another transaction holds a lock on a table; waiting until it has ended",
}
"""What is reported of a lock, by whether the database is SQLite."""
UNRECORDED = "0001_of_classes"
"""The id of steps without a file, in the ledger only while they run."""


@dataclass(frozen=True)
class Result:
    """The ids of the migrations that were applied, adopted or undone, in this order.

    Shapes: waiting are those that wait until contract is permitted.
    """

    applied: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.applied or self.adopted or self.undone)


async def upgrade(
    url: str,
    migrations: Migrations,
    to: str | None = None,
    options: Options | None = None,
) -> Result:
    """Apply the pending migrations, up to `to` and what it follows; all by default.

    A migration that was interrupted is continued. Tables that equal a snapshot, and were created
    without migrations, are adopted. Other processes wait, and then find nothing to do.
    A contract migration waits for `Options.contract`, except on a new database.

    Raises: MigrationError; ConfigurationError, when the database is unreachable.
    """
    options = options or Options()
    async with _locked(url, options) as run:
        return await go_up(run, migrations, to, contract=options.contract)


async def go_up(run: Run, migrations: Migrations, to: str | None, *, contract: bool) -> Result:
    """Apply the pending migrations, as `upgrade` does."""
    wanted = _wanted(migrations, to)
    adopted = await adopt(run.link, run.ledger, migrations)
    entries = await run.load()
    waiting = set()
    if entries and not contract:
        waiting = waiting_contracts(migrations, entries, wanted)
        wanted -= waiting
    await run.check_events(migrations, wanted, waiting)
    applied: list[str] = []
    for file in migrations:
        state = run.entries.get(file.id)
        if state is not None and state.state == "undoing":
            await run.undo(migrations, file)
            state = None
        if file.id in wanted and (state is None or state.state == "applying"):
            await run.apply(migrations, file)
            applied.append(file.id)
    await run.dispatch_events()
    return Result(tuple(applied), adopted, waiting=tuple(sorted(waiting)))


async def downgrade(
    url: str, migrations: Migrations, to: str | None, options: Options | None = None
) -> Result:
    """Undo the migrations after `to`, the newest first; None undoes all.

    Raises: MigrationError, before anything is changed, for one that can't be undone.
    """
    async with _locked(url, options or Options()) as run:
        return await go_down(run, migrations, to)


async def go_down(run: Run, migrations: Migrations, to: str | None) -> Result:
    """Undo the migrations after `to`, as `downgrade` does."""
    stays = set() if to is None else migrations.ancestors(_known(migrations, to))
    entries = await run.load()
    missing = [id for id in entries if id not in stays and id not in _ids(migrations)]
    if missing:
        raise MigrationError(
            f"The database has the migration {missing[-1]}, and there is no such file. Restore "
            f"{missing[-1]}.py, which says how it is undone; nothing was changed."
        )
    undone = [file for file in reversed(migrations.files) if file.id in entries]
    undone = [file for file in undone if file.id not in stays]
    for file in undone:
        reversed_steps(file, migrations.before(file), run.link.sql_dialect)  # can it be undone?
    for file in undone:
        await run.undo(migrations, file)
    return Result(undone=tuple(file.id for file in undone))


async def record_as_applied(url: str, migrations: Migrations) -> None:
    """Record all migrations as applied, for tables that were just created from the classes."""
    async with _locked(url, Options()) as run:
        entries = await run.load()

        for file in migrations:
            if file.id not in entries:
                await run.record(file.id)


async def apply_unrecorded(
    url: str,
    planned: Callable[[Session], tuple[Schema, MigrationFile] | None],
    settled: Callable[[Session], None],
    options: Options | None = None,
) -> bool:
    """Apply steps for which there is no file, and record no migration.

    Shapes: planned is called under the lock, and returns the schema before and what a file would
    have; None for nothing. settled is called when all is done.
    Returns: False, when nothing was planned.
    Raises: MigrationError; ConfigurationError, when the database is unreachable.
    """
    async with _locked(url, options or Options()) as run:
        await retrying(run.link, lambda s: run.ledger.remove(s, [UNRECORDED]))
        await run.load()
        made = await run.link.run(planned)
        if made is None:
            return False
        before, file = made
        start = MigrationFile("0000_present", (), (), before, "")
        file = replace(file, id=UNRECORDED, after=(start.id,))
        await run.apply(Migrations((start, file)), file)
        await retrying(run.link, lambda s: run.ledger.remove(s, [UNRECORDED]))
        await retrying(run.link, settled)
        return True


@contextlib.asynccontextmanager
async def _locked(url: str, options: Options) -> AsyncIterator[Run]:
    progress = Progress(options.report, options.notice)
    async with open_link(url) as link:
        ledger = Ledger(link.sql_dialect)
        link.on_wait = lambda: progress.say(_LOCKED[link.sql_dialect.sqlalchemy.name == "sqlite"])
        waiting = lambda: progress.say("Another process migrates this database; waiting")  # noqa: E731
        async with migration_lock(link, url, wait_s=options.wait_s, on_wait=waiting):
            with _explained(link.where):
                await link.run(ledger.exists)  # refuses one of a newer version
                await retrying(link, ledger.create)
                yield Run(link, ledger, options, progress)


@contextlib.contextmanager
def _explained(where: str) -> Iterator[None]:
    """Explain what a database refuses outside of the steps, such as a write to the ledger."""
    try:
        yield
    except DBAPIError as error:
        raise MigrationError(
            f"{where} refused to record a migration: {refusal_text(error)}. The user of the "
            "database needs the right to create and alter tables and to write to them. Correct the "
            "cause, and run this again."
        ) from error


def _wanted(migrations: Migrations, to: str | None) -> set[str]:
    return _ids(migrations) if to is None else migrations.ancestors(_known(migrations, to))


def _known(migrations: Migrations, id: str) -> MigrationFile:
    found = [file for file in migrations if file.id == id or file.id.partition("_")[0] == id]
    if len(found) != 1:
        known = ", ".join(file.id for file in migrations) or "none"
        raise MigrationError(f"There is no migration {id!r}. Name one of: {known}.")
    return found[0]


def _ids(migrations: Migrations) -> set[str]:
    return {file.id for file in migrations}
