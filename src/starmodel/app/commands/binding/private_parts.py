"""Merging of input with the private parts of stored models, which no input may set."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from starmodel.app.commands.binding.models import Open, accepted, is_closed
from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import is_atomic
from starmodel.core.fields.nested import parts_of
from starmodel.core.fields.types import field_adapter
from starmodel.core.values.bounds import BoundsError, check_numbers
from starmodel.core.values.json_data import exact_json, json_data
from starmodel.texts.catalogue import Message

_SEQUENCES = (list, tuple, set, frozenset, deque)
_KEYS = ("id", "key")
NOT_HERE = Message("value.not_here")


@dataclass(frozen=True, slots=True)
class IncompleteInput:
    """Unvalidated input that lacks required private parts; the stored value supplies them."""

    raw: Any


class IncompleteInputError(Exception):
    """The stored value lacks private parts that the input requires."""


def input_of(value: Any) -> Any:
    """The raw input of an incomplete argument; any other argument unchanged."""
    return value.raw if isinstance(value, IncompleteInput) else value


def completed(
    entity: Entity,
    arguments: Mapping[str, Any],
    annotations: Mapping[str, Any],
    open_models: Open,
    *,
    trusted: bool,
) -> dict[str, Any]:
    """The arguments, with the private parts of the stored models that they replace.

    A nested model replaces the stored one at the same key of a dict. In a list
    it replaces the one with the same `id` or `key`, if the class has such a
    field, else one with equal public parts, else the one at the same index. A
    model without counterpart gets default values.

    Shapes: annotations has the types of arguments with private parts; trusted
    arguments may set them.
    Raises: IncompleteInputError.
    """
    merged = dict(arguments)
    for name, annotation in annotations.items():
        if name not in merged:
            continue
        value, before = merged[name], getattr(entity, name, None)
        try:
            if isinstance(value, IncompleteInput):
                value = _validated_with_stored(annotation, value.raw, before)
            merged[name] = _with_stored_parts(value, before, open_models, trusted)
        except IncompleteInputError:
            raise IncompleteInputError(name) from None
    return merged


def synced_value(cls: type[Entity], name: str, raw: Any, before: Any) -> Any:
    """The validated value of a synced signal, with the private parts of the stored value.

    Raises: ValidationError; UnknownPartError.
    """
    annotation: Any = cls.__pydantic_fields__[name].annotation
    adapter = field_adapter(cls, name)
    if is_atomic(annotation):
        return adapter.validate_python(raw, strict=False)  # bound inputs send strings
    value = adapter.validate_python(accepted(annotation, raw, frozenset()), strict=False)
    return _with_stored_parts(value, before, frozenset(), trusted=False)


def _with_stored_parts(value: Any, before: Any, open_models: Open, trusted: bool) -> Any:
    if isinstance(value, BaseModel):
        return _model_with_stored_parts(value, before, open_models, trusted)
    kind: Any = type(value)
    if kind is dict:
        old = before if isinstance(before, dict) else {}
        return {
            k: _with_stored_parts(v, old.get(k), open_models, trusted) for k, v in value.items()
        }
    if kind in _SEQUENCES:
        olds = _counterparts(list(value), before)
        pairs = zip(value, olds, strict=True)
        return kind(_with_stored_parts(item, old, open_models, trusted) for item, old in pairs)
    return value


def _model_with_stored_parts(
    value: BaseModel, before: Any, open_models: Open, trusted: bool
) -> BaseModel:
    cls, updates = type(value), dict[str, Any]()
    stored = before if type(before) is cls else None
    for part in {part.name: part for part in parts_of(cls).values()}.values():
        name, is_set = part.name, part.name in value.model_fields_set
        old = getattr(stored, name, None)
        if not is_closed(part, cls, open_models):
            new = getattr(value, name, None)
            merged = _with_stored_parts(new, old, open_models, trusted)
            if merged is not new:
                updates[name] = merged
        elif trusted and is_set:
            continue
        elif stored is not None:
            updates[name] = old
        elif is_set and part.info.is_required():
            raise IncompleteInputError
        elif is_set:
            updates[name] = part.info.get_default(call_default_factory=True)
    return value.model_copy(update=updates) if updates else value


def _counterparts(items: list[Any], before: Any) -> list[Any]:
    """The stored item that each item of a sequence replaces, or None."""
    free = dict(enumerate(before if isinstance(before, _SEQUENCES) else ()))
    found: list[Any] = [None] * len(items)
    open_items: list[int] = []
    by_key: dict[Any, list[int]] = {}
    by_state: dict[str, list[int]] = {}
    for n, old in free.items():
        key = _key_of(old)
        if key is None:
            by_state.setdefault(_public(old), []).append(n)
        else:
            by_key.setdefault(key, []).append(n)
    for n, item in enumerate(items):
        key = _key_of(item)
        same = by_state.get(_public(item)) if key is None else by_key.get(key)
        if same:
            found[n] = free.pop(same.pop(0))
        elif key is None:
            open_items.append(n)
    for n in open_items:
        old = free.get(n)
        if old is not None and _key_of(old) is None:
            found[n] = free.pop(n)
    return found


def _key_of(item: Any) -> tuple[Any, ...] | None:
    """The key of a model in a list, if its class has a key field."""
    if isinstance(item, dict):
        names: Iterable[str] = item
    elif isinstance(item, BaseModel):
        names = [n for n, part in parts_of(type(item)).items() if not part.private]
    else:
        return None
    for name in _KEYS:
        if name in names:
            key = item[name] if isinstance(item, dict) else getattr(item, name)
            return (name, exact_json(json_data(key, fallback=repr)))
    return None


def _public(item: Any) -> str:
    """The public parts of an item as canonical JSON, for comparison."""
    return json.dumps(json_data(_without_private(item), fallback=repr), sort_keys=True)


def _without_private(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {
            part.name: _without_private(getattr(value, part.name, None))
            for part in parts_of(type(value)).values()
            if not part.private
        }
    if isinstance(value, dict):
        return {key: _without_private(item) for key, item in value.items()}
    if isinstance(value, _SEQUENCES):
        return [_without_private(item) for item in value]
    return value


def _validated_with_stored(annotation: Any, raw: Any, before: Any) -> Any:
    """The validated input, with the required private parts of the stored value.

    Raises: IncompleteInputError.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    try:
        validated = adapter.validate_python(
            _with_required_parts(raw, before), by_name=True, by_alias=True
        )
        check_numbers(validated)
    except (ValidationError, BoundsError):
        raise IncompleteInputError from None
    return validated


def _with_required_parts(raw: Any, before: Any) -> Any:
    """The raw input, with the required private parts of the stored models."""
    if isinstance(raw, dict) and isinstance(before, BaseModel):
        merged = dict(raw)
        for word, part in parts_of(type(before)).items():
            old = getattr(before, part.name, None)
            if not part.private:
                if word in merged:
                    merged[word] = _with_required_parts(merged[word], old)
            elif part.info.is_required():
                merged[part.name] = old
        return merged
    if isinstance(raw, dict) and isinstance(before, dict):
        return {key: _with_required_parts(item, before.get(key)) for key, item in raw.items()}
    if isinstance(raw, list | tuple) and isinstance(before, _SEQUENCES):
        olds = _counterparts(list(raw), before)
        return [_with_required_parts(item, old) for item, old in zip(raw, olds, strict=True)]
    return raw
