"""Conditional fields: which inputs of a form are displayed, by the values of other fields.

The browser evaluates the same conditions, as data, to hide inputs while a form is filled in.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Any

from starmodel.app.access.conditions.condition import (
    Comparison,
    Condition,
    Junction,
    Negation,
    decide,
)
from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.conditions.moments import one_moment
from starmodel.app.access.expressions.comparisons import ActorAttribute, Compared, Now, RecordPath
from starmodel.app.access.expressions.expression import Expression, Inverse, Joined
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError

Conditions = Mapping[str, Condition]
_ENDS = (str, int, float, Decimal, Enum, date, time, type(None))


def shown_conditions(entity_type: EntityType) -> dict[str, Condition]:
    """The condition of each field of the class that has `UI(visible_if=…)`, by name.

    Raises: ConfigurationError, for a condition that does not compare fields of the record with
    constants; for a required field, which could not be left out; and for a condition on a field
    that is conditional itself.
    """
    specs = entity_type.cls.__entity__.fields
    declared: dict[str, Any] = {
        name: spec.ui.visible_if for name, spec in specs.items() if spec.ui.visible_if is not None
    }
    found: dict[str, Condition] = {}
    for name, rule in declared.items():
        where = f"UI(visible_if=…) on {entity_type.name}.{name}"
        if specs[name].info.is_required():
            raise ConfigurationError(
                f"{where}: the field is required, and a hidden input sends nothing. Give it a "
                "default, and check the value in a validator."
            )
        read = _fields_read(rule, where)
        wrong = sorted(read & declared.keys())
        if wrong:
            raise ConfigurationError(
                f"{where} depends on {wrong[0]!r}, which is conditional itself. Repeat the "
                f"condition of {wrong[0]!r} instead."
            )
        secret = sorted(n for n in read if n in specs and specs[n].private)
        if secret:
            raise ConfigurationError(
                f"{where} depends on {secret[0]!r}, which is private: the browser may not know it."
            )
        try:
            with one_moment(datetime.now(UTC)):
                found[name] = rule.bind(None, RuleModel.of(entity_type))
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error}") from None
    return found


def is_shown(name: str, conditions: Conditions, entity: Entity, hidden: Container[str]) -> bool:
    """Whether a record's page displays a field.

    Shapes: hidden are the fields that the viewer may not read, which decide nothing.
    """
    condition = conditions.get(name)
    if condition is None or any(field in hidden for field in compared_fields(condition)):
        return True
    return bool(decide(condition, entity))


def _fields_read(rule: Any, where: str) -> set[str]:
    """The fields that a condition compares. Raises: ConfigurationError, for other rules."""
    read: set[str] = set()
    for part in rule.parts() if isinstance(rule, Expression) else (rule,):
        if isinstance(part, Joined | Inverse):
            continue
        sides = (part.left, part.right) if isinstance(part, Compared) else ()
        paths = part.paths if isinstance(part, Compared) else ()
        others = [side for side in sides if not isinstance(side, RecordPath)]
        is_constant = len(others) == 1 and not isinstance(others[0], ActorAttribute | Now)
        values = others[0] if others and isinstance(others[0], tuple) else tuple(others)
        if not is_constant or len(paths[0]) != 1 or not all(isinstance(v, _ENDS) for v in values):
            raise ConfigurationError(
                f"{where} is {part}; expected comparisons of fields of the record with constants, "
                "such as record.kind == 'company', combined with &, | and ~."
            )
        read.add(paths[0][0])
    return read


def without_hidden(
    conditions: Conditions, base: Entity, arguments: dict[str, Any], sent: Container[str]
) -> dict[str, Any]:
    """The arguments without those of fields that the form did not display.

    A condition on a field without an input on the form hides nothing, as in the browser.

    Shapes: base has the values of fields that the arguments lack; sent are the fields that the
    form sent.
    """
    state = SimpleNamespace(**{n: getattr(base, n, None) for n in type(base).__pydantic_fields__})
    vars(state).update(arguments)
    hidden = {
        name
        for name, condition in conditions.items()
        if all(field in sent for field in compared_fields(condition))
        and not decide(condition, state)
    }
    return {name: value for name, value in arguments.items() if name not in hidden}


def compared_fields(condition: Condition) -> Iterator[str]:
    """The names of the fields that a condition compares."""
    match condition:
        case Comparison(field):
            yield field
        case Negation(inner):
            yield from compared_fields(inner)
        case Junction(_, parts):
            for part in parts:
                yield from compared_fields(part)


def as_data(condition: Condition) -> Any:
    """A condition as JSON data for the browser.

    Shapes: true, false, [field, op, value], {"not": condition}, {"all": [conditions]} or
    {"any": [conditions]}; a value is null, a number, or the text that an input sends.

    >>> as_data(Comparison("kind", "eq", "company"))
    ['kind', 'eq', 'company']
    """
    match condition:
        case Comparison(field, op, value):
            return [field, op, [_sent(item) for item in value] if op == "in" else _sent(value)]
        case Negation(inner):
            return {"not": as_data(inner)}
        case Junction(is_all, parts):
            return {"all" if is_all else "any": [as_data(part) for part in parts]}
    return bool(getattr(condition, "value", False))


def _sent(value: Any) -> Any:
    """The value as the browser compares it with what an input holds."""
    value = plain(value.value if isinstance(value, Enum) else value)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
