"""`repr` of values without the private fields of nested models and dataclasses."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from starmodel.core.fields.annotations import resolved_hints
from starmodel.core.fields.field import options_in
from starmodel.core.fields.privacy import is_private

_GENERATED: Any = BaseModel.__repr__
_BRACKETS: dict[Any, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}")}


class Public:
    """A value whose `repr` has no private field, however deep."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return _text(self.value, ())


def _text(value: Any, outer: tuple[int, ...]) -> str:
    """As `repr`, which is called for entities and other classes with a `__repr__` of their own."""
    cls: Any = type(value)
    if id(value) in outer:
        return "..."
    inside = (*outer, id(value))
    if isinstance(value, BaseModel) and cls.__repr__ is _GENERATED:
        if hasattr(cls, "__entity__"):
            return repr(value)
        hidden = _private_fields(cls)
        parts = [(name, part) for name, part in value.__repr_args__() if name not in hidden]
        return _call(cls.__name__, parts, inside)
    if dataclasses.is_dataclass(value) and _has_generated_repr(cls):
        hidden = _private_of_dataclass(cls)
        parts = [
            (field.name, getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.repr and field.name not in hidden
        ]
        return _call(cls.__qualname__, parts, inside)
    if isinstance(value, dict):
        items = [f"{_text(key, inside)}: {_text(item, inside)}" for key, item in value.items()]
        text = f"{{{', '.join(items)}}}"
        return text if cls is dict else f"{cls.__name__}({text})"
    if isinstance(value, tuple) and hasattr(cls, "_fields"):  # a named tuple
        return _call(cls.__name__, zip(cls._fields, value, strict=True), inside)
    if isinstance(value, list | tuple | set | frozenset | deque) and value:
        left, right = _BRACKETS.get(cls) or (f"{cls.__name__}([", "])")
        end = "," if cls is tuple and len(value) == 1 else ""
        return f"{left}{', '.join([_text(item, inside) for item in value])}{end}{right}"
    return repr(value)


def _call(name: str, parts: Iterable[tuple[str | None, Any]], inside: tuple[int, ...]) -> str:
    texts = [
        _text(part, inside) if key is None else f"{key}={_text(part, inside)}"
        for key, part in parts
    ]
    return f"{name}({', '.join(texts)})"


@lru_cache(maxsize=1024)
def _private_fields(cls: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for name, info in cls.__pydantic_fields__.items() if is_private(info))


@lru_cache(maxsize=1024)
def _private_of_dataclass(cls: type[Any]) -> frozenset[str]:
    hints, _ = resolved_hints(cls)
    return frozenset(name for name, hint in hints.items() if options_in(hint).private)


def _has_generated_repr(cls: Any) -> bool:
    return bool(cls.__dataclass_params__.repr) and "__dataclass_fields__" in vars(cls)
