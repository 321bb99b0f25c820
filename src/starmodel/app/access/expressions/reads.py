"""The fields that read rules depend on, by class: their own, and those of related records."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.expressions.comparisons import Compared
from starmodel.app.access.expressions.expression import ByFunction, Expression
from starmodel.app.access.policy import AccessPolicy, RelatedFields
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.fields.access_rules import AccessRule


class ReadFields(NamedTuple):
    """The fields that a read decision depends on: of the record, and of others, by class."""

    own: AbstractSet[str]
    related: RelatedFields


def fields_read(rule: AccessRule, model: RuleModel) -> ReadFields:
    """The fields that the answer of a rule depends on; all of the record's own for a function."""
    if not isinstance(rule, Expression):
        return ReadFields(every_field(model.cls) if callable(rule) else frozenset(), {})
    own, related = set[str](), dict[type[Entity], set[str]]()
    for part in rule.parts():
        if isinstance(part, ByFunction):
            own |= every_field(model.cls)
        elif isinstance(part, Compared):
            for path in part.paths:
                steps, cls, field = model.locate(path)
                (related.setdefault(cls, set()) if steps else own).add(field)
                at: set[str] = own
                for step in steps:
                    at.add(step.local)
                    at = related.setdefault(step.target, set())
                    at.add(step.remote)
    return ReadFields(own, related)


def read_fields_of(policy: AccessPolicy, entity_type: EntityType) -> ReadFields:
    """The fields that the policy names: by default all of the record, and none of others."""
    own, related = getattr(policy, "own_fields", None), getattr(policy, "related_fields", None)
    return ReadFields(
        every_field(entity_type.cls) if own is None else own(entity_type),
        {} if related is None else related(entity_type),
    )


def every_field(cls: type[Entity]) -> frozenset[str]:
    """All fields of a class."""
    return frozenset(cls.__entity__.fields)
