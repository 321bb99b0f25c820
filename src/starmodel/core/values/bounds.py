"""Bounds on request data: nesting, collection sizes and digits."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections import deque
from collections.abc import Callable, Iterable
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json

from starmodel.core.fields.field_types import is_typed_dict, plain_types
from starmodel.texts.catalogue import Message

MAX_DIGITS = 1000
MAX_KEYS = 1000
_LIMIT = 10**MAX_DIGITS
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_UNUSUAL = re.compile(rb"(?<!\d)\d{309}|\d[eE]\+?\d{3}")  # may be beyond a float's range
_TOO_LONG = re.compile(rb"(?<!\d)\d{%d}" % (MAX_DIGITS + 1))
_BRACKET = re.compile(rb"[][{}]")
_TEXT_KEYS = (str, bytes)


class BoundsError(ValueError):
    """A value exceeds a bound; the response contains the text."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds on one parsed document.

    Units: depth in levels; items is the size of one list or object; a whole
    document has at most five times as many values.
    """

    depth: int = 32
    items: int = 10_000

    @property
    def values(self) -> int:
        return self.items * 5


DEFAULT_BOUNDS = Bounds()


def read_json(text: bytes | str, bounds: Bounds = DEFAULT_BOUNDS) -> Any:
    """The value of a JSON document, parsed in linear time.

    Raises: BoundsError, beyond a bound; ValueError, for text that is not JSON.
    """
    raw = text.encode() if isinstance(text, str) else text
    brackets, commas = raw.count(b"[") + raw.count(b"{"), raw.count(b",")
    unusual = _UNUSUAL.search(raw) is not None
    if unusual or brackets > bounds.depth or commas >= bounds.items:
        bare = _STRING.sub(b'""', raw)
        commas = bare.count(b",")
        _check_bare(bare, commas, bounds)
    data = from_json(raw, allow_inf_nan=False)  # orjson would round large integers
    if unusual or commas >= bounds.items:
        _check_parsed(data, bounds)
    return data


def _check_bare(bare: bytes, commas: int, bounds: Bounds) -> None:
    """Check the structure of a document whose strings were removed."""
    depth = count = 0
    for bracket in _BRACKET.finditer(bare):
        count += 1
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > bounds.depth:
            raise BoundsError(Message("bounds.depth", depth=bounds.depth))
        if count + commas > 2 * bounds.values:
            break
    if commas + count // 2 > bounds.values:
        raise BoundsError(Message("bounds.values", values=bounds.values))
    if _TOO_LONG.search(bare):
        raise BoundsError(Message("bounds.long_number", digits=MAX_DIGITS))


def _check_parsed(data: Any, bounds: Bounds) -> None:
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, float) and value - value != 0:
            raise BoundsError(Message("bounds.large_number"))
        if isinstance(value, list | dict):
            if len(value) > bounds.items:
                raise BoundsError(Message("bounds.items", items=bounds.items))
            pending.extend(value.values() if isinstance(value, dict) else value)


def check_numbers(value: Any) -> None:
    """Reject integers and Decimals that exceed the digits of serialisation.

    Recurses into containers, models and dataclasses.

    Raises: BoundsError.
    """
    if type(value) is int and -_LIMIT < value < _LIMIT:
        return
    pending = [value]
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind is str or kind is float or kind is bool:
            continue
        if isinstance(value, int):
            if not -_LIMIT < value < _LIMIT:
                raise BoundsError(Message("bounds.digits", digits=MAX_DIGITS))
        elif isinstance(value, Decimal):
            exponent = value.as_tuple().exponent
            if isinstance(exponent, int) and (
                exponent < -MAX_DIGITS or value.adjusted() >= MAX_DIGITS
            ):
                raise BoundsError(Message("bounds.digits", digits=MAX_DIGITS))
        elif isinstance(value, AnyMapping):
            pending.extend(value.keys())
            pending.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset | deque):
            pending.extend(value)
        elif isinstance(value, BaseModel):
            pending.extend(value.__dict__.values())
            pending.extend((value.__pydantic_extra__ or {}).values())
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            pending.extend(getattr(value, field.name) for field in dataclasses.fields(value))


def number_text(value: int) -> str:
    """The digits of an integer, also of one that Python refuses to write out."""
    try:
        return str(value)
    except ValueError:
        return str(Decimal(value))


def may_hold_numbers(annotation: Any) -> bool:
    """False where no value of the type can be, or contain, an integer or a Decimal."""
    return any(
        not isinstance(kind, type)
        or issubclass(kind, int | Decimal)
        or kind.__module__ not in ("builtins", "datetime", "uuid")
        or kind in (list, dict, set, frozenset, tuple, object)
        for kind in plain_types(annotation)
    )


Count = Callable[[Any], int]
_Open = tuple[tuple[Any, list[Count]], ...]  # the types around one, and their counters


def key_counter(annotation: Any, _open: _Open = ()) -> Count | None:
    """Counts what unvalidated JSON data would add to sets and as keys, texts aside.

    Python hashes texts with a secret, but numbers (and what is made of them,
    such as UUIDs) as anybody can compute: chosen ones all collide.
    None for a type without such a container.
    """
    for known, around in _open:
        if known == annotation:  # a type that contains itself
            return partial(_first_of, around)
    found: list[Count] = []
    counters = [
        c
        for kind in plain_types(annotation)
        if (c := _counter_of(kind, (*_open, (annotation, found))))
    ]
    if not counters:
        return None
    found.append(lambda raw: sum(count(raw) for count in counters))
    return found[0]


def _first_of(counters: list[Count], raw: Any) -> int:
    return counters[0](raw) if counters else 0


def _counter_of(kind: Any, seen: _Open) -> Count | None:
    origin, args = typing.get_origin(kind) or kind, typing.get_args(kind)
    if not isinstance(origin, type):
        return None
    if issubclass(origin, AnyMapping) and not is_typed_dict(origin):
        own, inner = not _is_text(args[:1]), key_counter(args[1], seen) if args else None
        return _of_mapping(own, inner) if own or inner else None
    if issubclass(origin, set | frozenset) or origin in _SETS:
        inner = key_counter(args[0], seen) if args else None
        own = not _is_text(args[:1])
        return _of_list(own, inner) if own or inner else None
    if issubclass(origin, str | bytes):
        return None
    if args and issubclass(origin, Iterable):
        inners = [c for arg in args if arg is not ... and (c := key_counter(arg, seen))]
        return _of_list(False, lambda raw: sum(c(raw) for c in inners)) if inners else None
    fields = {name: c for name, arg in _fields_of(origin) if (c := key_counter(arg, seen))}
    return _of_fields(fields) if fields else None


_SETS = (typing.get_origin(typing.AbstractSet), typing.get_origin(typing.MutableSet))


def _is_text(args: tuple[Any, ...]) -> bool:
    kinds = plain_types(args[0]) if args else ()
    return bool(kinds) and all(isinstance(k, type) and issubclass(k, _TEXT_KEYS) for k in kinds)


def _fields_of(kind: type) -> Iterable[tuple[str, Any]]:
    if issubclass(kind, BaseModel):
        for name, info in kind.__pydantic_fields__.items():
            for spelt in {name, info.alias, info.validation_alias}:
                if isinstance(spelt, str):
                    yield spelt, info.annotation
    elif dataclasses.is_dataclass(kind) or is_typed_dict(kind):
        yield from typing.get_type_hints(kind).items()


def _of_list(own: bool, inner: Count | None) -> Count:
    def count(raw: Any) -> int:
        if not isinstance(raw, list | tuple | set | frozenset | deque):
            return 0
        return own * len(raw) + (sum(map(inner, raw)) if inner else 0)

    return count


def _of_mapping(own: bool, inner: Count | None) -> Count:
    def count(raw: Any) -> int:
        if not isinstance(raw, dict):
            return 0
        return own * len(raw) + (sum(map(inner, raw.values())) if inner else 0)

    return count


def _of_fields(fields: dict[str, Count]) -> Count:
    def count(raw: Any) -> int:
        if not isinstance(raw, dict):
            return 0
        return sum(counter(raw[name]) for name, counter in fields.items() if name in raw)

    return count


def check_keys(count: Count | None, raw: Any) -> None:
    """Refuse data whose numbers would fill a hash table. Raises: BoundsError."""
    if count is not None and count(raw) > MAX_KEYS:
        raise BoundsError(Message("bounds.keys", keys=MAX_KEYS))
