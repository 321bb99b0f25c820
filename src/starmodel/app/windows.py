"""What one reader gets of a list: the records of a window that access lets through."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from starmodel.app.access import AccessPolicy, Actor, permits
from starmodel.app.listing import Listing, Window
from starmodel.app.persistence import PersistenceManager
from starmodel.app.query import Query
from starmodel.core.entity import Entity
from starmodel.core.registry import EntityType

COUNTED_AT_ONCE = 1000


class Windows:
    """Reads windows of the lists of one application."""

    def __init__(self, persistence: PersistenceManager, policy: AccessPolicy) -> None:
        self._persistence, self._policy = persistence, policy

    async def window(self, listing: Listing, actor: Actor | None) -> Window:
        """The records of a listing that this actor may read.

        Raises: NotSignedInError, AccessDeniedError.
        """
        type, size = listing.type, listing.per_page
        self._policy.check(type, "read", actor)
        if listing.cursor is not None and self._policy.reads_fields(type):
            found = await self._readable_from(listing.query, type, actor, size + 1)
            return Window(tuple(found[:size]), len(found) > size)
        query = replace(listing.query, limit=size + 1)
        rows = await self._persistence.for_class(type.cls).list(query)
        return Window(tuple(self._readable(type, actor, rows[:size])), len(rows) > size)

    async def count(self, listing: Listing, actor: Actor | None) -> int:
        """How many records match a listing, of those that this actor may read."""
        type, query = listing.type, listing.query
        repository = self._persistence.for_class(type.cls)
        if not self._policy.reads_fields(type):
            return await repository.count(query)
        every = replace(query, order=(), offset=0, limit=None, after=None)
        count = 0
        async with aclosing(repository.stream(every, COUNTED_AT_ONCE)) as chunks:
            async for chunk in chunks:
                count += len(self._readable(type, actor, chunk))
        return count

    def matches(self, query: Query, entity: Entity) -> bool | None:
        """Whether a query finds the snapshot, as its store says; None when it has to be asked."""
        return self._persistence.for_class(query.entity).matches(query, entity)

    async def _readable_from(
        self, query: Query, type: EntityType, actor: Actor | None, size: int
    ) -> Sequence[Entity]:
        """The first records that the actor may read, in any number of windows.

        A cursor names the last record of its window, so that one must be
        readable, and there must be one as long as others follow.
        """
        found: list[Entity] = []
        repository = self._persistence.for_class(type.cls)
        async with aclosing(repository.stream(replace(query, limit=None), size)) as chunks:
            async for chunk in chunks:
                found += self._readable(type, actor, chunk)
                if len(found) >= size:
                    break
        return found

    def _readable(
        self, type: EntityType, actor: Actor | None, found: Sequence[Entity]
    ) -> Sequence[Entity]:
        if not self._policy.reads_fields(type):
            return found
        return [entity for entity in found if permits(self._policy, type, actor, entity=entity)]
