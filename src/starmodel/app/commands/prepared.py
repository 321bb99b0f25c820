"""The direct path of a sync event on one stored entity: load, run, compare, commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starmodel.app.access.decisions import check_record
from starmodel.app.access.readiness import check_ready
from starmodel.app.commands.access import SessionWatch
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.idempotency import Claim
from starmodel.app.commands.outcomes import Outcomes
from starmodel.app.commands.repeats import NO_OUTCOME
from starmodel.app.commands.replies import NO_REPLY
from starmodel.app.commit.deadlines import close_window
from starmodel.app.commit.publishing import publish
from starmodel.app.commit.tracked import Tracked, change_of
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.bus import EventBus, Wants
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.messages import always_has_json, changed_message
from starmodel.app.ports.repository import Batch
from starmodel.app.sessions.scopes import Scopes
from starmodel.core.changes.drafts import Facts, open_draft
from starmodel.core.commands import CommandRecord
from starmodel.core.snapshot import stored, version_of

IdOf = Callable[[Any, Any], Any]
Complete = Callable[
    [Facts, Tracked, Command, CommandRecord, Claim | None, Any, SessionWatch | None],
    Awaitable[Outcome],
]


def has_direct_path(binder: Binder) -> bool:
    """True for a sync event that changes its stored entity and needs nothing but its arguments."""
    entity_type, name = binder.entity_type, binder.event.name
    return (
        binder.event.kind == "sync"
        and not binder.needs_more
        and not entity_type.in_browser
        and entity_type.auto_persist
        and not (entity_type.is_record and name in ("create", "delete"))
    )


class PreparedEvent:
    """The handler of one sync event, prepared when the application starts.

    Updates one stored entity without a unit of work, with the guarantees of the
    dispatcher: the access policy checks the loaded snapshot, the draft is
    validated, and one batch commits the change as a compare-and-swap on the
    version, together with the idempotency marker. In a repository that never
    suspends, no other task runs between the load and the commit.

    Shapes: complete commits the draft of an event that returned a value or emitted facts.
    """

    def __init__(
        self,
        binder: Binder,
        *,
        persistence: PersistenceManager,
        scopes: Scopes,
        id_of: IdOf,
        bus: EventBus,
        clock: Clock,
        outcomes: Outcomes,
        has_handlers: bool,
        complete: Complete,
    ) -> None:
        entity_type = binder.entity_type
        self._entity_type, self._event = entity_type, binder.event
        self._persistence = persistence
        self._scopes, self._id_of = scopes, id_of
        self._bus, self._clock = bus, clock
        self._outcomes, self._complete = outcomes, complete
        self._has_handlers, self._is_synced = has_handlers, bool(entity_type.synced)
        # A message that may fail is made before its change is stored.
        selective: Wants | None = getattr(bus, "wants", None)
        self._wants = selective if always_has_json(entity_type.cls) else None

    async def run(
        self,
        command: Command,
        record: CommandRecord,
        claim: Claim | None,
        session: SessionWatch | None,
    ) -> Outcome | None:
        """Run the command, or return None before its event runs, when it needs the general path.

        Raises: as `Dispatcher.dispatch` does.
        """
        entity_type, event, id = self._entity_type, self._event, command.id
        cls = entity_type.cls
        if command.was or command.precondition or (self._is_synced and command.signals):
            return None
        if entity_type.is_record:
            id = self._id_of(cls, id)
        elif id is None:
            id = self._scopes.id_of(entity_type, command.session, command.actor)
        repository = claim.repository if claim else self._persistence.for_class(cls)
        base = await repository.latest(cls, id)
        if base is None:
            return None
        await check_record(
            command.policy, entity_type, command.actor, base, command.id,
            event=event, gone=command.expects,
        )  # fmt: skip
        if event.info.when is not None:
            await check_ready(entity_type, event, command.actor, base)
        facts = Facts()
        draft = open_draft(base, facts)
        target = Tracked(entity_type, id, base, draft, new=False)
        value = event.fn(draft, **command.arguments)
        if value is not None or facts.emitted or facts.save:
            return await self._complete(facts, target, command, record, claim, value, session)
        if command.vet is not None:
            command.vet(NO_REPLY)
        fills = self._persistence.column_defaults(cls)
        change = change_of(target, fills, self._clock, save=False)
        marker = None
        if claim is not None:
            marker = claim.marker(NO_OUTCOME, effects=self._has_handlers)
        if session is not None:
            session.check()  # it may have ended while the store or the policy was awaited
        if change is None or change.snapshot is None:  # nothing changed
            if marker is not None:
                await repository.commit(Batch(marker=marker))
            close_window()
        else:
            wants, messages = self._wants, []
            if wants is None:
                messages.append(changed_message(entity_type, change, base))
            await repository.commit(Batch((change,), marker))
            target.made, target.written = stored(change.snapshot, change.version), True
            close_window()
            if wants is not None and wants(f"{entity_type.name}:{id}"):
                messages.append(changed_message(entity_type, change, base))
            if messages:
                await publish(self._bus, messages)
        record = record.reading(version_of(base))
        return await self._outcomes.outcome(facts, target, command, record, claim, None, NO_REPLY)
