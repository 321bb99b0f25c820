"""Annotations that are entity classes: `Customer`, `Customer | None`, `list[OrderLine]`."""

from __future__ import annotations

import builtins
import collections.abc
import inspect
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any, ForwardRef, NamedTuple


class RelatedType(NamedTuple):
    """The class that an annotation refers to.

    Shapes: cls is None for a name that the module does not define yet.
    """

    name: str
    cls: type[Any] | None
    is_many: bool
    is_optional: bool


class _Undefined:
    """Base of the placeholders for names that the module does not define yet."""


class Names(Mapping[str, Any]):
    """What the names in the annotations of a class mean; an undefined name gives a placeholder.

    Shapes: as in Python, names of the class body and of the function around it come before those
    of the module. A field hides no type: `date: date | None = None`.
    """

    def __init__(self, cls: type[Any]) -> None:
        module = sys.modules.get(cls.__module__)
        nested = {name: value for name, value in vars(cls).items() if isinstance(value, type)}
        self._scopes = (
            {cls.__name__: cls}, nested, _locals_around(cls), vars(module) if module else {},
            vars(builtins),
        )  # fmt: skip

    def __getitem__(self, name: str) -> Any:
        for scope in self._scopes:
            if name in scope:
                return scope[name]
        return type(name, (_Undefined,), {})

    def __iter__(self) -> typing.Iterator[str]:
        return (name for scope in self._scopes for name in scope)

    def __len__(self) -> int:
        return sum(map(len, self._scopes))


def _locals_around(cls: type[Any]) -> Mapping[str, Any]:
    """The local names where the statement of the class stands; none for a class of a module."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") != cls.__module__:
        frame = frame.f_back
    return {} if frame is None else frame.f_locals


def related_type(cls: type[Any], annotation: Any, names: Names) -> RelatedType | None:
    """What an annotation of `cls` refers to; None for a type that is no entity."""
    annotation = evaluated(annotation, names)
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = evaluated(typing.get_args(annotation)[0], names)
    members, is_optional = [annotation], False
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        args = typing.get_args(annotation)
        members = [arg for arg in args if arg is not types.NoneType]
        is_optional = len(members) < len(args)
    if len(members) != 1:
        return None
    kind, is_many = members[0], False
    if typing.get_origin(kind) in (list, collections.abc.Sequence):
        kind, is_many = typing.get_args(kind)[0], True
    kind = evaluated(kind, names)
    if not isinstance(kind, type) or (is_many and is_optional):
        return None
    if issubclass(kind, _Undefined):
        return RelatedType(kind.__name__, None, is_many, is_optional)
    if kind is cls or getattr(kind, "__entity__", None) is not None:
        return RelatedType(kind.__name__, kind, is_many, is_optional)
    return None


def evaluated(annotation: Any, names: Names) -> Any:
    """What a text or forward reference in an annotation means; None for what is undefined."""
    text = annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
    if not isinstance(text, str):
        return annotation
    try:
        return eval(text, {}, names)  # noqa: S307 - the source of the application's own class
    except Exception:
        return None
