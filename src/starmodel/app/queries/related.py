"""Conditions of access rules on related records, asked of the stores that hold those."""

from __future__ import annotations

from collections.abc import Sequence
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


class RelatedRecords:
    """Decides conditions whose answer is in other records than the one that is asked about."""

    def __init__(self, persistence: PersistenceManager) -> None:
        self._persistence = persistence

    async def meets(self, condition: Condition, entity: Entity) -> bool:
        """Whether the record meets the condition; no record does if a function in it fails."""
        try:
            return await self._meets(condition, entity)
        except RuleFailedError:
            return False

    async def _meets(self, condition: Condition, entity: Entity) -> bool:
        answer = decide(condition, entity)
        if answer is not None:
            return answer
        match condition:
            case Negation(inner):
                return not await self._meets(inner, entity)
            case Junction(is_all, parts):
                for part in parts:
                    if await self._meets(part, entity) is not is_all:
                        return not is_all
                return is_all
            case Related(step, inner):
                return await self._exists(step, inner, entity)
            case RelatedComparison(left_steps, left, op, right_steps, right):
                rights = await self._values(right_steps, right, entity)
                lefts = await self._values(left_steps, left, entity)
                return any(compares(op, one, other) for one in lefts for other in rights)
        raise TypeError(f"{condition!r} is no condition.")

    async def meeting(self, condition: Condition, entities: Sequence[Entity]) -> set[Any]:
        """The ids of the stored records of one class, among these, that meet the condition."""
        cls: Any = entities[0].__entity__.cls
        repository = self._persistence.for_class(cls)
        where, exact = narrowed(condition, cls, supports_of(repository))
        if not exact:
            return {each.id for each in entities if await self.meets(condition, each)}
        ids = tuple({each.id for each in entities})
        found = await repository.list(Query(cls, (Filter("id", "in", ids),), where=where))
        return {each.id for each in found}

    async def _exists(self, step: Step, condition: Condition, entity: Entity) -> bool:
        value = getattr(entity, step.local)
        if value is None:
            return False
        new = uncommitted_record(step.target, step.remote, value)
        if new is not None:
            return await self._meets(condition, new)
        repository = self._persistence.for_class(step.target)
        where, exact = narrowed(condition, step.target, supports_of(repository))
        query = Query(step.target, (Filter(step.remote, "eq", value),), where=where)
        if exact:
            return await repository.count(query) > 0
        async with aclosing(repository.stream(query, BATCH)) as batches:
            async for batch in batches:
                for related in batch:
                    if await self._meets(condition, related):
                        return True
        return False

    async def _values(self, steps: Sequence[Step], field: str, entity: Entity) -> list[Any]:
        """The values of the field in the records that the steps lead to."""
        found = [entity]
        for step in steps:
            keys = list({getattr(each, step.local) for each in found} - {None})
            if not keys:
                return []
            new = uncommitted_record(step.target, step.remote, keys[0]) if len(keys) == 1 else None
            if new is not None:
                found = [new]
                continue
            query = Query(step.target, (Filter(step.remote, "in", keys),))
            found = await self._persistence.for_class(step.target).list(query)
        return [getattr(each, field) for each in found]
