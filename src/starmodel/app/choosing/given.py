"""The values that a form sends with a search for choices, as a condition on the records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from starmodel.app.access.conditions.condition import (
    ALWAYS,
    NEVER,
    Comparison,
    Condition,
    Junction,
)
from starmodel.app.choosing.rules import ChoiceRule, FormField, Path
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.fields.types import field_adapter
from starmodel.core.snapshot import hidden_of
from starmodel.core.values.bounds import BoundsError, check_numbers

PREFIX = "on."
"""Begins the query parameters with values of a form: "on.country_id"."""
MAX_VALUE_CHARS = 1000
_UNREADABLE = object()

Read = Callable[[EntityType, str], Awaitable[Entity | None]]


class Narrowed(NamedTuple):
    """The condition on offered records.

    Shapes: empty are the titles of fields that it depends on and that have no value yet.
    """

    condition: Condition = ALWAYS
    empty: tuple[str, ...] = ()


def parameter(path: Path) -> str:
    """The query parameter of a form's field."""
    return PREFIX + ".".join(path)


async def narrowed_by(rule: ChoiceRule, given: Mapping[str, str], read: Read) -> Narrowed:
    """What a rule leaves of the records, for the values that a form sends.

    A form without an input for a field that the rule reads narrows nothing: the commit decides.

    Shapes: given has the values by `parameter`; read returns the record of a class with an id, as
    its text, that the actor may read.
    """
    values: dict[Path, Any] = {}
    for field in rule.reads:
        name, key = parameter(field.path), parameter(field.path[:1])
        if name in given:
            value = _typed(field.owner, field.path[-1], given[name])
        elif field.through is not None and key in given:
            value = await _of_record(field, field.through, given[key], read)
        else:
            return Narrowed()
        if value is _UNREADABLE:
            return Narrowed(NEVER)
        values[field.path] = value
    empty = [field.title for field in rule.reads if values[field.path] is None]
    return Narrowed(rule.bind(values), tuple(dict.fromkeys(empty)))


def fixed_values(rule: ChoiceRule, condition: Condition) -> dict[str, str]:
    """The values that a new record must have to be offered, by editable fields."""
    parts = condition.conditions if isinstance(condition, Junction) else (condition,)
    if isinstance(condition, Junction) and not condition.is_all:
        return {}
    fields = rule.target.cls.__entity__.fields
    return {
        part.field: str(plain(part.value))
        for part in parts
        if isinstance(part, Comparison)
        and part.op == "eq"
        and part.value is not None
        and fields[part.field].editable
    }


async def _of_record(field: FormField, through: EntityType, text: str, read: Read) -> Any:
    if not text:
        return None
    entity = await read(through, text) if len(text) <= MAX_VALUE_CHARS else None
    name = field.path[-1]
    if entity is None or name in hidden_of(entity):
        return _UNREADABLE
    return getattr(entity, name)


def _typed(entity_type: EntityType, name: str, text: str) -> Any:
    """The value of a text that an input sends, None for an empty one."""
    if not text:
        return None
    if len(text) > MAX_VALUE_CHARS:
        return _UNREADABLE
    try:
        value = field_adapter(entity_type.cls, name).validate_python(text, strict=False)
        check_numbers(value)
    except (ValidationError, BoundsError):
        return _UNREADABLE
    return value
