"""Conditions on related records in memory: one scan of a related class for all records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from starmodel.app.access.conditions.condition import (
    Condition,
    Function,
    Junction,
    Negation,
    Related,
    decide,
    junction,
    negation,
)
from starmodel.app.ports.query import Query
from starmodel.core.classes.related_fields import RelatedField
from starmodel.core.entity import Entity
from starmodel.core.snapshot import with_related

Snapshots = Callable[[type[Entity]], Iterable[Entity]]


Find = Callable[[type[Entity], Any], Entity | None]


def loaded_paths(query: Query, found: Iterable[Entity], find: Find) -> Sequence[Entity]:
    """The snapshots with the related records loaded that a query compares.

    Those that do not meet the query's condition on them are None, like missing ones.
    """

    def other(snapshot: Entity, path: RelatedField) -> Entity | None:
        related = find(path.target, getattr(snapshot, path.local))
        if related is None or not decide(query.where_related(path.target), related):
            return None
        return related

    return [
        with_related(each, {path.relation: other(each, path) for path in query.related})
        for each in found
    ]


def by_keys(condition: Condition, snapshots: Snapshots) -> Condition:
    """The condition with those on related records replaced by sets of keys.

    Shapes: snapshots returns the records of a class.
    """
    match condition:
        case Related(step, inner):
            inner = by_keys(inner, snapshots)
            found = snapshots(step.target)
            keys = {getattr(each, step.remote) for each in found if decide(inner, each)} - {None}
            return Function(_HasKey(step.local, keys), None)
        case Negation(inner):
            return negation(by_keys(inner, snapshots))
        case Junction(is_all, parts):
            return junction(is_all, [by_keys(part, snapshots) for part in parts])
    return condition


class _HasKey:
    """Whether the field of a record has one of the keys."""

    def __init__(self, field: str, keys: set[Any]) -> None:
        self._field, self._keys = field, keys

    def __call__(self, actor: None, entity: Entity) -> bool:
        return getattr(entity, self._field) in self._keys
