"""The work of one migration, under the lock of its database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from starmodel.app.application import Application
from starmodel.core.values.tagged_json import from_text, to_text
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.order import Migrations
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.checking.problems import check_problems
from starmodel.migrations.running.database.connection import Link
from starmodel.migrations.running.database.lock_waits import retrying
from starmodel.migrations.running.database.session import Session, refusal_text
from starmodel.migrations.running.estimates import long_blocks
from starmodel.migrations.running.executing.events import check_events, open_application, run_events
from starmodel.migrations.running.executing.executing import Executor, Interrupted
from starmodel.migrations.running.executing.hooks import run_hook
from starmodel.migrations.running.ledger.ledger import ActionEntry, ActionKey, Entry, Ledger, State
from starmodel.migrations.running.leftovers import NONE, Leftovers, find_leftovers
from starmodel.migrations.running.planning.actions import EventsAction, PlannedStep
from starmodel.migrations.running.planning.expansion import expand
from starmodel.migrations.running.planning.reversal import UNDO, reversed_steps
from starmodel.migrations.running.progress import Progress, Report, silent
from starmodel.migrations.schema.definitions import Schema

Begun = Mapping[tuple[int, int], ActionEntry]
LEFTOVERS = (-1, 0)
"""The step and action of the row in the ledger that lists leftovers."""
WAIT_S = 3600.0
"""The time for which a process waits for another one that migrates."""


@dataclass(frozen=True)
class Options:
    """How migrations run.

    Shapes: blocking permits steps that block writers of a large table while a
    server runs; contract permits migrations that remove what processes of the
    old version need; interrupted says what to do with a statement whose outcome is
    unknown; application dispatches the events of `RunEvents`; report receives what
    is done, and the share that is done by then; notice, why it waits or blocks others, which
    report receives too where no notice is given.
    Units: wait_s limits the wait for another process that migrates.
    """

    blocking: bool = False
    contract: bool = False
    interrupted: Interrupted = "stop"
    application: Application | None = None
    report: Report = silent
    notice: Callable[[str], None] | None = None
    wait_s: float = WAIT_S


class Run:
    """The work under the lock. Shapes: entries are those of the ledger, after `load`."""

    def __init__(self, link: Link, ledger: Ledger, options: Options, progress: Progress) -> None:
        self.link, self.ledger = link, ledger
        self._options, self._progress = options, progress
        self.entries: dict[str, Entry] = {}
        self._executor = Executor(
            link, ledger, interrupted=options.interrupted, on_batch=progress.rows
        )
        self._dispatching: list[tuple[MigrationFile, list[PlannedStep]]] = []

    async def load(self) -> dict[str, Entry]:
        """Read the entries of the ledger, which nobody else changes under the lock."""
        found = await self.link.run(self.ledger.entries)
        self.entries = {entry.id: entry for entry in found}
        return self.entries

    async def record(self, id: str) -> None:
        """Record a migration as applied that needs no work."""
        await self._begin(id, "applied")

    async def _begin(self, id: str, state: State, leftovers: Leftovers = NONE) -> None:
        position = max((e.position for e in self.entries.values()), default=0) + 1

        def begin(session: Session) -> None:
            with session.transaction():
                self.ledger.begin(session, id, state, position)
                if leftovers:
                    key = ActionKey(id, *LEFTOVERS)
                    self.ledger.start(session, key)
                    self.ledger.save_checkpoint(session, key, to_text(sorted(leftovers)))

        await retrying(self.link, begin)
        self.entries[id] = Entry(id, state, position, 0.0)

    def _has_state(self, id: str, state: State) -> None:
        self.entries[id] = self.entries[id]._replace(state=state)

    async def apply(self, migrations: Migrations, file: MigrationFile) -> None:
        """Apply one migration, or what is left of it. Raises: MigrationError."""
        before = migrations.before(file)
        begun = await self.link.run(lambda s: self.ledger.actions(s, file.id))
        entry = self.entries.get(file.id)
        if entry is None:
            leftovers = await self.link.run(lambda s: find_leftovers(s, file, before))
        else:
            leftovers = _leftovers(begun)
        steps = expand(file, before, self.link.sql_dialect, leftovers)
        if entry is None:
            await self._check(file.id, steps)
            await self._begin(file.id, "applying", leftovers)
        total = sum(len(step.actions) for step in steps)
        self._progress.begin(file.id, total)
        await run_hook(self.link, migrations.environment.before, file.id)
        for step in steps:
            for number, action in enumerate(step.actions):
                if isinstance(action, EventsAction):
                    continue
                key = ActionKey(file.id, step.number, number)
                self._progress.action(action.about)
                with _explained(file.id, step.number, len(file.steps), step.about):
                    await self._executor.run(action, key, begun.get((step.number, number)))
        await run_hook(self.link, migrations.environment.after, file.id)
        events = [step for step in steps if any(isinstance(a, EventsAction) for a in step.actions)]
        if events:
            self._dispatching.append((file, events))
        else:
            await self._finish(file.id)

    async def _finish(self, id: str) -> None:
        await retrying(self.link, lambda s: self._end(s, id))
        self._has_state(id, "applied")

    async def check_events(
        self, migrations: Migrations, wanted: Collection[str], waiting: Collection[str]
    ) -> None:
        """Refuse migrations whose events can't be dispatched. Raises: MigrationError."""
        done = {id for id, each in self.entries.items() if each.state in ("applied", "adopted")}
        left = {file.id for file in migrations} - done - set(wanted) - set(waiting)
        files = [file for file in migrations if file.id in wanted and file.id not in done]

        def check(session: Session) -> None:
            if not session.is_recording:
                check_events(files, left, self._options.application)

        await self.link.run(check)

    async def dispatch_events(self) -> None:
        """Run the events of the migrations whose other steps are done. Raises: MigrationError."""
        if not self._dispatching:
            return
        async with open_application(self._options.application) as application:
            for file, steps in self._dispatching:
                self._progress.begin(file.id, len(steps))
                for step in steps:
                    self._progress.action(step.about)
                    with _explained(file.id, step.number, len(file.steps), step.about):
                        await run_events(self.link, self.ledger, application, file.id, step)
                await self._finish(file.id)

    async def _check(self, what: str, steps: list[PlannedStep]) -> None:
        def check(session: Session) -> None:
            if session.is_recording:
                return
            for block in long_blocks(session, what, steps, permitted=self._options.blocking):
                self._progress.say(f"{what} copies {block}; writers wait meanwhile")
            check_problems(session, what, steps)

        await self.link.run(check)

    def _end(self, session: Session, id: str) -> None:
        with session.transaction():
            self.ledger.set_state(session, id, "applied")
            self.ledger.forget_actions(session, id)

    async def undo(self, migrations: Migrations, file: MigrationFile) -> None:
        """Undo one migration, or what was done of it. Raises: MigrationError."""
        entry = self.entries[file.id]
        before = migrations.before(file)
        begun = await self.link.run(lambda s: self.ledger.actions(s, file.id))
        if entry.state == "applying":
            await self._finish_begun(file, before, begun)
            begun = await self.link.run(lambda s: self.ledger.actions(s, file.id))
        done = None if entry.state in ("applied", "adopted") else _done(begun)
        if entry.state == "undoing" and not done:
            done = None  # the whole migration was applied
        leftovers = _leftovers(begun)
        steps = reversed_steps(file, before, self.link.sql_dialect, done, leftovers)
        if entry.state != "undoing":
            await self._check(f"Undoing {file.id}", steps)
        await retrying(self.link, lambda s: self.ledger.set_state(s, file.id, "undoing"))
        self._has_state(file.id, "undoing")
        self._progress.begin(file.id, sum(len(step.actions) for step in steps))
        for step in steps:
            for number, action in enumerate(step.actions):
                self._progress.action(action.about)
                key = ActionKey(file.id, step.number, number)
                with _explained(file.id, step.number - UNDO, len(file.steps), step.about):
                    await self._executor.run(action, key, begun.get((step.number, number)))
        await retrying(self.link, lambda s: self.ledger.remove(s, [file.id]))
        del self.entries[file.id]

    async def _finish_begun(self, file: MigrationFile, before: Schema, begun: Begun) -> None:
        """Finish the action that was interrupted, so that each is done or not begun."""
        for step in expand(file, before, self.link.sql_dialect, _leftovers(begun)):
            for number, action in enumerate(step.actions):
                entry = begun.get((step.number, number))
                if entry is not None and not entry.is_done:
                    key = ActionKey(file.id, step.number, number)
                    await self._executor.run(action, key, entry)


def _leftovers(begun: Begun) -> Leftovers:
    entry = begun.get(LEFTOVERS)
    return (
        NONE
        if entry is None or entry.checkpoint is None
        else frozenset(from_text(entry.checkpoint))
    )


def _done(begun: Begun) -> set[tuple[int, int]]:
    return {key for key in begun if 0 <= key[0] < UNDO}


@contextlib.contextmanager
def _explained(id: str, number: int, count: int, about: str) -> Iterator[None]:
    """Name the migration and the step in what the database or the developer's code raises."""
    try:
        yield
    except MigrationError as error:
        raise type(error)(f"{_place(id, number, count, about)}: {error}") from error
    except DBAPIError as error:
        raise MigrationError(
            f"{_place(id, number, count, about)}: the database refused it: {refusal_text(error)}. "
            "What was "
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
