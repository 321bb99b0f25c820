"""Input for nested models: unknown and private keys are rejected recursively."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, RootModel

from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.nested import Model, Part, parts_of, takes_any_name

MASK = "**********"
_MASKED: tuple[Any, ...] = (MASK, "", None)
Open = frozenset[Model]


class UnknownPartError(Exception):
    """The input has a key that no public field has. Shapes: path is its location in the input."""

    def __init__(self, path: tuple[Any, ...]) -> None:
        super().__init__(path)
        self.path = path


def is_closed(part: Part, model: Model, open_models: Open) -> bool:
    """True for a private part, except a required secret of an open model.

    Shapes: open_models are types of event parameters that no entity stores.
    """
    return part.private and not (part.secret and part.info.is_required() and model in open_models)


def accepted(annotation: Any, raw: Any, open_models: Open) -> Any:
    """The input without masked secrets, whose stored values are retained.

    Takes time linear in the input: a key is valid if any model of a union
    has it.

    Raises: UnknownPartError, for a key that is not a public field.
    """
    return _accepted(_kinds([annotation]), raw, open_models, ())


def _accepted(kinds: list[Any], raw: Any, open_models: Open, path: tuple[Any, ...]) -> Any:
    if isinstance(raw, dict):
        models = [kind for kind in kinds if _is_model(kind)]
        if models:
            return _accepted_model(models, kinds, raw, open_models, path)
        values = _kinds([args[-1] for args in map(get_args, kinds) if args])
        if not values:
            return raw
        return {k: _accepted(values, v, open_models, (*path, k)) for k, v in raw.items()}
    if isinstance(raw, list | tuple):
        inner = [args for kind in kinds if (args := get_args(kind))]
        items = [
            _accepted(
                _kinds([_item_type(args, n) for args in inner]), item, open_models, (*path, n)
            )
            for n, item in enumerate(raw)
        ]
        return tuple(items) if isinstance(raw, tuple) else items
    return raw


def _accepted_model(
    models: list[Model],
    kinds: list[Any],
    raw: dict[Any, Any],
    open_models: Open,
    path: tuple[Any, ...],
) -> dict[Any, Any]:
    checked: dict[Any, Any] = {}
    any_name = any(map(takes_any_name, models)) or any(map(_is_mapping, kinds))
    for name, item in raw.items():
        found = [(m, parts[name]) for m in models if name in (parts := parts_of(m))]
        public = [part for m, part in found if not is_closed(part, m, open_models)]
        if public:
            inner = _kinds([part.info.annotation for part in public])
            checked[name] = _accepted(inner, item, open_models, (*path, name))
        elif found and all(part.secret for _, part in found) and _is_masked(item):
            continue
        elif found or not any_name:
            raise UnknownPartError((*path, name))
        else:
            checked[name] = item
    return checked


def _kinds(annotations: list[Any]) -> list[Any]:
    """The distinct members of union types; for a root model its root type."""
    kinds: list[Any] = []
    todo = annotations[::-1]
    while todo:
        for kind in plain_types(todo.pop()):
            if kind in kinds:
                continue
            kinds.append(kind)
            if isinstance(kind, type) and issubclass(kind, RootModel):
                todo.append(kind.__pydantic_fields__["root"].annotation)
    return kinds


def _is_model(kind: Any) -> bool:
    return (
        isinstance(kind, type) and issubclass(kind, BaseModel) and not issubclass(kind, RootModel)
    )


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _item_type(args: tuple[Any, ...], n: int) -> Any:
    """The type of item `n` of a sequence; the last type argument applies to the rest."""
    return args[min(n, len(args) - (2 if args[-1] is ... else 1))]


def _is_masked(item: Any) -> bool:
    """True for the mask that serialised secrets have, recursively, or an empty value."""
    if isinstance(item, list | dict):
        return all(map(_is_masked, item.values() if isinstance(item, dict) else item))
    return item in _MASKED
