"""The condition that a field of the record compares with a value."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from starmodel.app.access.conditions.condition import (
    NEVER,
    Comparison,
    Condition,
    constant,
    is_collection,
    junction,
    negation,
)
from starmodel.app.access.conditions.models import kinds_of
from starmodel.app.access.policy import EveryRole
from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import ATOMS

_MAX_ID_DIGITS = 18
_NO_TEXTS = ATOMS - {str, type(None)}


def of_value(cls: type[Entity], field: str, op: str, value: Any) -> Condition:
    """The condition `field op value`, where the value may be of any type."""
    kinds = kinds_of(cls, field)
    if op == "in":
        if isinstance(value, EveryRole):
            return negation(Comparison(field, "eq", None)) if kinds == [str] else NEVER
        values: Collection[Any] = value if is_collection(value) else ()
        wanted = [_plain(kinds, item) for item in values if item is not None]
        among = tuple(item for item in wanted if not _differs(kinds, item))
        is_none = [Comparison(field, "eq", None)] if len(wanted) < len(values) else []
        return junction(False, [Comparison(field, "in", among) if among else NEVER, *is_none])
    if op != "has" and _differs(kinds, value):
        return constant(op == "ne")
    return Comparison(field, op, value if op == "has" else _plain(kinds, value))


def _plain(kinds: list[Any], value: Any) -> Any:
    """A text of any class as a plain one for a field of texts, so that a store can compare it."""
    return str.__str__(value) if kinds == [str] and isinstance(value, str) else value


def _differs(kinds: list[Any], value: Any) -> bool:
    """Whether the value is a text and the field has none, or the reverse: they are never equal."""
    if value is None or len(kinds) != 1:
        return False
    return isinstance(value, str) if kinds[0] in _NO_TEXTS else (
        kinds[0] is str and type(value) in _NO_TEXTS
    )  # fmt: skip


def typed_id(cls: type[Entity], field: str, value: Any) -> Any:
    """The actor's id as a field of integers or UUIDs has it; unchanged where it is neither."""
    kinds = kinds_of(cls, field)
    if kinds == [int] and value.isascii() and value.isdigit() and len(value) <= _MAX_ID_DIGITS:
        return int(value) if str(int(value)) == value else value
    if kinds == [uuid.UUID]:
        try:
            made = uuid.UUID(value)
        except ValueError:
            return value
        return made if str(made) == value.lower() else value
    return value
