"""Windows of lists: filtered by the read rule before a page is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from starmodel.app.access import TRUSTED, AccessPolicy, Actor, permits, rule_of
from starmodel.app.listing import Listing, Window
from starmodel.app.ordering import position_of
from starmodel.app.persistence import PersistenceManager
from starmodel.app.query import Query
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessScanLimitError
from starmodel.core.registry import EntityType

SCAN_LIMIT = 10_000
BATCH = 500


class Windows:
    """Reads windows of the lists of one application.

    A class rule (such as "role:staff") is decided once, and the store cuts
    the page. A rule that is a function is applied to each record while
    reading, and the page is cut from the readable records alone: positions,
    `more` and counts say nothing about the others.

    Units: scan_limit counts the records that one call applies such a rule to.
    """

    def __init__(
        self, persistence: PersistenceManager, policy: AccessPolicy, scan_limit: int = SCAN_LIMIT
    ) -> None:
        self._persistence, self._policy = persistence, policy
        self._scan_limit = scan_limit

    async def window(self, listing: Listing, actor: Actor | None) -> Window:
        """The readable records of a listing's page.

        Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError.
        """
        type, size = listing.type, listing.per_page
        self._policy.check(type, "read", actor)
        if not self._filters(type, actor):
            query = replace(listing.query, limit=size + 1)
            rows = await self._persistence.for_class(type.cls).list(query)
            return Window(tuple(rows[:size]), len(rows) > size)
        start = listing.query.offset
        found = await self._readable(listing.query, type, actor, start + size + 1)
        window = found[start : start + size]
        decisive = frozenset(str(entity.id) for entity in found)
        return Window(tuple(window), len(found) > start + size, decisive)

    async def count(self, listing: Listing, actor: Actor | None) -> int:
        """The number of readable records that match a listing.

        Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError.
        """
        type, query = listing.type, listing.query
        self._policy.check(type, "read", actor)
        if not self._filters(type, actor):
            return await self._persistence.for_class(type.cls).count(query)
        every = replace(query, order=(), offset=0, limit=None, after=None)
        count = 0
        async with aclosing(self._scan(every, type, actor, BATCH)) as batches:
            async for batch in batches:
                count += len(batch)
        return count

    def matches(self, query: Query, entity: Entity) -> bool | None:
        """Whether a query finds the snapshot; None when only the store can tell."""
        return self._persistence.for_class(query.entity).matches(query, entity)

    def _filters(self, type: EntityType, actor: Actor | None) -> bool:
        return actor is not TRUSTED and self._policy.reads_fields(type)

    async def _readable(
        self, query: Query, type: EntityType, actor: Actor | None, size: int
    ) -> Sequence[Entity]:
        """The first `size` readable records, those that the query's offset skips included."""
        found: list[Entity] = []
        whole = replace(query, offset=0, limit=None)
        async with aclosing(self._scan(whole, type, actor, size)) as batches:
            async for batch in batches:
                found += batch
                if len(found) >= size:
                    break
        return found[:size]

    async def _scan(
        self, query: Query, type: EntityType, actor: Actor | None, first: int
    ) -> AsyncGenerator[Sequence[Entity], None]:
        """The readable records in order, in batches.

        Where most records are readable, the first batch is the only one that
        is read. Raises: AccessScanLimitError, when more than the limit match.
        """
        repository, limit = self._persistence.for_class(type.cls), self._scan_limit
        first = min(first, limit, BATCH)
        rows = await repository.list(replace(query, limit=first))
        yield self._permitted(rows, type, actor)
        if len(rows) < first:
            return
        scanned = len(rows)
        rest = replace(query, after=position_of(rows[-1], query.order))
        async with aclosing(repository.stream(rest, BATCH)) as batches:
            async for batch in batches:
                room = limit - scanned
                scanned += len(batch)
                yield self._permitted(batch[:room], type, actor)
                if len(batch) > room:
                    raise AccessScanLimitError(type.plural_title, _rule_name(type), limit)
                await asyncio.sleep(0)  # SQLite answers without a pause; others get their turn

    def _permitted(
        self, found: Sequence[Entity], type: EntityType, actor: Actor | None
    ) -> Sequence[Entity]:
        return [entity for entity in found if permits(self._policy, type, actor, entity=entity)]


def _rule_name(type: EntityType) -> str:
    """The name of the read rule's function, "" for a lambda."""
    name = str(getattr(rule_of(type, "read", None), "__name__", ""))
    return "" if name == "<lambda>" else name
