"""What a step of an event leads to: its reply, its idempotency marker and its outcome."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from starmodel.app.access import decisions
from starmodel.app.access.disclosure import Viewer
from starmodel.app.access.policy import TRUSTED
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.field_access import without
from starmodel.app.commands.idempotency import Claim
from starmodel.app.commands.repeats import NO_OUTCOME, outcome_text
from starmodel.app.commands.replies import NO_REPLY, Place, Reply, reply_to
from starmodel.app.commit.tracked import Tracked
from starmodel.app.ports.repository import Marker
from starmodel.app.uow import UnitOfWork
from starmodel.core.changes.drafts import Facts, reset_draft, returned_state
from starmodel.core.classes.registry import Registry
from starmodel.core.commands import CommandRecord
from starmodel.core.entity import Entity
from starmodel.core.snapshot import hidden_of, version_of

log = logging.getLogger("starmodel.dispatcher")


class Handlers(Protocol):
    """The `@on` handlers of an application, as `Reactions` runs them.

    Shapes: causes are the classes of facts, and (entity class, event name) pairs.
    """

    causes: frozenset[Any]

    def after(
        self,
        record: CommandRecord | None,
        cls: type[Entity] | None,
        entity: Entity | None,
        facts: list[Any],
    ) -> None:
        """Start the handlers of this event and these facts; returns at once."""


class Outcomes:
    """Makes the reply of a step before its commit, and the outcome after it.

    A step is a whole event, or the part of a generator up to its next `yield`.
    """

    def __init__(self, registry: Registry, place: Place, reactions: Handlers) -> None:
        self._registry = registry
        self._place, self._reactions = place, reactions

    def viewer(self, command: Command) -> Viewer:
        """What the command's caller may read."""
        return Viewer(self._registry, command.policy, command.reader)

    async def reply(
        self, unit: UnitOfWork, target: Tracked, command: Command, value: Any
    ) -> tuple[Any, Reply]:
        """The event's result and the reply made of it; a returned state goes into the draft.

        Raises: AccessDeniedError, for a new state that the caller may not make; what
        `reply_to` and `command.vet` raise.
        """
        entity_type, event = command.entity_type, command.event
        if value is not None and (state := returned_state(target.draft, value)) is not None:
            if state is not target.draft:
                reset_draft(target.draft, state)  # its version does not matter: the base's counts
            value = None
        if event.name == "delete" and entity_type.is_record:
            target.deleted = True
        elif target.new:  # nothing is stored yet: access is decided on the state to be stored
            await decisions.check(
                command.policy,
                entity_type,
                "write",
                command.actor,
                event=event,
                entity=target.draft,
            )
        reply = NO_REPLY
        if value is not None:
            where = f"{entity_type.name}.{event.name}"
            reply = await reply_to(value, event.info, self._place, self.viewer(command), where)
        if command.vet is not None:
            command.vet(reply)
        if target.new:
            await unit.identify()  # the reply and the marker name the new record
        return value, reply

    async def marker(
        self,
        unit: UnitOfWork,
        target: Tracked,
        command: Command,
        claim: Claim,
        reply: Reply,
        *,
        last: bool = True,
    ) -> Marker:
        """The idempotency marker to store with the changes of a step."""
        outcome = None
        if last:
            outcome = NO_OUTCOME
            if target.new or reply is not NO_REPLY:
                outcome = await outcome_text(reply, target, self.viewer(command))
        cause = command.entity_type.cls, command.event.name
        return claim.marker(
            outcome, effects=bool(unit.facts.emitted) or cause in self._reactions.causes
        )

    async def _removed(self, command: Command, base: Entity) -> Entity | None:
        """A deleted entity as the caller could see it; None when it could not read it."""
        entity_type, reader = command.entity_type, command.reader
        if reader is TRUSTED:
            return base
        if not await decisions.permits(command.policy, entity_type, reader, entity=base):
            return None
        is_guarded = entity_type.cls.__entity__.guarded
        return await self.viewer(command).seen(base) if is_guarded else base

    async def outcome(
        self,
        facts: Facts,
        target: Tracked,
        command: Command,
        record: CommandRecord,
        claim: Claim | None,
        value: Any,
        reply: Reply,
        *,
        last: bool = True,
    ) -> Outcome:
        """The outcome of a committed step as its caller may see it; handlers are started."""
        entity_type = command.entity_type
        if claim is not None:
            claim.kept = True
        if command.precondition is not None:
            command.precondition.is_met = True  # from here on the version is this command's own
        entity = None if target.deleted else target.made
        if self._reactions.causes:
            try:
                self._reactions.after(
                    record if last else None, entity_type.cls, entity, facts.emitted
                )
            except Exception:  # delivery: the commit holds, whatever follows it
                log.exception(
                    "The @on handlers of %s.%s could not be started",
                    entity_type.name,
                    command.event.name,
                )
        stored = entity_type.auto_persist or facts.save
        if entity is None:
            removed = await self._removed(command, target.base)
            return Outcome(record, value, reply, None, 0, target.patch, stored, removed=removed)
        reader = command.reader
        if reader is not TRUSTED and not await decisions.permits(
            command.policy, entity_type, reader, entity=entity
        ):
            return Outcome(record, value, reply, stored=stored, readable=False)
        version, patch = version_of(entity), target.patch
        if entity_type.cls.__entity__.guarded and reader is not TRUSTED:
            entity = await self.viewer(command).seen(entity)
            patch = without(patch, hidden_of(entity))
        return Outcome(record, value, reply, entity, version, patch, stored)
