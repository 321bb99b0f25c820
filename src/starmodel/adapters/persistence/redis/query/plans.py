"""Plans of queries: a walk along an index, or a bounded scan that is sorted in Python."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.adapters.persistence.redis.query.ranges import (
    Candidates,
    Range,
    after,
    before,
    candidates,
    comparisons,
    position_entry,
    whole,
    with_value,
    without_value,
)
from starmodel.adapters.persistence.redis.records import Records
from starmodel.app.ports.query import Query

CountRange = Callable[[Range], Awaitable[int]]
FEW = 500
"""So many records are rather read and sorted than looked for along another index."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the records of a query are found.

    Shapes: ranges are read one after the other, each from its end if is_reversed. With
    is_sorted their records come in the order of the query, after its position. With is_exact
    every one of them matches. ids name the records instead of ranges.
    """

    ranges: Sequence[Range]
    is_sorted: bool
    is_exact: bool
    is_reversed: bool = False
    ids: Sequence[Any] | None = None


async def plan(records: Records, query: Query, count: CountRange) -> Plan:
    """The cheapest way to the records of a query. Shapes: count returns the size of a range."""
    wanted, are_all = comparisons(query)
    found = [(each, candidates(records, each)) for each in wanted]
    indexed = [each for _, each in found if each is not None]
    is_exact = are_all and not query.search and len(indexed) == len(found) == 1
    is_exact = is_exact and indexed[0].is_exact
    if is_exact:
        walked = _walk_of(records, query, indexed[0])
        if walked is not None:
            return Plan(walked, True, True, _is_descending(query))
    if not wanted and are_all and not query.search:
        walked = _walk(records, query)
        if walked is not None:
            return Plan(walked, True, True, _is_descending(query))
    smallest, size = await _smallest(indexed, count)
    if smallest is not None and (size <= FEW or smallest.ids is not None):
        return _scan_of(smallest, is_exact=is_exact)
    walked = None if smallest is None else _walk_of(records, query, smallest)
    walked = walked or _walk(records, query)
    if walked is not None:
        return Plan(walked, True, False, _is_descending(query))
    if smallest is not None:
        return _scan_of(smallest, is_exact=is_exact)
    return Plan([whole("id")], False, not wanted and are_all and not query.search)


def _scan_of(found: Candidates, *, is_exact: bool) -> Plan:
    if found.ids is not None:
        return Plan((), False, False, ids=found.ids)
    return Plan(found.ranges, False, is_exact)


async def counted(records: Records, query: Query, count: CountRange) -> Plan:
    """The cheapest way to the number of the records of a query, in any order."""
    wanted, are_all = comparisons(query)
    found = [candidates(records, each) for each in wanted]
    indexed = [each for each in found if each is not None]
    if not wanted and are_all and not query.search:
        return Plan([whole("id")], False, True)
    smallest, _ = await _smallest(indexed, count)
    if smallest is None:
        return Plan([whole("id")], False, False)
    is_exact = are_all and not query.search and len(found) == 1 and smallest.is_exact
    return _scan_of(smallest, is_exact=is_exact)


async def _smallest(
    found: Sequence[Candidates], count: CountRange
) -> tuple[Candidates | None, int]:
    best, least = None, 0
    for each in found:
        if each.ids is not None:
            size = len(each.ids)
        else:
            size = sum(await asyncio.gather(*map(count, each.ranges)))
        if best is None or size < least:
            best, least = each, size
    return best, least


def _is_descending(query: Query) -> bool:
    return bool(query.order) and query.order[0][1]


def _walk_of(records: Records, query: Query, found: Candidates) -> Sequence[Range] | None:
    """The ranges of a filter, where their entries are in the order of the query."""
    field = query.order[0][0] if query.order else "id"
    one_value = len(found.ranges) == 1 and found.ranges[0].is_one_value
    if len(query.order) > 1 or found.field == "id":
        return None
    if field == "id":
        if not one_value:
            return None
    elif field != found.field or not records.indexed[field].is_ordered:
        return None
    if query.after is None:
        return found.ranges if one_value or len(found.ranges) == 1 else None
    if len(found.ranges) != 1:
        return None
    if field == "id":
        return _after_id(records, query, found)
    member = position_entry(records, query, field)
    return None if member is None else _beyond(found.ranges[0], member, query)


def _after_id(records: Records, query: Query, found: Candidates) -> Sequence[Range] | None:
    """The entries of one value after the id of a position."""
    member = position_entry(records, query, "id")
    if member is None:
        return None
    start = found.ranges[0].low[1:]
    return _beyond(found.ranges[0], start + member.removeprefix(b"id\0"), query)


def _beyond(range_: Range, member: bytes, query: Query) -> Sequence[Range]:
    return [before(range_, member) if _is_descending(query) else after(range_, member)]


def _walk(records: Records, query: Query) -> Sequence[Range] | None:
    """All entries of the index that has the order of the query; None without such an index."""
    if len(query.order) > 1:
        return None
    field = query.order[0][0] if query.order else "id"
    if field == "id":
        ranges = [whole("id")]
    elif field in records.indexed and records.indexed[field].is_ordered:
        ranges = [with_value(field), without_value(field)]  # None is last in both directions
    else:
        return None
    if query.after is None:
        return ranges
    member = position_entry(records, query, field)
    if member is None:
        return None
    if field == "id":
        return _beyond(ranges[0], member, query)
    if query.after[0] is None:
        return _beyond(ranges[1], member, query)
    return [*_beyond(ranges[0], member, query), ranges[1]]
