"""Errors of filter values: for programs by the name of the field, for visitors by its label."""

from __future__ import annotations

from enum import Enum
from typing import Any

from starmodel.app.ports.field_kinds import choice_values, kind_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ListQueryError
from starmodel.texts.catalogue import Message

MAX_SHOWN_CHOICES = 12


def wrong_value(entity: type[Entity], name: str, text: str) -> ListQueryError:
    """The error of a filter whose value does not fit its field. Shapes: text is for programs."""
    spec = entity.__entity__.fields[name]
    annotation = spec.info.annotation
    kind = kind_of(annotation)
    values = [str(_plain(each)) for each in choice_values(annotation)][:MAX_SHOWN_CHOICES]
    key, more = f"filter.wrong.{kind}", {"values": ", ".join(values)} if values else {}
    return ListQueryError(text, plain=Message(key, title=spec.title, **more))


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
