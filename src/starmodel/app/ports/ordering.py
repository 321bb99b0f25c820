"""The sort order of records: by field values, None last in both directions, ties by id.

Ids sort in the direction of the last field, so that a database can read an index on that
field in order, in either direction: its entries for equal values are sorted by id.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from enum import Enum, Flag
from functools import lru_cache
from typing import Any

from starmodel.core.entity import Entity
from starmodel.core.fields.field_types import plain_types

Order = tuple[tuple[str, bool], ...]
Position = tuple[Any, ...]
"""The position of a record in an order: the value of each term, then its id."""


def order_words(order: Order) -> str:
    """The order as a query parameter.

    >>> order_words((("price", True), ("name", False)))
    '-price,name'
    """
    return ",".join(f"{'-' * descending}{name}" for name, descending in order)


def with_id(order: Order) -> Order:
    """The order with its last term, the id.

    >>> with_id((("price", True),)), with_id(())
    ((('price', True), ('id', True)), (('id', False),))
    """
    return (*order, ("id", order[-1][1] if order else False))


def value_at(entity: Entity, name: str) -> Any:
    """The value of a field; by a path such as "customer.name", of the loaded related record.

    None without a related record. Raises: NotLoadedError.
    """
    relation, dot, field = name.partition(".")
    if not dot:
        return getattr(entity, name)
    other = getattr(entity, relation)
    return None if other is None else getattr(other, field)


def position_of(entity: Entity, order: Order) -> Position:
    """The record's position. A stored value that is no member of its enum counts as None."""
    position: list[Any] = []
    for name, _ in order:
        value = value_at(entity, name)
        if value is None:
            position.append(None)
            continue
        owner, _, field = name.rpartition(".")
        cls: type[Entity] = type(getattr(entity, owner) if owner else entity)
        members = _members_of(cls, field)
        position.append(value if members is None or isinstance(value, members) else None)
    return (*position, entity.id)


def sort_key(position: Position, order: Order) -> tuple[Any, ...]:
    """The sort key of a position; keys compare with < and >."""
    key: list[Any] = []
    for value, (_, descending) in zip(position, with_id(order), strict=True):
        if value is None:
            key.append((True,))
        else:
            place = _place(value)
            key.append((False, _Descending(place) if descending else place))
    return tuple(key)


class _Descending:
    """Inverts the comparison of a value."""

    __slots__ = ("_place",)

    def __init__(self, place: tuple[Any, ...]) -> None:
        self._place = place

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self._place == other._place

    def __lt__(self, other: _Descending) -> bool:
        return other._place < self._place

    __hash__ = None  # type: ignore[assignment]  # nothing keeps it in a set


def _place(value: Any) -> tuple[Any, ...]:
    """A key that compares as the value does, with every value that its field may hold.

    Values that don't compare in Python stand by the name of their kind;
    NaN is above all numbers; one moment in several zones is ordered by them.
    """
    if isinstance(value, str):
        return "text", value
    if isinstance(value, int | float | Decimal):
        nan = value.is_nan() if isinstance(value, Decimal) else value != value
        return ("number, NaN",) if nan else ("number", value)
    if isinstance(value, datetime):
        offset, since = value.utcoffset(), value.replace(tzinfo=None) - datetime.min
        if offset is None:
            return "moment", since, ""
        return "moment", since - offset, "+" + offset_text(value)
    if isinstance(value, time):
        return "time", value.isoformat("microseconds")
    if isinstance(value, Flag):
        return "flag", value.value
    if isinstance(value, Enum):
        return "member", ranks(type(value))[value.name]
    return type(value).__name__, value


def offset_text(value: datetime) -> str:
    """An aware datetime's offset in brackets; empty for UTC.

    >>> offset_text(datetime.fromisoformat("2024-06-01T12:00-05:30"))
    '[-05:30]'
    """
    if not value.utcoffset():
        return ""
    local = value.isoformat()
    return f"[{local[max(local.rfind('+'), local.rfind('-')) :]}]"


@lru_cache(maxsize=1024)
def _members_of(entity: type[Entity], name: str) -> type[Enum] | None:
    """The enum of a field whose annotation is that enum or None."""
    kinds = plain_types(entity.__pydantic_fields__[name].annotation)
    kind = kinds[0] if len(kinds) == 1 else None
    return kind if isinstance(kind, type) and issubclass(kind, Enum) else None


@lru_cache(maxsize=1024)
def ranks(kind: type[Enum]) -> dict[str, int]:
    """The rank of each member: by comparison, or by definition if members don't compare."""
    members: Sequence[Any] = list(kind)
    with contextlib.suppress(TypeError):
        members = sorted(members)
    return {member.name: number for number, member in enumerate(members)}
