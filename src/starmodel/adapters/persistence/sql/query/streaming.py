"""Streams all records of a query in chunks; holds no transaction or cursor in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.engine import RowEngine
from starmodel.adapters.persistence.sql.query.selects import Planner
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.app.access.conditions.condition import ALWAYS
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.ordering import sort_key
from starmodel.app.ports.query import Query
from starmodel.core.entity import Entity

MAX_KEYS = 50_000

Load = Callable[[Sequence[Entity]], Awaitable[Sequence[Entity]]]
"""Returns the records with the related ones loaded that a query compares."""


class Stream:
    """The records of one query, which has no limit and no offset.

    Keys are read ahead in windows that double in size, up to MAX_KEYS. So a
    full table takes few queries even without an index for its order, and
    reading only its beginning costs proportionally little.

    Shapes: load is for what only Python compares.
    """

    def __init__(
        self,
        engine: RowEngine,
        statements: Statements,
        planner: Planner,
        query: Query,
        clock: Clock,
        load: Load,
    ) -> None:
        self._engine, self._statements, self._planner = engine, statements, planner
        self._query, self._clock, self._load = query, clock, load
        self._key_at = list(statements.mapped.fields).index("id")

    async def chunks(self, batch: int) -> AsyncIterator[list[Entity]]:
        """Yield the records in order, in non-empty chunks of at most `batch`."""
        query, orders = self._query, self._planner.orders
        can_sort = self._planner.can_sort(query)
        after = None if query.after is None else orders.encode_position(query.after, query.order)
        if can_sort and (after is not None or query.after is None):
            windows = self._keys(query, after, batch)
        else:
            windows = self._keys_by_python(batch)
        async for keys in windows:
            for start in range(0, len(keys), batch):
                found = [entity for _, entity in await self._records(keys[start : start + batch])]
                if found:
                    yield found

    async def _keys(self, query: Query, after: Row | None, size: int) -> AsyncIterator[list[Any]]:
        """Yield the keys of possible matches, in an order that the database supports."""
        while True:
            plan = self._planner.keys(query, self._clock(), after, size)
            rows = await self._engine.rows(plan.sql, plan.params)
            yield [row[-1] for row in rows]
            if len(rows) < size:
                return
            after, size = tuple(rows[-1])[:-1], max(size, min(2 * size, MAX_KEYS))

    async def _keys_by_python(self, batch: int) -> AsyncIterator[list[Any]]:
        """Yield the keys in an order that only Python supports: one full scan per MAX_KEYS."""
        query = self._query
        by_id = replace(query, order=(), after=None)
        last = None if query.after is None else sort_key(query.after, query.order)
        more = True
        while more:
            first: list[tuple[Any, Any]] = []
            more = False
            async for keys in self._keys(by_id, None, batch):
                for start in range(0, len(keys), batch):
                    found = await self._loaded(await self._records(keys[start : start + batch]))
                    for key, entity in found:
                        position = query.sort_key(entity)
                        if last is None or position > last:
                            first.append((position, key))
                    if len(first) > 2 * MAX_KEYS:
                        more = _truncate(first)
            more = _truncate(first) or more
            yield [key for _, key in first]
            last = first[-1][0] if first else None

    async def _records(self, keys: Sequence[Any]) -> list[tuple[Any, Entity]]:
        """Return the records of these keys in key order, without those that no longer match."""
        if not keys:
            return []
        # Pad to a power of two, so that few shapes of the query are compiled.
        spare = (1 << (len(keys) - 1).bit_length()) - len(keys)
        plan = self._planner.of_keys(self._query, self._clock(), [*keys, *([keys[0]] * spare)])
        rows, made = await self._statements.read(self._engine.rows, plan.sql, plan.params)
        by_key = {row[self._key_at]: each for row, each in zip(rows, made, strict=True)}
        found = [(key, by_key[key]) for key in keys if key in by_key]
        if plan.exact:
            return found
        query = replace(self._query, where=ALWAYS)  # the database has applied it
        found = await self._loaded(found)
        return [(key, entity) for key, entity in found if query.matches(entity)]

    async def _loaded(self, found: list[tuple[Any, Entity]]) -> list[tuple[Any, Entity]]:
        if not self._query.related:
            return found
        loaded = await self._load([entity for _, entity in found])
        return [(key, entity) for (key, _), entity in zip(found, loaded, strict=True)]


def _truncate(found: list[tuple[Any, Any]]) -> bool:
    """Sort, and drop what exceeds MAX_KEYS; True when something was dropped."""
    found.sort(key=itemgetter(0))
    left_out = len(found) > MAX_KEYS
    del found[MAX_KEYS:]
    return left_out
