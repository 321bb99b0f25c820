"""Queries as an actor may ask them, so that no answer discloses what it may not read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import replace
from typing import Any

from starmodel.app.access.conditions.condition import (
    ALWAYS,
    NEVER,
    Comparison,
    Condition,
    Related,
    Step,
    junction,
    narrowed,
)
from starmodel.app.access.decisions import permits, reads_every_record
from starmodel.app.access.fields import OpenFields, readable_fields
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.query import Query, fields_of
from starmodel.app.ports.repository import Repository, supports_of
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.classes.related_fields import RelatedField
from starmodel.core.entity import Entity
from starmodel.core.errors import ListQueryError

_SOMEBODY = Actor("somebody")  # whose rules are as long as those of any actor
Readable = Callable[
    [EntityType, Sequence[Any], Actor | None, AccessPolicy], Awaitable[Sequence[Entity]]
]


class PermittedQueries:
    """Adds the rules of related classes to queries.

    Shapes: readable(entity_type, ids, actor, policy) returns the readable records among ids.
    """

    def __init__(
        self, persistence: PersistenceManager, registry: Registry | None, readable: Readable
    ) -> None:
        self._persistence, self._registry, self._readable = persistence, registry, readable

    async def of(
        self, query: Query, entity_type: EntityType, actor: Actor | None, policy: AccessPolicy
    ) -> Query:
        """The query as the actor may ask it, for stores.

        Raises: ListQueryError, for a filter or an order that it may not use.
        """
        if query.linked:
            query = await self._by_links(query, actor, policy)
        if query.related and actor is not TRUSTED:
            query = await self._by_paths(query, entity_type, actor, policy)
        return query

    async def _by_paths(
        self, query: Query, entity_type: EntityType, actor: Actor | None, policy: AccessPolicy
    ) -> Query:
        """The query in which related records that the actor may not read count as absent.

        Without searched paths by a field that the actor may not read on every record, or to a
        class whose read rule the store can't decide. Raises: ListQueryError, for a filter or an
        order by one.
        """
        closed = set[str]()
        own = readable_fields(policy, entity_type, actor).uncertain
        where: dict[type[Entity], Condition] = {}
        for path in query.related:
            target = None if self._registry is None else self._registry.get(path.target)
            readable = None if target is None else await self._related_where(target, actor, policy)
            if (
                target is None
                or readable is None
                or path.local in own
                or path.field in readable_fields(policy, target, actor).uncertain
            ):
                closed.add(path.name)
            elif readable is not ALWAYS:
                where[path.target] = readable
        query = replace(query, related_where=tuple(where.items()))
        return _without(query, closed) if closed else query

    async def _related_where(
        self, target: EntityType, actor: Actor | None, policy: AccessPolicy
    ) -> Condition | None:
        """The condition on the records that the actor may read; None if no store decides it."""
        if not await permits(policy, target, actor):
            return NEVER
        if reads_every_record(policy, target, actor):
            return ALWAYS
        repository = self._persistence.for_class(target.cls)
        where, exact = read_condition(policy, target, actor, repository)
        return where if exact else None

    async def _by_links(self, query: Query, actor: Actor | None, policy: AccessPolicy) -> Query:
        """The query with conditions in the place of filters by many-to-many relations.

        A record that the actor may not read matches like a missing one: nothing.
        Raises: ListQueryError, for classes in stores that can't decide it.
        """
        conditions = [query.where]
        by_name = {link.name: link for link in query.linked}
        for each in query.filters:
            link = by_name.get(each.field)
            if link is None:
                continue
            ids = tuple(each.value) if each.op == "in" else (each.value,)
            target = None if self._registry is None else self._registry.get(link.target)
            found = [] if target is None else await self._readable(target, ids, actor, policy)
            among = Comparison(link.link_remote, "in", tuple(entity.id for entity in found))
            step = Step("id", link.link, link.link_local)
            condition = Related(step, among) if found else NEVER
            repository = self._persistence.for_class(query.entity)
            where, exact = narrowed(condition, query.entity, supports_of(repository))
            if not exact:
                raise ListQueryError(
                    f"{query.entity.__name__} can't be filtered by {link.name}: its records and "
                    "their links must be in one store that decides it."
                )
            conditions.append(where)
        own = tuple(each for each in query.filters if each.field not in by_name)
        return replace(query, filters=own, linked=(), where=junction(True, conditions))

    def sorts_by(self, entity_type: EntityType, path: RelatedField, policy: AccessPolicy) -> bool:
        """Whether every list of a class can be ordered by a field of related records.

        Not for a field with a rule of its own, nor for records in another store, or with a read
        rule that the store can't decide.
        """
        target = None if self._registry is None else self._registry.get(path.target)
        if target is None or path.field in target.cls.__entity__.guarded:
            return False
        repository = self._persistence.for_class(target.cls)
        if (
            self._persistence.for_class(entity_type.cls) is not repository
            or path.local in entity_type.cls.__entity__.guarded
        ):
            return False
        if not policy.reads_fields(target):
            return True
        return read_condition(policy, target, _SOMEBODY, repository)[1]


def without_hidden(query: Query, entity_type: EntityType, fields: OpenFields) -> Query:
    """The query without searched fields that the actor may not read on every record.

    Raises: ListQueryError, for a filter or an order by one.
    """
    uncertain = fields.uncertain
    if not uncertain.isdisjoint(fields_of(replace(query, search=""))):
        raise ListQueryError(f"{entity_type.name} can't be filtered or ordered by this field.")
    searched = tuple([name for name in query.search_fields if name not in uncertain])
    return replace(query, search_fields=searched)


def _without(query: Query, closed: Set[str]) -> Query:
    """The query without these searched paths. Raises: ListQueryError, for one that it compares."""
    compared = [*(f.field for f in query.filters), *(field for field, _ in query.order)]
    if not closed.isdisjoint(compared):
        name = query.entity.__entity__.name
        raise ListQueryError(f"{name} can't be filtered or ordered by this field.")
    searched = tuple([field for field in query.search_fields if field not in closed])
    related = tuple([path for path in query.related if path.name not in closed])
    return replace(query, search_fields=searched, related=related)


def read_condition(
    policy: AccessPolicy, entity_type: EntityType, actor: Actor | None, repository: Repository
) -> tuple[Condition, bool]:
    """The part of the read rule that the store decides, and whether this is all of it."""
    # isinstance() with a protocol takes a tenth of the time of a list.
    readable = getattr(policy, "readable", None)
    condition = None if readable is None else readable(entity_type, actor)
    if condition is None:
        return ALWAYS, False
    return narrowed(condition, entity_type.cls, supports_of(repository))
