"""Reads the records of queries, in pages of an index."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starmodel.adapters.persistence.redis.query.plans import Plan, counted, plan
from starmodel.adapters.persistence.redis.query.ranges import Range, id_text_of
from starmodel.adapters.persistence.redis.records import CorruptRecordError, Records, corrupt
from starmodel.adapters.persistence.redis.server.connection import RedisLink
from starmodel.app.access.conditions.condition import (
    ALWAYS,
    Comparison,
    Condition,
    Junction,
    Negation,
    Related,
    junction,
    negation,
)
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.query import Query
from starmodel.app.ports.related_paths import with_paths
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, ListQueryError, StoreScanLimitError

log = logging.getLogger("starmodel.redis")
SCAN_LIMIT = 10_000
"""Records that a query without an index reads at most."""
PAGE = 500


class Reader:
    """Answers queries on the classes of one store."""

    def __init__(
        self, link: RedisLink, records: Mapping[type[Entity], Records], clock: Clock
    ) -> None:
        self._link, self._records, self._clock = link, records, clock

    async def get(self, records: Records, id: Any) -> Entity | None:
        """The record with this id; None without it, or once it has expired."""
        try:
            key = records.key(id)
        except ValueError:
            return None
        raw = await self._link.call("GET", key)
        return None if raw is None else self._decoded(records, id, raw)

    async def rows(self, query: Query) -> Sequence[Entity]:
        """The records of the query's window, in its order. Raises: StoreScanLimitError."""
        records, query = self._of(query), await self._resolved(query)
        way = await self._plan(records, query)
        if way.is_sorted and way.is_exact and len(way.ranges) == 1 and query.limit is not None:
            found = await self._window(records, query, way)
            if found is not None:
                return found
        if not way.is_sorted:
            found = await with_paths(query, await self._scan(records, query, way), self.rows)
            return query.arrange(found)
        wanted = None if query.limit is None else query.offset + query.limit
        rows: list[Entity] = []
        if wanted == 0:
            return rows
        size = PAGE if wanted is None or not way.is_exact else min(wanted, PAGE)
        async with aclosing(self._walk(records, query, way, size)) as pages:
            async for page in pages:
                rows += page
                if wanted is not None and len(rows) >= wanted:
                    break
        return rows[query.offset : wanted]

    async def stream(self, query: Query, batch: int) -> AsyncGenerator[Sequence[Entity], None]:
        """The records of the query in chunks. Raises: StoreScanLimitError."""
        records, query = self._of(query), await self._resolved(query)
        way = await self._plan(records, query)
        if way.is_sorted:
            async with aclosing(self._walk(records, query, way, batch)) as pages:
                async for page in pages:
                    if page:
                        yield page
            return
        found = await with_paths(query, await self._scan(records, query, way), self.rows)
        ids = [each.id for each in query.arrange(found)]
        for start in range(0, len(ids), batch):
            some = await self._by_ids(records, ids[start : start + batch])
            loaded = await with_paths(query, [each for each in some if each is not None], self.rows)
            chunk = [each for each in loaded if query.matches(each)]
            if chunk:
                yield chunk

    async def count(self, query: Query) -> int:
        """The number of records that match. Raises: StoreScanLimitError."""
        records, query = self._of(query), await self._resolved(query)
        if not query.related:
            way = await counted(records, query, self._counter(records))
            if way.is_exact:
                count = self._counter(records)
                return sum(await asyncio.gather(*map(count, way.ranges)))
        else:
            way = await self._plan(records, query)
        found = await self._scan(records, replace(query, after=None), way)
        return sum(map(query.matches, await with_paths(query, found, self.rows)))

    async def _resolved(self, query: Query) -> Query:
        """The query with conditions on related records replaced by the keys of these."""
        if query.where is ALWAYS:
            return query
        return replace(query, where=await self._by_keys(query.where))

    async def _by_keys(self, condition: Condition) -> Condition:
        match condition:
            case Related(step, inner):
                found = await self.rows(Query(step.target, where=inner))
                keys = dict.fromkeys(getattr(each, step.remote) for each in found)
                return Comparison(step.local, "in", tuple(key for key in keys if key is not None))
            case Negation(inner):
                return negation(await self._by_keys(inner))
            case Junction(is_all, parts):
                return junction(is_all, [await self._by_keys(part) for part in parts])
        return condition

    def _of(self, query: Query) -> Records:
        for path in query.related:
            if path.target not in self._records:
                raise ListQueryError(
                    f"{query.entity.__name__} can't be filtered or ordered by {path.name}: the "
                    "records of both classes must be in one store."
                )
        try:
            return self._records[query.entity]
        except KeyError:
            raise ConfigurationError(
                f"{query.entity.__name__} is not in this Redis store."
            ) from None

    async def _plan(self, records: Records, query: Query) -> Plan:
        if query.related:  # compared in Python
            own = {path.name for path in query.related}
            rest = tuple(each for each in query.filters if each.field not in own)
            way = await counted(records, replace(query, filters=rest), self._counter(records))
            return Plan(way.ranges, False, False)
        return await plan(records, query, self._counter(records))

    def _counter(self, records: Records) -> Any:
        async def count(part: Range) -> int:
            key = records.index_key
            return int(await self._link.call("ZLEXCOUNT", key, part.low, part.high))

        return count

    async def _window(self, records: Records, query: Query, way: Plan) -> Sequence[Entity] | None:
        """One window of an exact walk, at the cost of the window.

        None if an entry is without its record, which the server has evicted.
        """
        if query.limit == 0:
            return []
        members = await self._members(records, way, way.ranges[0], query.offset, query.limit or 0)
        found = await self._loaded(records, members)
        return found if len(found) == len(members) else None

    async def _walk(
        self, records: Records, query: Query, way: Plan, size: int
    ) -> AsyncGenerator[Sequence[Entity], None]:
        """The matching records of the ranges in order, a page of entries at a time."""
        scanned = 0
        for part in way.ranges:
            rest: Range | None = part
            while rest is not None:
                members = await self._members(records, way, rest, 0, size)
                found = await self._loaded(records, members)
                scanned += len(members)
                yield found if way.is_exact else [e for e in found if query.matches(e)]
                if not way.is_exact and scanned >= SCAN_LIMIT and len(members) == size:
                    raise self._too_many(records, query)
                rest = None if len(members) < size else _rest(rest, members[-1], way)

    async def _members(
        self, records: Records, way: Plan, part: Range, offset: int, limit: int
    ) -> Sequence[bytes]:
        if way.is_reversed:
            words = ("ZREVRANGEBYLEX", records.index_key, part.high, part.low)
        else:
            words = ("ZRANGEBYLEX", records.index_key, part.low, part.high)
        members: Sequence[bytes] = await self._link.call(*words, "LIMIT", offset, limit)
        return members

    async def _scan(self, records: Records, query: Query, way: Plan) -> Sequence[Entity]:
        """All records of the ranges, which must be few. Raises: StoreScanLimitError."""
        if way.ids is not None:
            return [each for each in await self._by_ids(records, way.ids) if each is not None]
        limit = SCAN_LIMIT + 1
        found = await asyncio.gather(
            *(self._members(records, way, part, 0, limit) for part in way.ranges)
        )
        members = [member for part in found for member in part]
        if len(members) > SCAN_LIMIT:
            raise self._too_many(records, query)
        return await self._loaded(records, members)

    async def _loaded(self, records: Records, members: Sequence[bytes]) -> list[Entity]:
        """The records of some entries; those that are gone or have expired are left out."""
        ids = [records.id_of_entry(id_text_of(records, member)) for member in members]
        return [each for each in await self._by_ids(records, ids) if each is not None]

    async def _by_ids(self, records: Records, ids: Sequence[Any]) -> list[Entity | None]:
        found: list[Entity | None] = []
        for start in range(0, len(ids), PAGE):
            some = [(id, key) for id in ids[start : start + PAGE] if (key := _key(records, id))]
            if some:
                raws = await self._link.call("MGET", *[key for _, key in some])
                found += [
                    None if raw is None else self._decoded(records, id, raw)
                    for (id, _), raw in zip(some, raws, strict=True)
                ]
        return found

    def _decoded(self, records: Records, id: Any, raw: bytes) -> Entity | None:
        try:
            return records.decode(raw, self._clock())
        except CorruptRecordError as error:
            raise corrupt(records, id, error) from error

    def _too_many(self, records: Records, query: Query) -> StoreScanLimitError:
        names = dict.fromkeys(
            [each.field for each in query.filters]
            + [name for name, _ in query.order]
            + (list(query.search_fields) if query.search else [])
        )
        lacking = [n for n in names if n not in records.indexed and n != "id"] or list(names)
        fields = ", ".join(f"{records.name}.{name}" for name in lacking[:5])
        log.warning(
            "A query was refused that reads more than %d records in Redis. Declare %s with "
            "Field(index=True)", SCAN_LIMIT, fields,
        )  # fmt: skip
        titles = ", ".join(_title(records, name) for name in lacking[:5])
        return StoreScanLimitError(records.plural_title, titles, SCAN_LIMIT)


def _title(records: Records, name: str) -> str:
    spec = records.specs.get(name)  # none for a path such as "customer.name"
    return name if spec is None else spec.title


def _key(records: Records, id: Any) -> str | None:
    try:
        return records.key(id)
    except ValueError:
        return None


def _rest(part: Range, member: bytes, way: Plan) -> Range:
    """The entries of a range that follow a member in the direction of the walk."""
    if way.is_reversed:
        return Range(part.low, b"(" + member)
    return Range(b"(" + member, part.high)
