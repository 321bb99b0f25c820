"""The fields that read rules depend on, by class: their own, and those of related records."""

from __future__ import annotations

from collections.abc import Iterator

from starmodel.app.access.comparisons import Compared
from starmodel.app.access.expressions import ByFunction, Expression
from starmodel.app.access.models import RuleModel
from starmodel.app.access.policy import AccessPolicy, ReadFields
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.fields.access_rules import AccessRule


def fields_read(rule: AccessRule, model: RuleModel) -> ReadFields:
    """The fields that the answer of a rule depends on; all of the record's own for a function."""
    if not isinstance(rule, Expression):
        return every_field(model.cls) if callable(rule) else {}
    found: dict[type[Entity], frozenset[str]] = {}
    for part in rule.parts():
        for cls, field in _fields_of(part, model):
            found[cls] = found.get(cls, frozenset()) | {field}
    return found


def read_fields_of(policy: AccessPolicy, entity_type: EntityType) -> ReadFields:
    """The fields that the policy names, or all of the class where it names none."""
    named = getattr(policy, "read_fields", None)
    return every_field(entity_type.cls) if named is None else named(entity_type)


def every_field(cls: type[Entity]) -> ReadFields:
    """All fields of a class."""
    return {cls: frozenset(cls.__entity__.fields)}


def _fields_of(part: Expression, model: RuleModel) -> Iterator[tuple[type[Entity], str]]:
    if isinstance(part, ByFunction):
        for field in model.cls.__entity__.fields:
            yield model.cls, field
    elif isinstance(part, Compared):
        for path in part.paths:
            steps, cls, field = model.locate(path)
            at = model.cls
            for step in steps:
                yield at, step.local
                yield step.target, step.remote
                at = step.target
            yield cls, field
