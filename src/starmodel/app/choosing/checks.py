"""Choices that don't go with the other fields of their record, refused before a commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, NamedTuple

from starmodel.app.access.conditions.condition import Condition
from starmodel.app.choosing.rules import ChoiceRule, ChoiceRules, FormField
from starmodel.app.commit.tracked import Tracked
from starmodel.app.persistence import Repositories
from starmodel.app.ports.query import Filter, Query
from starmodel.core.entity import Entity
from starmodel.core.errors import ConstraintError
from starmodel.texts.catalogue import Message

Meets = Callable[[Condition, Entity], Awaitable[bool]]
BATCH = 100
Enlisted = Callable[[type[Entity], Any], Tracked | None]


class ChoiceChecks(NamedTuple):
    """Checks the records that changed foreign keys refer to.

    Shapes: meets decides a condition on a record, also on related ones.
    """

    rules: ChoiceRules
    meets: Meets

    async def check(self, each: Tracked, enlisted: Enlisted, repositories: Repositories) -> None:
        """Check an entity whose choices, or what those depend on, have changed.

        Shapes: enlisted finds an entity of the same unit of work by its id, which comes before
        the stored one.
        Raises: ConstraintError, with the field.
        """
        for rule in () if each.deleted else self.rules.of(each.entity_type.cls):
            id = getattr(each.draft, rule.field, None)
            if id is None or not _may_differ(each, rule, enlisted):
                continue
            chosen = await _found(rule.target.cls, id, enlisted, repositories)
            if chosen is None:
                continue  # the store refuses the foreign key
            if not await self._goes_with(rule, each.draft, chosen, enlisted, repositories):
                raise _refusal(rule)
        for rule, field in (
            () if each.new or each.deleted else self.rules.through(each.entity_type.cls)
        ):
            if _changed(each, field.path[1]):
                await self._check_dependents(each, rule, field, enlisted, repositories)

    async def _check_dependents(
        self,
        each: Tracked,
        rule: ChoiceRule,
        field: FormField,
        enlisted: Enlisted,
        repositories: Repositories,
    ) -> None:
        """Check the stored records that refer to a changed one, and whose choice depends on it.

        Those of the same unit of work have a check of their own.
        """
        cls, target = rule.owner.cls, rule.target.cls
        query = Query(cls, (Filter(field.path[0], "eq", each.id),))
        async with aclosing(repositories.for_class(cls).stream(query, BATCH)) as batches:
            async for batch in batches:
                others = [other for other in batch if enlisted(cls, other.id) is None]
                ids = {getattr(other, rule.field) for other in others} - {None}
                some = Query(target, (Filter("id", "in", tuple(ids)),))
                found = await repositories.for_class(target).list(some) if ids else []
                chosen = {one.id: one for one in found}
                for other in others:
                    one = chosen.get(getattr(other, rule.field))
                    if one is not None and not await self._goes_with(
                        rule, other, one, enlisted, repositories
                    ):
                        raise _refusal_by(each, rule, field)

    async def _goes_with(
        self,
        rule: ChoiceRule,
        entity: Entity,
        chosen: Entity,
        enlisted: Enlisted,
        repositories: Repositories,
    ) -> bool:
        values = {f.path: await _value(entity, f, enlisted, repositories) for f in rule.reads}
        return await self.meets(rule.bind(values), chosen)


def _may_differ(each: Tracked, rule: ChoiceRule, enlisted: Enlisted) -> bool:
    """Whether the choice has changed, or a value that it depends on."""
    if each.new or _changed(each, rule.field):
        return True
    for field in rule.reads:
        key = field.path[0]
        if _changed(each, key):
            return True
        if field.through is not None:
            other = enlisted(field.through.cls, getattr(each.draft, key, None))
            if other is not None and _changed(other, field.path[1]):
                return True
    return False


def _changed(each: Tracked, name: str) -> bool:
    return bool(getattr(each.draft, name, None) != getattr(each.base, name, None))


async def _value(
    entity: Entity, field: FormField, enlisted: Enlisted, repositories: Repositories
) -> Any:
    value = getattr(entity, field.path[0], None)
    if field.through is None:
        return value
    other = await _found(field.through.cls, value, enlisted, repositories)
    return None if other is None else getattr(other, field.path[1], None)


async def _found(
    cls: type[Entity], id: Any, enlisted: Enlisted, repositories: Repositories
) -> Entity | None:
    own = enlisted(cls, id)
    if own is not None:
        return None if own.deleted else own.draft
    return None if id is None else await repositories.for_class(cls).get(cls, id)


def _refusal_by(each: Tracked, rule: ChoiceRule, field: FormField) -> ConstraintError:
    """The refusal of a change that the choices of other records don't go with."""
    title, things = field.title, rule.owner.plural_title
    problem = Message("value.others_go_not_with", title=title, things=things)
    return ConstraintError(
        Message("constraint.refused", title=each.entity_type.title, reason=problem),
        {field.path[1]: problem},
        entity=each.entity_type.name,
    )


def _refusal(rule: ChoiceRule) -> ConstraintError:
    title = rule.owner.cls.__entity__.fields[rule.field].title
    others = ", ".join(dict.fromkeys(field.title for field in rule.reads))
    key = "value.goes_not_with" if others else "value.no_choice"
    problem = Message(key, title=title, others=others)
    return ConstraintError(
        Message("constraint.refused", title=rule.owner.title, reason=problem),
        {rule.field: problem},
        entity=rule.owner.name,
    )
