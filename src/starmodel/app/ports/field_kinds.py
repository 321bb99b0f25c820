"""The kinds of fields that filters distinguish, and the operators that fit each of them."""

from __future__ import annotations

import enum
import typing
from typing import Any, Literal

from starmodel.app.ports.moments import DATES, KINDS, kind_names
from starmodel.core.fields.field_types import accepts_none, plain_types

Kind = Literal["choice", "bool", "number", "date", "moment", "time", "text"]

EMPTY, NOT_EMPTY, BETWEEN = "empty", "not_empty", "range"
"""The operators of a filter form that need no value, and the one with two bounds."""
_BOUNDS = (BETWEEN, "gte", "lte", "gt", "lt")
_OPERATORS: dict[Kind, tuple[str, ...]] = {
    "choice": ("eq", "ne", "in", "not_in"),
    "bool": ("eq",),
    "number": (*_BOUNDS, "eq", "ne"),
    "date": (*_BOUNDS, "eq", "ne"),
    "moment": _BOUNDS,
    "time": _BOUNDS,
    "text": ("contains", "not_contains", "eq", "ne", "startswith"),
}


def kind_of(annotation: Any) -> Kind:
    """What the values of a field are; a choice for an enum or `Literal`."""
    if choice_values(annotation):
        return "choice"
    names = kind_names(annotation)
    if plain_types(annotation) == [bool]:
        return "bool"
    if names & {"int", "float", "Decimal"}:
        return "number"
    if names & DATES:
        return "date"
    if names & KINDS:
        return "moment"
    return "time" if "time" in names else "text"


def operators_of(annotation: Any) -> tuple[str, ...]:
    """The operators of a field, the usual one first.

    A text that is always set can be empty all the same.

    >>> operators_of(bool), operators_of(bool | None)
    (('eq',), ('eq', 'empty', 'not_empty'))
    """
    kind = kind_of(annotation)
    may_be_empty = kind == "text" or accepts_none(annotation)
    return (*_OPERATORS[kind], EMPTY, NOT_EMPTY) if may_be_empty else _OPERATORS[kind]


def record_operators(annotation: Any) -> tuple[str, ...]:
    """The operators of a foreign key.

    >>> record_operators(int | None)
    ('eq', 'ne', 'in', 'not_in', 'empty', 'not_empty')
    """
    operators = ("eq", "ne", "in", "not_in")
    return (*operators, EMPTY, NOT_EMPTY) if accepts_none(annotation) else operators


def operator_word(annotation: Any, op: str) -> str:
    """The word of an operator in texts: dates are before or after, not less or more."""
    return _OF_MOMENTS.get(op, op) if kind_of(annotation) in ("date", "moment", "time") else op


_OF_MOMENTS = {"lt": "before", "lte": "until", "gt": "after", "gte": "from"}


def choice_values(annotation: Any) -> tuple[Any, ...]:
    """The values of an enum or `Literal` type, also of an optional one; empty for other types."""
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    for kind in plain_types(annotation):
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return tuple(kind)
    for part in typing.get_args(annotation):
        if typing.get_origin(part) in (typing.Literal, typing.Annotated):
            return choice_values(part)
    return ()
