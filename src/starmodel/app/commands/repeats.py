"""Replies to repeated commands: the stored outcome, subject to the access policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic_core import from_json

from starmodel.app.access.disclosure import Viewer
from starmodel.app.commands.access import check_class, check_run
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.replies import NO_REPLY, Reply
from starmodel.app.commit.tracked import Tracked
from starmodel.app.persistence import PersistenceManager
from starmodel.app.sessions.scopes import Scopes
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.commands import CommandRecord, plain
from starmodel.core.entity import Entity
from starmodel.core.snapshot import version_of
from starmodel.core.values.json_data import exact_json

NO_OUTCOME = exact_json((None, NO_REPLY.to_json())).decode()
"""The outcome of an event without a reply or a new record."""


async def outcome_text(reply: Reply, target: Tracked, viewer: Viewer) -> str:
    """The outcome for the idempotency marker: new id, reply, and whether the caller may read."""
    if not target.new and reply.is_empty:
        return NO_OUTCOME
    readable = not target.deleted and await viewer.may_read(target.draft)
    return exact_json(
        (plain(getattr(target.draft, "id", None)), reply.to_json(), readable)
    ).decode()


class Repeats:
    """Replies to commands whose idempotency key is stored already."""

    def __init__(
        self,
        registry: Registry,
        persistence: PersistenceManager,
        scopes: Scopes,
        id_of: Callable[[type[Entity], Any], Any],
    ) -> None:
        self._registry, self._persistence = registry, persistence
        self._scopes, self._id_of = scopes, id_of

    async def answer(
        self, command: Command, record: CommandRecord, outcome: Callable[[], str]
    ) -> Outcome:
        """The stored reply, with the current snapshot of the entity.

        Without the entity if the caller may not read it; without result, signals
        and components if they may contain data that the caller could read then
        and may not read now.

        Shapes: outcome returns the text of `outcome_text`; called after the access check.
        Raises: as `check_run` and outcome do.
        """
        entity_type, entity = command.entity_type, None
        creates = command.id is None and entity_type.is_record
        if not creates:
            entity = await self._checked(command, command.id)
        created_id, text, *readable = from_json(outcome())
        if creates:
            entity = await self._checked(command, created_id)
        viewer = Viewer(self._registry, command.policy, command.reader)
        is_shown = entity is None or await viewer.may_read(entity)
        reply = Reply.from_json(text)
        if (readable == [True] and not is_shown) or not await self._may_read_all(viewer, reply):
            reply = replace(reply, result=None, signals={}, elements=[], shown=[])
        if entity is None or not is_shown:
            return Outcome(record, reply.result, reply, repeated=True, readable=is_shown)
        shown = await viewer.seen(entity)
        return Outcome(record, reply.result, reply, shown, version_of(entity), repeated=True)

    async def _checked(self, command: Command, id: Any) -> Entity | None:
        """The entity of the command; None if it is deleted. Raises: as `check_run` does."""
        if id is None and not command.entity_type.is_record:
            id = self._scopes.id_of(command.entity_type, command.session, command.actor)
        entity = await self._find(command.entity_type, id)
        if entity is None:
            await check_class(command)
        else:
            await check_run(command, entity)
        return entity

    async def _may_read_all(self, viewer: Viewer, reply: Reply) -> bool:
        """Whether the caller may read each entity whose state is in the reply, and each field."""
        for name, id, *hidden in reply.shown:
            entity_type = self._registry.find(name)
            if entity_type is None:
                return False
            found = await self._find(entity_type, id)
            if found is None:
                continue
            if not await viewer.may_read(found):
                return False
            if not (await viewer.hidden(found)).issubset(hidden[0] if hidden else ()):
                return False
        return True

    async def _find(self, entity_type: EntityType, id: Any) -> Entity | None:
        repository = self._persistence.for_class(entity_type.cls)
        return await repository.get(entity_type.cls, self._id_of(entity_type.cls, id))
