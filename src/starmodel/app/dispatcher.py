"""Runs one event of one entity for a click, an API call, a script or a replay."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from starmodel.app.access.decisions import permits
from starmodel.app.access.policy import TRUSTED
from starmodel.app.commands.access import (
    EndedSessions,
    SessionWatch,
    check_class,
    check_confirmed,
)
from starmodel.app.commands.async_events import AsyncEvents
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.binding.edited_fields import check_untouched
from starmodel.app.commands.binding.models import MASK
from starmodel.app.commands.binding.private_parts import input_of
from starmodel.app.commands.command import Checked, Command, Outcome, RowCommand
from starmodel.app.commands.field_access import conceal
from starmodel.app.commands.idempotency import Claim, Idempotency
from starmodel.app.commands.inlines.binding import RowBinder
from starmodel.app.commands.inlines.rows import ROW_ID, ROW_REMOVED
from starmodel.app.commands.inlines.saving import InlineRows
from starmodel.app.commands.inlines.violations import name_row
from starmodel.app.commands.inputs import Inputs
from starmodel.app.commands.loading import Loader
from starmodel.app.commands.outcomes import Outcomes
from starmodel.app.commands.prepared import PreparedEvent, has_direct_path
from starmodel.app.commands.repeats import Repeats
from starmodel.app.commands.replies import Place
from starmodel.app.commit.deadlines import StoreWindow
from starmodel.app.commit.row_locks import OPTIMISTIC_ATTEMPTS, RowLocks
from starmodel.app.commit.tracked import Tracked
from starmodel.app.live.reactions import Reactions
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.bus import EventBus
from starmodel.app.ports.clock import Clock, IdSource
from starmodel.app.ports.repository import RecordKey
from starmodel.app.sessions.scopes import Scopes
from starmodel.app.uow import ABORTS, ATTEMPTS, UnitOfWork
from starmodel.core.changes.copies import Lease
from starmodel.core.changes.drafts import Facts, close_draft
from starmodel.core.changes.transitions import check_transitions
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.commands import CommandRecord, plain
from starmodel.core.errors import (
    BindingError,
    ConstraintError,
    EditConflictError,
    InvalidStateError,
    StarModelError,
)
from starmodel.core.events import Event
from starmodel.core.events.built_in import BUILT_IN
from starmodel.core.fields.field import excluding_private
from starmodel.core.snapshot import version_of

SUDO_S = 15 * 60.0
log = logging.getLogger("starmodel.dispatcher")
_NOT_WATCHED: AbstractContextManager[SessionWatch | None] = nullcontext()


class Dispatcher:
    """Loads the entity, decides access, runs the event, commits; independent of any transport.

    Shapes: prepares is False where each command needs its own unit of work.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        unit: Callable[[Lease | None], UnitOfWork],
        persistence: PersistenceManager,
        scopes: Scopes,
        reactions: Reactions,
        place: Place,
        bus: EventBus,
        clock: Clock,
        ids: IdSource,
        row_locks: RowLocks,
        prepares: bool = True,
    ) -> None:
        self._row_locks, self._registry = row_locks, registry
        self._unit, self._persistence = unit, persistence
        self._outcomes = Outcomes(registry, place, reactions)
        self._clock, self._ids = clock, ids
        self._idempotency = Idempotency()
        self.sessions = EndedSessions()
        self.sudo_s = SUDO_S  # set by bootstrap from the settings
        self.binders = {
            (t.cls, event.name): Binder(t, event, registry)
            for t in registry
            for event in t.events.values()
        }
        self._loader = Loader(registry, persistence, scopes, self.binders)
        self.rows = RowBinder(registry, self.binders)
        self._inline_rows = InlineRows(self._loader, self.binders, self._outcomes)
        self.id_of = self._loader.id_of
        self._async_events = AsyncEvents(unit, self._loader, self._outcomes)
        self._repeats = Repeats(registry, persistence, scopes, self.id_of)
        self.prepared = {
            key: PreparedEvent(
                binder, persistence=persistence, scopes=scopes, id_of=self.id_of,
                bus=bus, clock=clock, outcomes=self._outcomes,
                has_handlers=key in reactions.causes, complete=self._complete_run,
            )
            for key, binder in self.binders.items()
            if prepares
            and has_direct_path(binder)
            and not self.rows.names(binder.entity_type, binder.event)
        }  # fmt: skip
        """By entity class and event name; an event without an entry takes the general path."""

    def bind(
        self, entity_type: EntityType, event: Event[Any, Any, Any], inputs: Inputs
    ) -> dict[str, Any]:
        """The event's arguments out of what a caller sent. Raises: BindingError."""
        return self.binders[entity_type.cls, event.name].bind(inputs)

    def runs_at_once(self, entity_type: EntityType, event: Event[Any, Any, Any]) -> bool:
        """True for an event without parameters that a visitor fills, nor a browser's state.

        Defaults don't count: a click must not choose values that no form has shown.
        """
        binder = self.binders[entity_type.cls, event.name]
        return not (binder.takes_fields or binder.parameters or binder.browser_stores)

    def refuse_masked(
        self, entity_type: EntityType, event: Event[Any, Any, Any], args: Mapping[str, Any]
    ) -> None:
        """Refuse a stored record whose secrets were masked. Raises: BindingError."""
        for name in self.binders[entity_type.cls, event.name].unsaid:
            if args.get(name) == MASK:
                raise BindingError(
                    f"{entity_type.name}.{event.name}: {name!r} is secret and was not recorded; "
                    "dispatch the event with its value.",
                    {name: "was not recorded"},
                )

    async def dispatch(self, command: Command) -> Outcome:
        """Run the event once and answer after its change is stored and published.

        The same key, session, entity and event with the same arguments is
        answered with the first outcome, for a day.

        Raises: what the event raises; NotFoundError, AccessDeniedError,
        InvalidStateError, ConstraintError, VersionConflictError,
        CommandRunningError, CommandReusedError. Then nothing was stored
        since the event's last `yield`.
        """
        entity_type, event = command.entity_type, command.event
        actor, session = command.actor, command.session
        if event.info.sudo:
            check_confirmed(command, self._clock(), self.sudo_s)
        binder = self.binders[entity_type.cls, event.name]
        record = CommandRecord(
            self._ids(),
            entity_type.name if command.id is None else f"{entity_type.name}:{command.id}",
            event.name,
            command.arguments
            if binder.is_recorded_as_given and not command.rows
            else self.recorded(command),
            None if actor is None else actor.id,
            None if session is None else session.key,
            self._clock(),
        )
        run = self._run_sync if event.kind == "sync" else self._run_async
        try:
            if command.key is None:
                return await run(command, record, None)
            return await self._idempotency.once(
                record,
                command.key,
                self._persistence.for_class(entity_type.cls),
                partial(run, command, record),
                partial(self._repeats.answer, command, record),
            )
        except StarModelError as error:
            # An actor whom the rule of the class denies gets that error instead: it
            # discloses nothing about the stored record.
            await check_class(command)
            if isinstance(error, InvalidStateError | ConstraintError):
                await self._conceal(error, command)
            if command.rows and isinstance(error, ConstraintError):
                await name_row(error, command, self._persistence)
            raise

    async def _conceal(self, error: InvalidStateError | ConstraintError, command: Command) -> None:
        """Remove from an error the fields that the caller may not read."""
        entity_type = self._registry.find(error.entity) or command.entity_type
        if not entity_type.cls.__entity__.guarded or command.reader is TRUSTED:
            return
        other = None if entity_type is command.entity_type else entity_type
        stored = None if other is not None else await self._loader.stored(command)
        await conceal(error, command, self._outcomes.viewer(command), other, stored)

    async def check(self, command: Command) -> Checked:
        """What would be refused, and the record as it would be stored; nothing is stored.

        Only `create` and `update` as built in are tried out, on a draft that is
        dropped: what any other event does is done when it is dispatched.
        """
        if BUILT_IN.get(command.event.name) is not command.event or command.event.name == "delete":
            return Checked({})
        unit = self._unit(None)
        target = await self._loader.target(unit, command)
        viewer = self._outcomes.viewer(command)
        if not (target.new or await viewer.may_read(target.base)):
            return Checked({})  # the stored values could be inferred from the answers
        errors: dict[str, str] = {}
        entity = target.draft
        try:
            arguments = await self._loader.arguments(unit, command, target)
            check_untouched(await viewer.seen(target.base), arguments, command.was)
            command.event.fn(target.draft, **arguments)
            entity = close_draft(target.draft)
            if not target.new:
                check_transitions(target.base, entity)
            await unit.check_choices(target)
        except (InvalidStateError, ConstraintError) as error:
            await self._conceal(error, command)
            errors = error.fields
        except (BindingError, EditConflictError) as error:
            errors = error.fields
        if command.rows:
            errors = errors | await self._inline_rows.problems(unit, target, command)
        if target.new and not await permits(command.policy, command.entity_type, command.reader):
            return Checked(errors)
        return Checked(errors, entity, target.new)

    def recorded(self, command: Command) -> dict[str, Any]:
        """The arguments as a record keeps them: secrets and private fields masked."""
        binder = self.binders[command.entity_type.cls, command.event.name]
        if binder.is_recorded_as_given and not command.rows:
            return command.arguments
        token = excluding_private.set(True)
        try:
            recorded: dict[str, Any] = {
                name: MASK if name in binder.unsaid else plain(input_of(value))
                for name, value in command.arguments.items()
            }
            for row in command.rows:
                recorded.setdefault(row.children.name, []).append(self._recorded_row(row))
            return recorded
        finally:
            excluding_private.reset(token)

    def _recorded_row(self, row: RowCommand) -> dict[str, Any]:
        """The row of a child as a record keeps it."""
        data: dict[str, Any] = {} if row.id is None else {ROW_ID: plain(row.id)}
        if row.command is None:
            return data
        if row.command.event.name == "delete":
            return {**data, ROW_REMOVED: True}
        return data | self.recorded(row.command)

    async def _run_async(
        self, command: Command, record: CommandRecord, claim: Claim | None
    ) -> Outcome:
        """Run an event that awaits or yields. Its marker is stored before it starts."""
        try:
            with self.sessions.watch(command) as session:
                return await self._async_events.run(command, record, claim, session)
        except Exception:  # not when cancelled: an interrupted command never runs again
            if claim is not None:
                await claim.release()
            raise

    async def _run_sync(
        self, command: Command, record: CommandRecord, claim: Claim | None
    ) -> Outcome:
        """Nothing but stores and the policy is awaited: after a conflict the event runs again.

        After two conflicts in a row, and while other commands of this process
        wait for the same rows, the rows are locked before they are read. Then
        no other process can commit in between, and the command waits at most for the locks.
        """
        prepared = self.prepared.get((command.entity_type.cls, command.event.name))
        is_signed_in = command.session is not None and command.actor is not None
        watch = self.sessions.watch(command) if is_signed_in else _NOT_WATCHED
        with watch as session, StoreWindow():
            if prepared is None or self._row_locks.contended:
                return await self._run_attempts(command, record, claim, session)
            try:
                outcome = await prepared.run(command, record, claim, session)
            except ABORTS:
                await _pause(1)
                return await self._run_attempts(command, record, claim, session, first=2)
            return outcome or await self._run_attempts(command, record, claim, session)

    async def _run_attempts(
        self,
        command: Command,
        record: CommandRecord,
        claim: Claim | None,
        session: SessionWatch | None,
        *,
        first: int = 1,
    ) -> Outcome:
        """Run the event until its commit meets no conflict; `first` counts those that did."""
        keys: frozenset[RecordKey] = frozenset()
        for attempt in range(first, ATTEMPTS + 1):
            unit = self._unit(None)
            locks = attempt > OPTIMISTIC_ATTEMPTS
            if locks or self._row_locks.contended:
                named = self._loader.keys(command)
                if locks or not named.isdisjoint(self._row_locks.contended):
                    keys |= named
            try:
                if not keys:
                    return await self._run_once(unit, command, record, claim, session)
                async with unit.locked(keys):
                    return await self._run_once(unit, command, record, claim, session)
            except ABORTS:
                if attempt == ATTEMPTS:
                    raise
                if attempt >= OPTIMISTIC_ATTEMPTS:
                    keys |= unit.keys
            await _pause(attempt)
        raise AssertionError("unreachable")

    async def _run_once(
        self,
        unit: UnitOfWork,
        command: Command,
        record: CommandRecord,
        claim: Claim | None,
        session: SessionWatch | None,
    ) -> Outcome:
        """Load, run the event on the draft, and commit."""
        target = await self._loader.target(unit, command)
        arguments = command.arguments
        if self.binders[command.entity_type.cls, command.event.name].needs_more:
            arguments = await self._loader.arguments(unit, command, target)
        if command.was and await (viewer := self._outcomes.viewer(command)).may_read(target.base):
            check_untouched(await viewer.seen(target.base), arguments, command.was)
        value = command.event.fn(target.draft, **arguments)
        await self._loader.check_new_fields(command, target)
        if command.rows:
            await self._inline_rows.run(unit, target, command)
        return await self._complete(unit, target, command, record, claim, value, session)

    async def _complete_run(
        self,
        facts: Facts,
        target: Tracked,
        command: Command,
        record: CommandRecord,
        claim: Claim | None,
        value: Any,
        session: SessionWatch | None,
    ) -> Outcome:
        """Commit the draft of a prepared event through a new unit of work."""
        unit = self._unit(None)
        unit.adopt(target, facts)
        return await self._complete(unit, target, command, record, claim, value, session)

    async def _complete(
        self,
        unit: UnitOfWork,
        target: Tracked,
        command: Command,
        record: CommandRecord,
        claim: Claim | None,
        value: Any,
        session: SessionWatch | None,
    ) -> Outcome:
        """Commit a sync event: reply, idempotency marker, transaction, outcome."""
        value, reply = await self._outcomes.reply(unit, target, command, value)
        record = record.reading(version_of(target.base))
        marker = (
            None
            if claim is None
            else await self._outcomes.marker(unit, target, command, claim, reply)
        )
        if session is not None:
            session.check()  # it may have ended while the store or the policy was awaited
        await unit.commit(marker=marker, target=target, record=record)
        return await self._outcomes.outcome(
            unit.facts, target, command, record, claim, value, reply
        )


async def _pause(attempt: int) -> None:
    """Sleep for a random backoff before the next attempt after a version conflict."""
    await asyncio.sleep(random.uniform(0, 0.002 * 2**attempt))  # noqa: S311 - jitter
