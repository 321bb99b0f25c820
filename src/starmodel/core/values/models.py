"""The stored values of a model, without copying."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

_get = object.__getattribute__  # no `__getattribute__` of a draft records the read


def field_values(model: BaseModel) -> dict[str, Any]:
    """A read-only view of the declared fields, without recording reads of a draft."""
    values: dict[str, Any] = _get(model, "__dict__")
    fields = type(model).__pydantic_fields__
    if values.keys() == fields.keys():
        return values
    return {name: values[name] for name in fields if name in values}  # no cached properties


def values_of(state: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    """The stored fields of a model (extras included), or the mapping as a dict; to be read only."""
    if isinstance(state, BaseModel):
        values, extra = field_values(state), state.__pydantic_extra__
        return values | extra if extra else values
    return dict(state)
