"""Conditions of access rules on related records, asked of the stores that hold those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from starmodel.app.access.conditions.condition import (
    Condition,
    Junction,
    Negation,
    Related,
    RelatedComparison,
    Step,
    compares,
    decide,
    narrowed,
)
from starmodel.app.access.conditions.uncommitted import uncommitted_record
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.query import Filter, Query
from starmodel.app.ports.repository import supports_of
from starmodel.core.entity import Entity
from starmodel.core.errors import RuleFailedError

BATCH = 100
MAX_KEYS = 1000  # of related records in one query

Asked = Mapping[int, Entity]
"""Records of one class that a condition is to be decided for, by number."""


class RelatedRecords:
    """Decides conditions whose answer is in other records than those that are asked about."""

    def __init__(self, persistence: PersistenceManager) -> None:
        self._persistence = persistence

    async def meets(self, condition: Condition, entity: Entity) -> bool:
        """Whether the record meets the condition; no record does if a function in it fails."""
        return bool(await self.meeting(condition, [entity]))

    async def meeting(self, condition: Condition, entities: Sequence[Entity]) -> set[Any]:
        """The ids of the records of one class, among these, that meet the condition.

        Each relation to one record costs one query for 1,000 records.
        """
        failed = set[int]()
        met = await self._met(condition, dict(enumerate(entities)), failed)
        return {each.id for at, each in enumerate(entities) if met[at] and at not in failed}

    async def _met(self, condition: Condition, asked: Asked, failed: set[int]) -> dict[int, bool]:
        """Whether each record meets the condition. Adds those that a function fails for."""
        met, rest = dict[int, bool](), dict[int, Entity]()
        for at, entity in asked.items():
            try:
                answer = decide(condition, entity)
            except RuleFailedError:
                failed.add(at)
                answer = False
            if answer is None:
                rest[at] = entity
            else:
                met[at] = answer
        if not rest:
            return met
        match condition:
            case Negation(inner):
                found = await self._met(inner, rest, failed)
                return met | {at: not answer for at, answer in found.items()}
            case Junction(is_all, parts):
                for part in parts:
                    found = await self._met(part, rest, failed) if rest else {}
                    met |= {at: answer for at, answer in found.items() if answer is not is_all}
                    rest = {at: entity for at, entity in rest.items() if found[at] is is_all}
                return met | dict.fromkeys(rest, is_all)
            case Related(step, inner) if step.remote == "id" or len(rest) == 1:
                return met | await self._by_key(step, inner, rest, failed)
            case Related(step, inner):
                return met | await self._by_record(condition, step, inner, rest, failed)
            case RelatedComparison(left_steps, left, op, right_steps, right):
                rights = await self._values(right_steps, right, rest)
                lefts = await self._values(left_steps, left, rest)
                return met | {
                    at: any(compares(op, one, other) for one in lefts[at] for other in rights[at])
                    for at in rest
                }
        raise TypeError(f"{condition!r} is no condition.")

    async def _by_key(
        self, step: Step, condition: Condition, asked: Asked, failed: set[int]
    ) -> dict[int, bool]:
        """Whether a record that each one refers to meets the condition."""
        keys = {at: getattr(entity, step.local) for at, entity in asked.items()}
        met = set[Any]()
        failing = set[Any]()
        given = set(keys.values()) - {None}
        new = [uncommitted_record(step.target, step.remote, key) for key in given]
        related = [each for each in new if each is not None]
        stored = given - {getattr(each, step.remote) for each in related}
        await self._decide(step, condition, related, met, failing)
        repository = self._persistence.for_class(step.target)
        where, exact = narrowed(condition, step.target, supports_of(repository))
        for some in _some(stored):
            query = Query(step.target, (Filter(step.remote, "in", some),), where=where)
            if exact and step.remote == "id":
                met |= {each.id for each in await repository.list(query)}
            elif exact:
                met |= set(some) if await repository.count(query) else set()
            else:
                async with aclosing(repository.stream(query, BATCH)) as batches:
                    async for batch in batches:
                        await self._decide(step, condition, batch, met, failing)
                        if met >= set(some):
                            break
        failed |= {at for at, key in keys.items() if key in failing}
        return {at: key in met for at, key in keys.items()}

    async def _decide(
        self,
        step: Step,
        condition: Condition,
        related: Sequence[Entity],
        met: set[Any],
        failing: set[Any],
    ) -> None:
        """Add the keys of the related records that meet the condition, or that it fails for."""
        failed = set[int]()
        found = await self._met(condition, dict(enumerate(related)), failed)
        for at, each in enumerate(related):
            key = getattr(each, step.remote)
            if at in failed:
                failing.add(key)
            elif found[at]:
                met.add(key)

    async def _by_record(
        self, condition: Condition, step: Step, inner: Condition, asked: Asked, failed: set[int]
    ) -> dict[int, bool]:
        """Whether some of the many records of a relation meet the condition, for stored records.

        One query if the store decides the condition, else one for each record.
        """
        cls: Any = next(iter(asked.values())).__entity__.cls
        repository = self._persistence.for_class(cls)
        where, exact = narrowed(condition, cls, supports_of(repository))
        met = dict[int, bool]()
        if not exact:
            for at, entity in asked.items():
                met |= await self._by_key(step, inner, {at: entity}, failed)
            return met
        found = set[Any]()
        for some in _some([each.id for each in asked.values()]):
            query = Query(cls, (Filter("id", "in", some),), where=where)
            found |= {each.id for each in await repository.list(query)}
        return {at: entity.id in found for at, entity in asked.items()}

    async def _values(
        self, steps: Sequence[Step], field: str, asked: Asked
    ) -> dict[int, list[Any]]:
        """The values of the field in the records that the steps lead to, one query each."""
        ends: dict[int, list[Entity]] = {at: [entity] for at, entity in asked.items()}
        for step in steps:
            keys = {getattr(each, step.local) for found in ends.values() for each in found} - {None}
            related: dict[Any, list[Entity]] = {}
            for key in keys:
                new = uncommitted_record(step.target, step.remote, key)
                if new is not None:
                    related[key] = [new]
            repository = self._persistence.for_class(step.target)
            for some in _some(keys - related.keys()):
                query = Query(step.target, (Filter(step.remote, "in", some),))
                for each in await repository.list(query):
                    related.setdefault(getattr(each, step.remote), []).append(each)
            ends = {
                at: [o for each in found for o in related.get(getattr(each, step.local), ())]
                for at, found in ends.items()
            }
        return {at: [getattr(each, field) for each in found] for at, found in ends.items()}


def _some(keys: Iterable[Any]) -> list[tuple[Any, ...]]:
    """The keys in parts of at most MAX_KEYS."""
    every = list(keys)
    return [tuple(every[at : at + MAX_KEYS]) for at in range(0, len(every), MAX_KEYS)]
