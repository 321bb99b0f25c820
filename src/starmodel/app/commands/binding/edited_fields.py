"""Optimistic concurrency per field of edit forms, by digests of the rendered values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starmodel.core.entity import Entity
from starmodel.core.errors import EditConflictError, RequestError
from starmodel.core.fields.field import excluding_private
from starmodel.core.public_state import public_state
from starmodel.core.values.bounds import DEFAULT_BOUNDS, Bounds, read_json
from starmodel.core.values.json_data import exact_json, json_data
from starmodel.texts.catalogue import Message

MAX_SHOWN_CHARS = 60
NO_DIGESTS: Mapping[str, str] = MappingProxyType({})


def digests(entity: Entity) -> dict[str, str]:
    """A digest of each public field, for an edit form to submit with its values."""
    state = public_state(entity)
    return {
        name: _digest(_ordered(getattr(entity, name, None), state[name]))
        for name in type(entity).__pydantic_fields__
        if name in state
    }


def digests_in(text: Any, bounds: Bounds = DEFAULT_BOUNDS) -> Mapping[str, str]:
    """The digests that a form submitted, {} for none. Raises: RequestError, if they don't parse."""
    if text is None or text == "":
        return NO_DIGESTS
    try:
        parsed = read_json(text, bounds)
    except (ValueError, TypeError, AttributeError):
        parsed = None
    if not isinstance(parsed, dict) or not all(isinstance(v, str) for v in parsed.values()):
        raise RequestError(Message("conflict.form"))
    return parsed


def touched(arguments: Mapping[str, Any], before: Mapping[str, str]) -> dict[str, Any]:
    """The arguments whose values differ from those that the form was rendered with."""
    return {
        name: value
        for name, value in arguments.items()
        if name not in before or _digest(_public(value)) != before[name]
    }


def check_untouched(
    entity: Entity, arguments: Mapping[str, Any], before: Mapping[str, str]
) -> None:
    """Reject a write to a field whose stored value has changed since the form was rendered.

    Raises: EditConflictError, with the stored value of each such field.
    """
    now, state = digests(entity), public_state(entity)
    fields = {
        name: _changed(state[name])
        for name, value in arguments.items()
        if name in before
        and name in now
        and now[name] not in (before[name], _digest(_public(value)))
    }
    if fields:
        raise EditConflictError(entity.__entity__.cls.__name__, entity.id, fields, now)


def _public(value: Any) -> Any:
    """The value serialised as in `public_state`."""
    token = excluding_private.set(True)
    try:
        return _ordered(value, json_data(value, fallback=repr, by_alias=False))
    finally:
        excluding_private.reset(token)


def _ordered(value: Any, data: Any) -> Any:
    """The JSON data of a value; a set as a sorted list, for a stable digest."""
    return sorted(data, key=repr) if isinstance(value, set | frozenset) else data


def _digest(data: Any) -> str:
    return hashlib.blake2b(exact_json(data), digest_size=6).hexdigest()


def _changed(value: Any) -> Message:
    if value is None or value == "":
        return Message("conflict.field_emptied")
    text = value if isinstance(value, str) else exact_json(value).decode()
    excerpt = text if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]}…"
    return Message("conflict.field", value=excerpt)
