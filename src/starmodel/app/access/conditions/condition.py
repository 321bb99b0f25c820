"""Conditions on a record: an access rule for one actor, as data that a store can compile.

Conditions are two-valued. None equals None, and is neither less nor greater than any value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starmodel.core.entity import Entity
from starmodel.core.fields.access_rules import permits_by_function
from starmodel.core.values.instants import absolute

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "in": lambda value, wanted: any(value == item for item in wanted),
    "has": lambda value, wanted: any(item == wanted for item in value),
}
"""The operators; "has" is "in" with its sides exchanged."""


def compares(op: str, left: Any, right: Any) -> bool:
    """The result of an operator, for any two values.

    >>> compares("eq", None, None), compares("lt", 1, None), compares("lt", 1, "a")
    (True, False, False)
    """
    if left is None or right is None:
        return op in ("eq", "ne") and (op == "eq") == (left is right)
    if op in ("in", "has") and not is_collection(right if op == "in" else left):
        return False
    try:
        return bool(COMPARISONS[op](absolute(left), absolute(right)))
    except (TypeError, ArithmeticError):
        return False  # values without an order


def is_collection(value: Any) -> bool:
    """True for a collection of values; a text is a value of its own."""
    return isinstance(value, list | tuple | set | frozenset)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for every record."""

    value: bool


ALWAYS, NEVER = Constant(True), Constant(False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field op value`. Shapes: op is a key of `COMPARISONS`; the value of "in" is a tuple."""

    field: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """`left op right`, both fields of the record."""

    left: str
    op: str
    right: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step along a relation: the records of `target` whose `remote` equals `local`."""

    local: str
    target: type[Entity]
    remote: str


@dataclass(frozen=True, slots=True)
class Related:
    """Whether at least one related record meets the condition; false without any."""

    step: Step
    condition: Condition


@dataclass(frozen=True, slots=True)
class RelatedComparison:
    """`left op right`, where the fields are reached by different relations.

    Shapes: the steps lead from the record to the one with the field; empty for its own field.
    """

    left_steps: tuple[Step, ...]
    left: str
    op: str
    right_steps: tuple[Step, ...]
    right: str


@dataclass(frozen=True, slots=True)
class Function:
    """A rule that is a function, with the actor that it was bound to.

    Equal for equal functions and actors, as an answer to one of two bindings is for both.
    """

    rule: Callable[[Any, Any], Any]
    actor: Any


@dataclass(frozen=True, slots=True)
class Negation:
    """Not the condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Junction:
    """All of the conditions, or any of them. Shapes: at least two, none a constant."""

    is_all: bool
    conditions: tuple[Condition, ...]


Condition = (
    Constant
    | Comparison
    | FieldComparison
    | Related
    | RelatedComparison
    | Function
    | Negation
    | Junction
)


def constant(value: bool) -> Constant:
    return ALWAYS if value else NEVER


def negation(condition: Condition) -> Condition:
    """Not the condition, simplified."""
    if isinstance(condition, Constant):
        return constant(not condition.value)
    return condition.condition if isinstance(condition, Negation) else Negation(condition)


def junction(is_all: bool, conditions: Iterable[Condition]) -> Condition:
    """All of the conditions, or any of them, simplified.

    >>> junction(True, [ALWAYS, Comparison("team", "eq", "red")])
    Comparison(field='team', op='eq', value='red')
    """
    parts: list[Condition] = []
    for part in conditions:
        if isinstance(part, Constant):
            if part.value is not is_all:
                return part
        elif isinstance(part, Junction) and part.is_all is is_all:
            parts += part.conditions
        else:
            parts.append(part)
    if len(parts) < 2:
        return parts[0] if parts else constant(is_all)
    return Junction(is_all, tuple(parts))


def along(steps: Iterable[Step], condition: Condition) -> Condition:
    """The condition on the records that the steps lead to."""
    for step in reversed(tuple(steps)):
        condition = Related(step, condition)
    return condition


def decide(condition: Condition, entity: Any) -> bool | None:
    """Whether the record meets the condition; None if that depends on related records."""
    match condition:
        case Constant(value):
            return value
        case Comparison(field, op, value):
            return compares(op, getattr(entity, field), value)
        case FieldComparison(left, op, right):
            return compares(op, getattr(entity, left), getattr(entity, right))
        case Function(rule, actor):
            return permits_by_function(rule, actor, entity)
        case Negation(inner):
            answer = decide(inner, entity)
            return None if answer is None else not answer
        case Junction(is_all, parts):
            is_open = False
            for part in parts:
                answer = decide(part, entity)
                if answer is (not is_all):
                    return answer
                is_open = is_open or answer is None
            return None if is_open else is_all
    return None


def may_hold(condition: Condition) -> bool:
    """False only for a condition that no record meets."""
    return condition != NEVER


Supports = Callable[[type[Entity], Condition], bool]


def narrowed(
    condition: Condition, cls: type[Entity], supports: Supports, *, widen: bool = True
) -> tuple[Condition, bool]:
    """The condition without the parts that a store can't decide, and whether it lacks none.

    Every record that meets the condition meets the result.

    Shapes: supports is true for a comparison that a store decides, and for the step of a
    `Related` condition; with `widen` False the result implies the condition instead.
    """
    match condition:
        case Constant():
            return condition, True
        case Negation(inner):
            part, exact = narrowed(inner, cls, supports, widen=not widen)
            return negation(part), exact
        case Junction(is_all, parts):
            found = [narrowed(part, cls, supports, widen=widen) for part in parts]
            return junction(is_all, [part for part, _ in found]), all(each for _, each in found)
        case Related(step, inner) if supports(cls, condition):
            part, exact = narrowed(inner, step.target, supports, widen=widen)
            return (part if part is NEVER else Related(step, part)), exact
        case Comparison() | FieldComparison() if supports(cls, condition):
            return condition, True
    return constant(widen), False
