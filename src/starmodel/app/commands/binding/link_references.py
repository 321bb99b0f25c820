"""Ids in many-to-many relations: an unreadable record is rejected like a missing one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from starmodel.app.access.disclosure import Viewer
from starmodel.app.commands.binding.sent_records import SentRecords
from starmodel.app.commands.command import Command
from starmodel.app.commit.tracked import Tracked
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.query import Filter, Query
from starmodel.core.classes.registry import Registry
from starmodel.core.classes.relations import Resolved
from starmodel.core.entity import Entity
from starmodel.core.errors import ConstraintError
from starmodel.core.values.words import title_of
from starmodel.texts.catalogue import Message


class LinkReferences:
    """Checks the ids that a request sets a many-to-many relation to, by two queries for each."""

    def __init__(self, registry: Registry, persistence: PersistenceManager) -> None:
        self._registry, self._persistence = registry, persistence

    async def checked(
        self,
        command: Command,
        names: Collection[str],
        given: Mapping[str, Any],
        target: Tracked,
    ) -> dict[str, Any]:
        """The arguments, with the linked records added that the actor may not read.

        An actor who does not see a linked record can't unlink it. What a form has added and
        removed is applied to the records that are linked now.

        Shapes: names are the relations among the arguments.
        Raises: ConstraintError, for a record that is missing or that the actor may not read.
        """
        checked = dict(given)
        for name in given.keys() & set(names):
            made = command.entity_type.linked[name]
            linked = [] if target.new else await self._linked(made, target.base)
            sent = given[name]
            ids, new = list(dict.fromkeys(sent)), list(sent)
            if isinstance(sent, SentRecords):
                ids, new = sent.merged(linked), sent.added
            readable = await self._readable(command, made, [*ids, *linked])
            if not readable.issuperset(new):
                problem = Message("value.no_record", title=title_of(name))
                raise ConstraintError(
                    Message("constraint.refused", title=command.entity_type.title, reason=problem),
                    {name: problem},
                )
            unseen = [id for id in linked if id not in readable]
            checked[name] = list(dict.fromkeys([*ids, *unseen]))
        return checked

    async def _linked(self, made: Resolved, owner: Entity) -> list[Any]:
        link: Any = made.link
        condition = Filter(made.link_local, "eq", getattr(owner, made.local))
        found = await self._persistence.for_class(link).list(Query(link, (condition,)))
        return [getattr(each, made.link_remote) for each in found]

    async def _readable(self, command: Command, made: Resolved, ids: Collection[Any]) -> set[Any]:
        if not ids:
            return set()
        found = await self._persistence.for_class(made.target).list(
            Query(made.target, (Filter(made.remote, "in", tuple(dict.fromkeys(ids))),))
        )
        viewer = Viewer(self._registry, command.policy, command.actor)
        return {getattr(each, made.remote) for each in found if await viewer.may_read(each)}
