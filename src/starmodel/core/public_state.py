"""Serialisation of entities for clients."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from starmodel.core.changes.copies import revalidated
from starmodel.core.fields.field import excluding_private
from starmodel.core.snapshot import STORED, Snapshot, mode_of
from starmodel.core.values.json_data import bytes_text, model_data
from starmodel.core.values.models import values_of


def public_state(entity: Snapshot) -> dict[str, Any]:
    """The public and computed fields as JSON data; private fields are dropped recursively."""
    if entity.__entity__.atomic:  # no nested model has private fields
        return _json_state(entity)
    token = excluding_private.set(True)
    try:
        return _json_state(entity)
    finally:
        excluding_private.reset(token)


def _json_state(entity: Snapshot) -> dict[str, Any]:
    info = entity.__entity__
    private: Any = info.private or None
    try:
        state: dict[str, Any] = model_data(entity, private)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        if mode_of(entity) != STORED or _is_valid(entity):
            raise
        state = model_data(entity, private, computed_or_none=True)
    for name in info.bytes_fields:
        value = entity.__dict__.get(name)
        if type(value) is bytes and state.get(name) == value.decode("utf-8", "replace"):
            state[name] = bytes_text(value)  # distinguishes it from a text that is a data URL
    return state


def _is_valid(entity: Snapshot) -> bool:
    """False for a stored row that an external writer wrote and the class's validators refuse."""
    cls = entity.__entity__.cls
    try:
        values = revalidated(values_of(entity))
        cls.__pydantic_validator__.validate_python(values, by_name=True, by_alias=False)
    except ValidationError:
        return False
    return True
