"""Types of annotations: the members of unions, immutable scalars, values by their text."""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import ipaddress
import operator
import pathlib
import types
import typing
import uuid
from typing import Any, Union, get_args, get_origin

ATOMS: frozenset[type] = frozenset({
    int, float, str, bool, bytes, type(None), decimal.Decimal, uuid.UUID,
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta,
})  # fmt: skip
SCALARS: tuple[type, ...] = (
    *ATOMS, enum.Enum, pathlib.PurePath, ipaddress.IPv4Address, ipaddress.IPv6Address,
)  # fmt: skip
# pydantic's annotations for immutable scalars that are no subclasses of one; known by name,
# because importing them takes longer than all of this module.
PYDANTIC_SCALARS = frozenset(
    {
        "EmailStr", "AnyUrl", "AwareDatetime", "NaiveDatetime",
        "PastDate", "FutureDate", "PastDatetime", "FutureDatetime",
    }
)  # fmt: skip
# The plain types of those that also constrain the value.
RULED: dict[str, type] = {
    "EmailStr": str,
    "PastDate": datetime.date, "FutureDate": datetime.date,
    "PastDatetime": datetime.datetime, "FutureDatetime": datetime.datetime,
}  # fmt: skip


def plain_types(annotation: Any) -> list[Any]:
    """The members of a union without None; `Annotated`, aliases and `Literal` looked through.

    >>> plain_types(int | None), plain_types(typing.Literal["a", 2])
    ([<class 'int'>], [<class 'str'>, <class 'int'>])
    """
    alias = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
    if alias is not None and not isinstance(annotation, type):
        return plain_types(alias)
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return plain_types(get_args(annotation)[0])
    if origin is Union or origin is types.UnionType:
        return [t for arg in get_args(annotation) for t in plain_types(arg)]
    if origin is typing.Literal:
        return list(dict.fromkeys(type(value) for value in get_args(annotation)))
    if annotation is type(None):
        return []
    return [annotation]


def is_typed_dict(kind: Any) -> bool:
    """Whether a type is a `TypedDict`, of `typing` or of `typing_extensions`."""
    return isinstance(kind, type) and issubclass(kind, dict) and hasattr(kind, "__required_keys__")


def accepts_none(annotation: Any) -> bool:
    """True when the type allows None.

    >>> accepts_none(int | None), accepts_none(Any), accepts_none(list[None])
    (True, True, False)
    """
    if annotation in (Any, object, None, type(None)):
        return True
    alias = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
    if alias is not None and not isinstance(annotation, type):
        return accepts_none(alias)
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return accepts_none(get_args(annotation)[0])
    if origin is Union or origin is types.UnionType:
        return any(map(accepts_none, get_args(annotation)))
    return origin is typing.Literal and None in get_args(annotation)


def unconstrained(annotation: Any) -> Any:
    """The type without constraints, as a union with None, for the validation of cursors.

    >>> unconstrained(typing.Literal["a", 2]), unconstrained(pydantic.FutureDate)
    (None | str | int, None | datetime.date)
    """
    kinds = (
        RULED.get(kind.__name__, kind)
        if isinstance(kind, type) and _is_pydantic_scalar(kind)
        else kind
        for kind in plain_types(annotation)
    )
    return functools.reduce(operator.or_, kinds, None)


def choice_of(annotation: Any, text: Any) -> Any:
    """The enum member or literal with this serialised value; else the text unchanged.

    >>> choice_of(typing.Literal[1, "b"] | None, "1"), choice_of(int, "1")
    (1, '1')
    """
    if not isinstance(text, str):
        return text
    if get_origin(annotation) is typing.Literal:
        return next((value for value in get_args(annotation) if str(value) == text), text)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return next((member for member in annotation if str(member.value) == text), text)
    if get_origin(annotation) in (Union, types.UnionType, typing.Annotated):
        found = (choice_of(arg, text) for arg in get_args(annotation))
        return next((value for value in found if value is not text), text)
    return text


def is_atomic(annotation: Any) -> bool:
    """True when every value of the type is immutable and a scalar."""
    return all(
        isinstance(t, type) and (issubclass(t, SCALARS) or _is_pydantic_scalar(t))
        for t in plain_types(annotation)
    )


def _is_pydantic_scalar(kind: type) -> bool:
    return any(
        base.__name__ in PYDANTIC_SCALARS and base.__module__.startswith("pydantic.")
        for base in kind.__mro__
    )
