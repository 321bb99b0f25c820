"""Estimates the memory of stored entities."""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import plain_types

# Types whose values have a limited number of digits, whatever a visitor sends.
_FIXED_SIZE_TYPES = (
    int,
    float,
    complex,
    Decimal,
    date,
    datetime,
    time,
    timedelta,
    UUID,
    enum.Enum,
    type(None),
)


@lru_cache(maxsize=1024)
def is_small(cls: type[Entity]) -> bool:
    """True when every instance takes about the same few bytes, whatever its field values."""
    if cls.model_config.get("extra") == "allow" or cls.__private_attributes__:
        return False
    return all(
        isinstance(kind, type) and issubclass(kind, _FIXED_SIZE_TYPES)
        for name, info in cls.__pydantic_fields__.items()
        if name != "id"
        for kind in plain_types(info.annotation)
    )


def bytes_of(entity: Entity) -> int:
    """Estimate the bytes of an entity; 0 for a class of small ones."""
    if is_small(type(entity)):
        return 0
    if type(entity).__entity__.atomic:
        return sum(map(sys.getsizeof, entity.__dict__.values()))
    size = 0
    pending: list[Any] = [entity]
    while pending:
        value: Any = pending.pop()
        size += sys.getsizeof(value)
        if isinstance(value, str | bytes | int | float | None):
            continue
        if isinstance(value, Mapping):
            pending += value.keys()
            pending += value.values()
        elif isinstance(value, list | tuple | set | frozenset | deque):
            pending += value
        elif isinstance(value, BaseModel):
            inside = (value.__dict__, value.__pydantic_extra__, value.__pydantic_private__)
            pending += filter(None, inside)
        elif dataclasses.is_dataclass(value):
            pending += (getattr(value, field.name, None) for field in dataclasses.fields(value))
    return size
