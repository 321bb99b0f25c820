"""Loads the related records that a query compares, for comparisons in Python."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starmodel.app.ports.query import Filter, Query
from starmodel.core.entity import Entity
from starmodel.core.snapshot import as_seen, hidden_of, with_related

MAX_KEYS = 1000  # of related records in one query

Read = Callable[[Query], Awaitable[Sequence[Any]]]


async def with_paths(query: Query, found: Sequence[Entity], read: Read) -> Sequence[Entity]:
    """The records with the relations of a query's paths loaded: one query for each relation.

    A related record that does not meet the query's condition on it is None, like a missing one.
    """
    relations = {path.relation: path for path in query.related}
    for name, path in relations.items():
        keys = list({getattr(each, path.local) for each in found} - {None})
        others: dict[Any, Entity] = {}
        for start in range(0, len(keys), MAX_KEYS):
            ids = Filter("id", "in", tuple(keys[start : start + MAX_KEYS]))
            where = query.where_related(path.target)
            others |= {
                each.id: each for each in await read(Query(path.target, (ids,), where=where))
            }
        found = [_loaded(each, name, others.get(getattr(each, path.local))) for each in found]
    return found


def _loaded(entity: Entity, name: str, other: Entity | None) -> Entity:
    """A copy with the relation loaded, as its viewer sees it."""
    loaded = with_related(entity, {name: other})
    return as_seen(loaded, hidden_of(entity)) if entity.__entity__.guarded else loaded
