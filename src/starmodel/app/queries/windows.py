"""Windows of lists: filtered by the read rule before pagination."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

from starmodel.app.access.conditions.condition import (
    ALWAYS,
    Condition,
    junction,
    narrowed,
)
from starmodel.app.access.decisions import check, permits, reads_every_record
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor
from starmodel.app.access.rules import rule_of
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.ordering import position_of, sort_key
from starmodel.app.ports.query import Filter, Query
from starmodel.app.ports.related_paths import with_paths
from starmodel.app.ports.repository import supports_of
from starmodel.app.queries.listing import Listing, Window
from starmodel.app.queries.permitted_queries import (
    PermittedQueries,
    read_condition,
    without_hidden,
)
from starmodel.app.queries.related import RelatedRecords
from starmodel.app.sessions.scopes import default_snapshot
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessScanLimitError
from starmodel.core.snapshot import as_seen, hidden_of

SCAN_LIMIT = 10_000
BATCH = 500

Fill = Callable[[Sequence[Any], Sequence[str]], Awaitable[Sequence[Any]]]
Permitted = Callable[[Sequence[Entity]], Awaitable[Sequence[Entity]]]


class Windows:
    """Reads windows of the lists of one application.

    A class rule (such as "role:staff") is decided once, and the store
    paginates; the condition of an expression is part of the store's query. A
    rule that is a function, or that the store can't decide, is applied to each
    record while reading, and pagination counts the readable records alone:
    offsets, `more` and totals disclose nothing about the others.

    Shapes: fill(records, names) returns the records with these relations loaded.
    Units: scan_limit counts the records that one call applies such a rule to.
    """

    def __init__(
        self,
        persistence: PersistenceManager,
        scan_limit: int = SCAN_LIMIT,
        registry: Registry | None = None,
        fill: Fill | None = None,
    ) -> None:
        self._persistence, self._scan_limit = persistence, scan_limit
        self._registry, self._fill = registry, fill
        self._related = RelatedRecords(persistence)
        self.permitted = PermittedQueries(persistence, registry, self.readable)
        self.sorts_by = self.permitted.sorts_by

    async def window(
        self, listing: Listing, actor: Actor | None, policy: AccessPolicy, *, total: bool = False
    ) -> Window:
        """The readable records of a listing's page, as the actor sees them; their total on demand.

        Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError; ListQueryError, for a
        query by a field that the actor may not read on every record.
        """
        entity_type = listing.entity_type
        await check(policy, entity_type, "read", actor)
        query = listing.query
        if query.linked or query.related:
            query = await self.permitted.of(query, entity_type, actor, policy)
            listing = replace(listing, query=query)
        window = await self._seen(listing, actor, policy, total=total)
        if listing.query.related and listing.cursor is not None and window.more:
            [last] = await self._with_paths(listing.query, window.entities[-1:])
            window = replace(window, entities=(*window.entities[:-1], last))
        if entity_type.cls.__entity__.related_computed and self._fill is not None:
            entities = await self._filled(window.entities, self._fill)
            return replace(window, entities=entities)
        return window

    async def every(
        self, listing: Listing, actor: Actor | None, policy: AccessPolicy
    ) -> AsyncGenerator[Sequence[Entity], None]:
        """All readable records of a listing, on any page, as the actor sees them, in batches.

        As `Repository.stream`: no lock is held between two batches. Records that a function has
        to decide on are read before the first batch, so the limit is no error in the middle.

        Raises: as `window`.
        """
        entity_type = listing.entity_type
        await check(policy, entity_type, "read", actor)
        query = replace(listing.query, offset=0, limit=None, after=None)
        query = await self.permitted.of(query, entity_type, actor, policy)
        fields = readable_fields(policy, entity_type, actor)
        query = without_hidden(query, entity_type, fields)
        computed = entity_type.cls.__entity__.related_computed
        async with aclosing(self._batches(query, entity_type, actor, policy)) as batches:
            async for batch in batches:
                seen: Sequence[Entity] = batch
                if fields.conditions:
                    closed = await fields.closed_on_each(batch)
                    seen = [as_seen(each, names) for each, names in zip(batch, closed, strict=True)]
                if computed and self._fill is not None:
                    seen = await self._filled(seen, self._fill)
                yield seen

    async def _batches(
        self, query: Query, entity_type: EntityType, actor: Actor | None, policy: AccessPolicy
    ) -> AsyncGenerator[Sequence[Entity], None]:
        repository = self._persistence.for_class(entity_type.cls)
        exact = reads_every_record(policy, entity_type, actor)
        if not exact:
            where, exact = read_condition(policy, entity_type, actor, repository)
            query = replace(query, where=junction(True, (query.where, where)))
        if exact:
            async with aclosing(repository.stream(query, BATCH)) as chunks:
                async for chunk in chunks:
                    yield chunk
                    await asyncio.sleep(0)  # SQLite reads without yielding to the event loop
            return
        permitted = partial(self._permitted, policy, entity_type, actor)
        async with aclosing(self._scan(query, entity_type, permitted, BATCH)) as scanned:
            found = [batch async for batch in scanned if batch]
        for batch in found:
            yield batch

    async def _filled(self, entities: Sequence[Entity], fill: Fill) -> tuple[Entity, ...]:
        """The records with the relations that computed fields read, by one query each."""
        if not entities:
            return ()
        info = entities[0].__entity__
        names = sorted({name for read in info.related_computed.values() for name in read})
        filled = await fill(entities, names)
        if not info.guarded:
            return tuple(filled)
        pairs = zip(entities, filled, strict=True)
        return tuple(as_seen(full, hidden_of(entity)) for entity, full in pairs)

    async def _seen(
        self, listing: Listing, actor: Actor | None, policy: AccessPolicy, *, total: bool
    ) -> Window:
        entity_type = listing.entity_type
        if not entity_type.cls.__entity__.guarded or actor is TRUSTED:
            return await self._window(listing, actor, policy, total=total)
        fields = readable_fields(policy, entity_type, actor)
        listing = replace(listing, query=without_hidden(listing.query, entity_type, fields))
        window = await self._window(listing, actor, policy, total=total)
        closed = await fields.closed_on_each(window.entities)
        seen = [as_seen(each, names) for each, names in zip(window.entities, closed, strict=True)]
        return replace(window, entities=tuple(seen))

    async def _with_paths(self, query: Query, found: Sequence[Entity]) -> Sequence[Entity]:
        """The records with the related ones loaded that the query compares."""
        if not query.related:
            return found
        return await with_paths(query, found, self._list)

    async def _list(self, query: Query) -> Sequence[Entity]:
        return await self._persistence.for_class(query.entity).list(query)

    async def _window(
        self, listing: Listing, actor: Actor | None, policy: AccessPolicy, *, total: bool
    ) -> Window:
        entity_type, size, query = listing.entity_type, listing.per_page, listing.query
        repository = self._persistence.for_class(entity_type.cls)
        if query.where is not ALWAYS:  # the parts that the store decides
            where = narrowed(query.where, entity_type.cls, supports_of(repository))[0]
            query = replace(query, where=where)
        if reads_every_record(policy, entity_type, actor):
            rows = await repository.list(replace(query, limit=size + 1))
            count = await repository.count(query) if total else None
            return Window(tuple(rows[:size]), len(rows) > size, total=count)
        where, exact = read_condition(policy, entity_type, actor, repository)
        query = replace(query, where=junction(True, (query.where, where)))
        if exact:
            rows = await repository.list(replace(query, limit=size + 1))
            count = await repository.count(query) if total else None
            decisive = None if query.offset or query.after else _ids(rows)
            return Window(tuple(rows[:size]), len(rows) > size, decisive, count)
        start = query.offset
        permitted = partial(self._permitted, policy, entity_type, actor)
        found, count = await self._readable(
            query, entity_type, permitted, start + size + 1, total=total
        )
        window = found[start : start + size]
        return Window(tuple(window), len(found) > start + size, _ids(found), count)

    async def readable(
        self, entity_type: EntityType, ids: Sequence[Any], actor: Actor | None, policy: AccessPolicy
    ) -> list[Entity]:
        """The records or instances with these ids that the actor may read, by queries for 500."""
        if not await permits(policy, entity_type, actor):
            return []
        repository = self._persistence.for_class(entity_type.cls)
        where: Condition = ALWAYS
        exact = actor is TRUSTED
        if entity_type.is_record and not exact:  # an instance without a row has the defaults
            exact = reads_every_record(policy, entity_type, actor)
        if entity_type.is_record and not exact:
            where, exact = read_condition(policy, entity_type, actor, repository)
        readable: list[Entity] = []
        for start in range(0, len(ids), BATCH):
            some = tuple(ids[start : start + BATCH])
            query = Query(entity_type.cls, (Filter("id", "in", some),), where=where)
            found = await repository.list(query)
            if not entity_type.is_record:
                stored = {entity.id for entity in found}
                found += [default_snapshot(entity_type.cls, id) for id in some if id not in stored]
            readable += found if exact else await self._permitted(policy, entity_type, actor, found)
        return readable

    async def _permitted(
        self,
        policy: AccessPolicy,
        entity_type: EntityType,
        actor: Actor | None,
        found: Sequence[Entity],
    ) -> Sequence[Entity]:
        """The records that the actor may read; a rule that is an expression is decided for all."""
        readable = getattr(policy, "readable", None)
        condition = None if readable is None or not found else readable(entity_type, actor)
        if condition is None or not entity_type.is_record:
            return [e for e in found if await permits(policy, entity_type, actor, entity=e)]
        met = await self._related.meeting(condition, found)
        return [entity for entity in found if entity.id in met]

    def matches(self, query: Query, entity: Entity) -> bool | None:
        """`Repository.matches` of the query's store."""
        return self._persistence.for_class(query.entity).matches(query, entity)

    async def _readable(
        self, query: Query, entity_type: EntityType, permitted: Permitted, size: int, *, total: bool
    ) -> tuple[Sequence[Entity], int | None]:
        """The first `size` readable records, including those before the offset.

        With `total`, one scan over every match counts them as well.
        """
        found: list[Entity] = []
        count = 0
        whole = replace(query, offset=0, limit=None, after=None if total else query.after)
        start = None if whole.after == query.after else sort_key(query.after or (), query.order)
        async with aclosing(self._scan(whole, entity_type, permitted, size)) as batches:
            async for batch in batches:
                count += len(batch)
                if start is None:
                    found += batch
                else:
                    placed = await self._with_paths(query, batch)
                    found += [e for e in placed if query.sort_key(e) > start]
                del found[size:]
                if len(found) == size and not total:
                    break
        return found, count if total else None

    async def _scan(
        self, query: Query, entity_type: EntityType, permitted: Permitted, first: int
    ) -> AsyncGenerator[Sequence[Entity], None]:
        """The readable records in order, in batches.

        If most records are readable, only the first batch is read from the
        store. Raises: AccessScanLimitError, if more than the limit match.
        """
        repository, limit = self._persistence.for_class(entity_type.cls), self._scan_limit
        first = min(first, limit, BATCH)
        rows = await repository.list(replace(query, limit=first))
        yield await permitted(rows)
        if len(rows) < first:
            return
        scanned = len(rows)
        [last] = await self._with_paths(query, rows[-1:])
        rest = replace(query, after=position_of(last, query.order))
        async with aclosing(repository.stream(rest, BATCH)) as batches:
            async for batch in batches:
                room = limit - scanned
                scanned += len(batch)
                yield await permitted(batch[:room])
                if len(batch) > room:
                    raise AccessScanLimitError(
                        entity_type.plural_title, _rule_name(entity_type), limit
                    )
                await asyncio.sleep(0)  # SQLite reads without yielding to the event loop


def _ids(found: Sequence[Entity]) -> frozenset[str]:
    return frozenset(str(entity.id) for entity in found)


def _rule_name(entity_type: EntityType) -> str:
    """The name of the read rule's function, "" for a lambda."""
    name = str(getattr(rule_of(entity_type, "read", None), "__name__", ""))
    return "" if name == "<lambda>" else name
