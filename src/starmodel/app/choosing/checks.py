"""Choices that don't go with the other fields of their record, refused before a commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from starmodel.app.access.conditions.condition import Condition
from starmodel.app.choosing.rules import ChoiceRule, ChoiceRules, FormField
from starmodel.app.commit.tracked import Tracked
from starmodel.app.persistence import Repositories
from starmodel.core.entity import Entity
from starmodel.core.errors import ConstraintError
from starmodel.texts.catalogue import Message

Meets = Callable[[Condition, Entity], Awaitable[bool]]
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
            values = {f.path: await _value(each, f, enlisted, repositories) for f in rule.reads}
            if not await self.meets(rule.bind(values), chosen):
                raise _refusal(rule)


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
    each: Tracked, field: FormField, enlisted: Enlisted, repositories: Repositories
) -> Any:
    value = getattr(each.draft, field.path[0], None)
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
