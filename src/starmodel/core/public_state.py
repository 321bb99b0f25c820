"""Serialisation of entities for clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from starmodel.core.changes.copies import revalidated
from starmodel.core.fields.field import excluding_private
from starmodel.core.snapshot import NOTHING, STORED, Snapshot, hidden_of, mode_of
from starmodel.core.values.json_data import bytes_text, model_data
from starmodel.core.values.models import values_of

# What a computed field raises for a state that the class's validators refuse.
_FAILED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def public_state(entity: Snapshot, hidden: frozenset[str] | None = None) -> dict[str, Any]:
    """The public and computed fields as JSON data; private fields are dropped recursively.

    Shapes: hidden are fields to omit, None for those that the snapshot hides from its viewer.
    """
    if hidden is None:
        hidden = hidden_of(entity) if entity.__entity__.guarded else NOTHING
    if entity.__entity__.atomic:  # no nested model has private fields
        return _json_state(entity, hidden)
    token = excluding_private.set(True)
    try:
        return _json_state(entity, hidden)
    finally:
        excluding_private.reset(token)


def changed_computed(before: Snapshot, state: Mapping[str, Any]) -> tuple[str, ...]:
    """The public computed fields whose values differ between a snapshot and a later state.

    Both are computed now, so a value that time alone has changed is not among them.

    Shapes: state is the `public_state` of the later one.
    """
    names: tuple[str, ...] = before.__entity__.computed
    if not names:
        return ()
    token = excluding_private.set(True)
    try:
        serializer = type(before).__pydantic_serializer__
        was = serializer.to_python(
            before, mode="json", by_alias=False, include=set(names), warnings=False
        )
    except (*_FAILED, RuntimeError):  # a stored row of another writer may be invalid
        return names
    finally:
        excluding_private.reset(token)
    return tuple([name for name in names if not _is_same(was.get(name), state.get(name))])


def _is_same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def _json_state(entity: Snapshot, hidden: frozenset[str]) -> dict[str, Any]:
    info = entity.__entity__
    private: Any = (info.private | hidden if hidden else info.private) or None
    try:
        state: dict[str, Any] = model_data(entity, private)
    except _FAILED:
        if mode_of(entity) != STORED or _is_valid(entity):
            raise
        state = model_data(entity, private, computed_or_none=True)
    for name in hidden:  # a serializer of the class's own may write all fields
        state.pop(name, None)
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
