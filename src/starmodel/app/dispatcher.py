"""Runs one event of one entity, whoever asks: a click, an API call, a script, a replay."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from starmodel.app.access.disclosure import Viewer
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.commands.access import EndedSessions, SessionWatch
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.binding.edited_fields import check_untouched
from starmodel.app.commands.binding.inputs import Inputs
from starmodel.app.commands.binding.models import MASK
from starmodel.app.commands.binding.private_parts import input_of
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.generators import Steps
from starmodel.app.commands.idempotency import Claim, Idempotency
from starmodel.app.commands.loading import Loader
from starmodel.app.commands.repeats import Repeats, outcome_text
from starmodel.app.commands.replies import NO_REPLY, Render, reply_to
from starmodel.app.commit.deadlines import StoreWindow
from starmodel.app.commit.row_locks import OPTIMISTIC_ATTEMPTS, RowLocks
from starmodel.app.commit.tracked import Tracked
from starmodel.app.live.reactions import Reactions
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.clock import Clock, IdSource
from starmodel.app.ports.repository import Marker, RecordKey
from starmodel.app.sessions.scopes import Scopes
from starmodel.app.uow import ABORTS, ATTEMPTS, UnitOfWork
from starmodel.core.changes.copies import Lease
from starmodel.core.changes.drafts import close_draft, reset_draft, returned_state
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.commands import CommandRecord, plain
from starmodel.core.errors import (
    BindingError,
    ConstraintError,
    EditConflictError,
    InvalidStateError,
    VersionConflictError,
)
from starmodel.core.events import Event
from starmodel.core.events.built_in import BUILT_IN
from starmodel.core.fields.field import excluding_private
from starmodel.core.snapshot import version_of

log = logging.getLogger("starmodel.dispatcher")


class Dispatcher:
    """Loads, checks access, runs, commits and tells the outcome; knows no transport."""

    def __init__(
        self,
        *,
        registry: Registry,
        unit: Callable[[Lease | None], UnitOfWork],
        persistence: PersistenceManager,
        policy: AccessPolicy,
        scopes: Scopes,
        reactions: Reactions,
        render: Render,
        clock: Clock,
        ids: IdSource,
        row_locks: RowLocks,
    ) -> None:
        self._row_locks = row_locks
        self._unit, self._persistence, self._policy = unit, persistence, policy
        self._scopes, self._reactions, self._render = scopes, reactions, render
        self._clock, self._ids = clock, ids
        self._idempotency = Idempotency()
        self.sessions = EndedSessions()
        self._registry = registry
        self.binders = {
            (t.cls, event.name): Binder(t, event, registry)
            for t in registry
            for event in t.events.values()
        }
        self._loader = Loader(registry, persistence, policy, scopes, self.binders)
        self.id_of = self._loader.id_of
        self._repeats = Repeats(registry, persistence, policy, scopes, self.id_of)

    def bind(
        self, entity_type: EntityType, event: Event[Any, Any, Any], inputs: Inputs
    ) -> dict[str, Any]:
        """The event's arguments out of what a caller sent. Raises: BindingError."""
        return self.binders[entity_type.cls, event.name].bind(inputs)

    def runs_at_once(self, entity_type: EntityType, event: Event[Any, Any, Any]) -> bool:
        """True for an event without parameters that a visitor fills, nor a browser's state.

        Defaults don't count: a click must not decide what nobody has seen.
        """
        binder = self.binders[entity_type.cls, event.name]
        return not (binder.takes_fields or binder.parameters or binder.carries)

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
        entity_type, actor, session = command.entity_type, command.actor, command.session
        record = CommandRecord(
            self._ids(),
            entity_type.name if command.id is None else f"{entity_type.name}:{command.id}",
            command.event.name,
            self.recorded(command),
            None if actor is None else actor.id,
            None if session is None else session.key,
            self._clock(),
        )
        self._policy.check(entity_type, "write", actor, event=command.event)
        if command.key is None:
            return await self._run(command, record, None)
        return await self._idempotency.once(
            record,
            command.key,
            self._persistence.for_class(entity_type.cls),
            partial(self._run, command, record),
            partial(self._repeats.answer, command, record),
        )

    async def check(self, command: Command) -> dict[str, str]:
        """What would be refused, by field; nothing is stored.

        Only `create` and `update` as built in are tried out, on a draft that is
        dropped: what any other event does is done when it is dispatched.
        """
        if BUILT_IN.get(command.event.name) is not command.event or command.event.name == "delete":
            return {}
        unit = self._unit(None)
        home = await self._loader.home(unit, command)
        if not (home.new or self._viewer(command).may_read(home.base)):
            return {}  # what the stored values are could be read off the answers
        try:
            arguments = await self._loader.arguments(unit, command, home)
            check_untouched(home.base, arguments, command.was)
            command.event.fn(home.draft, **arguments)
            close_draft(home.draft)
        except (BindingError, ConstraintError, InvalidStateError, EditConflictError) as error:
            return error.fields
        return {}

    def _viewer(self, command: Command) -> Viewer:
        return Viewer(self._registry, self._policy, command.reader)

    def recorded(self, command: Command) -> dict[str, Any]:
        """The arguments as a record keeps them: secrets and private fields masked."""
        binder = self.binders[command.entity_type.cls, command.event.name]
        if binder.scalar and not binder.unsaid:
            return command.arguments
        token = excluding_private.set(True)
        try:
            return {
                name: MASK if name in binder.unsaid else plain(input_of(value))
                for name, value in command.arguments.items()
            }
        finally:
            excluding_private.reset(token)

    def _run(
        self, command: Command, record: CommandRecord, claim: Claim | None
    ) -> Coroutine[Any, Any, Outcome]:
        if command.event.kind == "sync":
            return self._run_sync(command, record, claim)
        return self._run_waiting(command, record, claim)

    async def _run_waiting(
        self, command: Command, record: CommandRecord, claim: Claim | None
    ) -> Outcome:
        """Events that may wait for the world: their start is on record before they run."""
        try:
            with self.sessions.watch(command) as session:
                if command.event.kind == "async":
                    return await self._run_async(command, record, claim, session)
                return await self._run_segments(command, record, claim, session)
        except Exception:  # not when cancelled: what was interrupted is never run again by itself
            if claim is not None:
                await claim.release()
            raise

    async def _run_sync(
        self, command: Command, record: CommandRecord, claim: Claim | None
    ) -> Outcome:
        """Nothing awaits between loading and handing over, so a conflict can just run again.

        After two conflicts in a row, and while other commands of this process
        wait for the same rows, the rows are locked before they are read. Then
        nobody else can commit in between, and the wait is all it costs.
        """
        keys: frozenset[RecordKey] = frozenset()
        with StoreWindow():
            for attempt in range(1, ATTEMPTS + 1):
                unit = self._unit(None)
                locks = attempt > OPTIMISTIC_ATTEMPTS
                if locks or self._row_locks.contended:
                    named = self._loader.keys(command)
                    if locks or not named.isdisjoint(self._row_locks.contended):
                        keys |= named
                try:
                    if not keys:
                        return await self._run_once(unit, command, record, claim)
                    async with unit.locked(keys):
                        return await self._run_once(unit, command, record, claim)
                except ABORTS:
                    if attempt == ATTEMPTS:
                        raise
                    if attempt >= OPTIMISTIC_ATTEMPTS:
                        keys |= unit.keys
                await asyncio.sleep(random.uniform(0, 0.002 * 2**attempt))  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    async def _run_once(
        self, unit: UnitOfWork, command: Command, record: CommandRecord, claim: Claim | None
    ) -> Outcome:
        home = await self._loader.home(unit, command)
        arguments = command.arguments
        if self.binders[command.entity_type.cls, command.event.name].needs_more:
            arguments = await self._loader.arguments(unit, command, home)
        if command.was and self._viewer(command).may_read(home.base):
            check_untouched(home.base, arguments, command.was)
        value = command.event.fn(home.draft, **arguments)
        return await self._finish(unit, home, command, record, claim, value)

    async def _run_async(
        self, command: Command, record: CommandRecord, claim: Claim | None, session: SessionWatch
    ) -> Outcome:
        """The event may wait for the world: a conflict is rebased, or run again by `retry=True`."""
        for attempt in range(1, ATTEMPTS + 1):
            unit = self._unit(Lease())
            home = await self._loader.home(unit, command)
            arguments = await self._loader.arguments(unit, command, home)
            if claim is not None:
                await claim.start()
            value = await command.event.fn(home.draft, **arguments)
            try:
                return await self._finish(unit, home, command, record, claim, value, session)
            except VersionConflictError:
                if not command.event.info.retry or attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _run_segments(
        self, command: Command, record: CommandRecord, claim: Claim | None, session: SessionWatch
    ) -> Outcome:
        """Each `yield` commits, publishes and sends; a conflict is thrown in at the yield."""
        unit = self._unit(Lease())
        home = await self._loader.home(unit, command)
        arguments = await self._loader.arguments(unit, command, home)
        if claim is not None:
            await claim.start()
        steps = Steps(command.event.fn(home.draft, **arguments))
        yielded: list[Any] = []
        try:
            async for value in steps:
                try:
                    outcome = await self._finish(
                        unit, home, command, record, claim, value, session, last=False
                    )
                except VersionConflictError as conflict:
                    await unit.reload(Lease())
                    if not unit.has(home):
                        raise
                    steps.throw_in(conflict)
                    continue
                yielded.append(value)
                if command.send is not None:
                    try:
                        await command.send(outcome)
                    except Exception:  # delivery: the step is stored, and the next ones follow
                        log.exception("A step of %s was not delivered", outcome.record.event)
                await unit.next_segment(Lease())
        finally:
            await steps.close()
        outcome = await self._finish(unit, home, command, record, claim, None, session)
        outcome.value = yielded
        return outcome

    async def _finish(
        self,
        unit: UnitOfWork,
        home: Tracked,
        command: Command,
        record: CommandRecord,
        claim: Claim | None,
        value: Any,
        session: SessionWatch | None = None,
        *,
        last: bool = True,
    ) -> Outcome:
        """Commit what the event did; the outcome as its caller may see it."""
        entity_type, event = command.entity_type, command.event
        viewer = self._viewer(command)
        if value is not None and (state := returned_state(home.draft, value)) is not None:
            if state is not home.draft:
                reset_draft(home.draft, state)  # its version does not matter: the base's counts
            value = None
        if event.name == "delete" and entity_type.is_record:
            home.deleted = True
        elif home.new:
            self._policy.check(entity_type, "write", command.actor, event=event, entity=home.draft)
        reply = NO_REPLY
        if value is not None:
            where = f"{entity_type.name}.{event.name}"
            reply = reply_to(value, event.info, self._render, viewer, where)
        if command.vet is not None:
            command.vet(reply)
        if home.new:
            await unit.identify()  # the reply and the marker name the new record
        facts = unit.facts.emitted.copy()
        record = record.reading(version_of(home.base))

        def marker() -> Marker | None:
            if session is not None:
                session.check()
            if claim is None:
                return None
            told = outcome_text(reply, home, viewer) if last else None
            reacted = self._reactions.waits_for(entity_type.cls, event.name)
            return claim.marker(told, effects=reacted or bool(facts))

        if event.kind == "sync":
            await unit.commit(marker=marker(), home=home, record=record)
        else:
            await unit.settle(marker=marker, home=home, record=record)
        if claim is not None:
            claim.kept = True
        if command.precondition is not None:
            command.precondition.is_met = True  # from here on the version is this command's own
        entity = None if home.deleted else home.made
        try:
            self._reactions.after(record if last else None, entity_type.cls, entity, facts)
        except Exception:  # delivery: what is stored stays stored, whatever follows it
            log.exception(
                "The @on handlers of %s.%s could not be started", entity_type.name, event.name
            )
        stored = entity_type.auto_persist or unit.facts.save
        if entity is not None and not viewer.may_read(entity):
            return Outcome(record, value, reply, stored=stored, readable=False)
        version = 0 if entity is None else version_of(entity)
        return Outcome(record, value, reply, entity, version, home.patch, stored)
