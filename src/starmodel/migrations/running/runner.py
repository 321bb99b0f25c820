"""Brings a database to a migration: up to the newest, or down to an earlier one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.order import Migrations
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.adoption import adopt
from starmodel.migrations.running.checking.problems import check_problems
from starmodel.migrations.running.connection import Link, open_link
from starmodel.migrations.running.executing import Executor, Interrupted
from starmodel.migrations.running.expansion import expand
from starmodel.migrations.running.hooks import run_hook
from starmodel.migrations.running.ledger import ActionEntry, ActionKey, Entry, Ledger
from starmodel.migrations.running.lock import migration_lock
from starmodel.migrations.running.progress import Progress, Report, silent
from starmodel.migrations.running.reversal import UNDO, reversed_steps
from starmodel.migrations.running.session import Session
from starmodel.migrations.running.waiting import waiting_contracts
from starmodel.migrations.schema.definitions import Schema

Begun = Mapping[tuple[int, int], ActionEntry]

WAIT_S = 3600.0
"""The time for which a process waits for another one that migrates."""


@dataclass(frozen=True)
class Options:
    """How migrations run.

    Shapes: blocking permits steps that block writers of a large table while a
    server runs; contract permits migrations that remove what processes of the
    old version need; interrupted says what to do with a statement whose outcome is
    unknown; report receives what is done, and the share that is done by then.
    Units: wait_s limits the wait for another process that migrates.
    """

    blocking: bool = False
    contract: bool = False
    interrupted: Interrupted = "stop"
    report: Report = silent
    wait_s: float = WAIT_S


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
    wanted = _wanted(migrations, to)
    async with _locked(url, options) as run:
        adopted = await adopt(run.link, run.ledger, migrations)
        entries = await run.entries()
        waiting = set()
        if entries and not options.contract:
            waiting = waiting_contracts(migrations, entries, wanted)
            wanted -= waiting
        applied: list[str] = []
        for file in migrations:
            state = (await run.entries()).get(file.id)
            if state is not None and state.state == "undoing":
                await run.undo(migrations, file)
                state = None
            if file.id in wanted and (state is None or state.state == "applying"):
                await run.apply(migrations, file)
                applied.append(file.id)
        return Result(tuple(applied), adopted, waiting=tuple(sorted(waiting)))


async def downgrade(
    url: str, migrations: Migrations, to: str | None, options: Options | None = None
) -> Result:
    """Undo the migrations after `to`, the newest first; None undoes all.

    Raises: MigrationError, before anything is changed, for one that can't be undone.
    """
    options = options or Options()
    stays = set() if to is None else migrations.ancestors(_known(migrations, to))
    async with _locked(url, options) as run:
        entries = await run.entries()
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
        entries = await run.entries()

        for file in migrations:
            if file.id not in entries:
                await run.record(file.id)


@contextlib.asynccontextmanager
async def _locked(url: str, options: Options) -> AsyncIterator[_Run]:
    progress = Progress(options.report)
    async with open_link(url) as link:
        ledger = Ledger(link.sql_dialect)
        waiting = lambda: progress.say("Another process migrates this database; waiting")  # noqa: E731
        async with migration_lock(link, url, wait_s=options.wait_s, on_wait=waiting):
            await link.run(ledger.exists)  # refuses one of a newer version
            await link.run(ledger.create)
            yield _Run(link, ledger, options, progress)


class _Run:
    """The work under the lock."""

    def __init__(self, link: Link, ledger: Ledger, options: Options, progress: Progress) -> None:
        self.link, self.ledger = link, ledger
        self._options, self._progress = options, progress
        self._executor = Executor(
            link, ledger, interrupted=options.interrupted, on_batch=progress.rows
        )

    async def entries(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in await self.link.run(self.ledger.entries)}

    async def record(self, id: str) -> None:
        """Record a migration as applied that needs no work."""
        position = await self._next_position()
        await self.link.run(lambda s: self.ledger.begin(s, id, "applied", position))

    async def apply(self, migrations: Migrations, file: MigrationFile) -> None:
        """Apply one migration, or what is left of it. Raises: MigrationError."""
        steps = expand(file.steps, migrations.before(file), file.schema, self.link.sql_dialect)
        entry = (await self.entries()).get(file.id)
        if entry is None:
            await self.link.run(lambda s: check_problems(s, file.id, steps))
            position = await self._next_position()
            await self.link.run(lambda s: self.ledger.begin(s, file.id, "applying", position))
        begun = await self.link.run(lambda s: self.ledger.actions(s, file.id))
        total = sum(len(step.actions) for step in steps)
        self._progress.begin(file.id, total)
        await run_hook(self.link, migrations.environment.before, file.id)
        for step in steps:
            for number, action in enumerate(step.actions):
                key = ActionKey(file.id, step.number, number)
                self._progress.action(action.about)
                with _explained(file.id, step.number, len(file.steps), step.about):
                    await self._executor.run(action, key, begun.get((step.number, number)))
        await run_hook(self.link, migrations.environment.after, file.id)
        await self.link.run(lambda s: self._end(s, file.id))

    def _end(self, session: Session, id: str) -> None:
        with session.transaction():
            self.ledger.set_state(session, id, "applied")
            self.ledger.forget_actions(session, id)

    async def undo(self, migrations: Migrations, file: MigrationFile) -> None:
        """Undo one migration, or what was done of it. Raises: MigrationError."""
        entry = (await self.entries())[file.id]
        before = migrations.before(file)
        begun = await self.link.run(lambda s: self.ledger.actions(s, file.id))
        if entry.state == "applying":
            await self._finish_begun(file, before, begun)
            begun = await self.link.run(lambda s: self.ledger.actions(s, file.id))
        done = None if entry.state in ("applied", "adopted") else _done(begun)
        if entry.state == "undoing" and not done:
            done = None  # the whole migration was applied
        steps = reversed_steps(file, before, self.link.sql_dialect, done)
        if entry.state != "undoing":
            await self.link.run(lambda s: check_problems(s, f"Undoing {file.id}", steps))
        await self.link.run(lambda s: self.ledger.set_state(s, file.id, "undoing"))
        self._progress.begin(file.id, sum(len(step.actions) for step in steps))
        for step in steps:
            for number, action in enumerate(step.actions):
                self._progress.action(action.about)
                key = ActionKey(file.id, step.number, number)
                with _explained(file.id, step.number - UNDO, len(file.steps), step.about):
                    await self._executor.run(action, key, begun.get((step.number, number)))
        await self.link.run(lambda s: self.ledger.remove(s, [file.id]))

    async def _finish_begun(self, file: MigrationFile, before: Schema, begun: Begun) -> None:
        """Finish the action that was interrupted, so that each is done or not begun."""
        for step in expand(file.steps, before, file.schema, self.link.sql_dialect):
            for number, action in enumerate(step.actions):
                entry = begun.get((step.number, number))
                if entry is not None and not entry.is_done:
                    key = ActionKey(file.id, step.number, number)
                    await self._executor.run(action, key, entry)

    async def _next_position(self) -> int:
        return max((e.position for e in (await self.entries()).values()), default=0) + 1


def _done(begun: Begun) -> set[tuple[int, int]]:
    return {key for key in begun if key[0] < UNDO}


@contextlib.contextmanager
def _explained(id: str, number: int, count: int, about: str) -> Iterator[None]:
    """Name the migration and the step in what the database or the developer's code raises."""
    try:
        yield
    except MigrationError as error:
        raise type(error)(f"{_place(id, number, count, about)}: {error}") from error
    except DBAPIError as error:
        raise MigrationError(
            f"{_place(id, number, count, about)}: the database refused it: {error.orig}. What was "
            "done before this step stays; correct the cause, and run this again: it continues here."
        ) from error
    except Exception as error:
        raise MigrationError(
            f"{_place(id, number, count, about)}: {type(error).__name__}: {error}. What was done "
            "before this step stays; correct it, and run this again: it continues here."
        ) from error


def _place(id: str, number: int, count: int, about: str) -> str:
    if 0 <= number < count:
        return f"{id}, step {number + 1} of {count} ({about})"
    return f"{id} ({about})"


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
