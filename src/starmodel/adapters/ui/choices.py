"""The choices of enum and Literal types, with their labels."""

from __future__ import annotations

import enum
import types
import typing
from typing import Any

from starmodel.core.fields.field_types import plain_types
from starmodel.core.translations import translated


def choices_of(annotation: Any) -> tuple[tuple[Any, str], ...]:
    """(value, label) for each value of an enum or Literal; empty for any other type."""
    if typing.get_origin(annotation) is typing.Annotated:
        return choices_of(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is typing.Literal:
        return tuple((value, label_of(value)) for value in typing.get_args(annotation))
    for kind in plain_types(annotation):
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return tuple((member, label_of(member)) for member in kind)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            if typing.get_origin(part) is typing.Literal:
                return choices_of(part)
    return ()


def label_of(value: Any) -> str:
    """The label of a member's name or a literal: "In progress" for "IN_PROGRESS", "in_progress".

    In the visitor's language.
    """
    return translated(source_label(value))


def source_label(value: Any) -> str:
    """The label before translation."""
    if isinstance(value, enum.Enum):
        return value.name.replace("_", " ").capitalize()
    text = str(value)
    words = text.replace("_", " ")
    return words[:1].upper() + words[1:] if text.islower() else words


def choice_key(value: Any) -> str:
    """The form value that encodes a choice."""
    if isinstance(value, enum.Enum):
        value = value.value
    return str(value)
