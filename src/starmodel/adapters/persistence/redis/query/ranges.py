"""Ranges of index entries: which filters and orders an index answers, and which exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.adapters.persistence.redis.codecs import Codec
from starmodel.adapters.persistence.redis.records import NONE, Records, entry
from starmodel.adapters.persistence.redis.sort_texts import MAX_SORT_BYTES, NAN
from starmodel.app.access.conditions.condition import (
    ALWAYS,
    Comparison,
    Condition,
    Junction,
)
from starmodel.app.ports.query import Filter, Query

END = b"\xff"
"""Greater than every byte of UTF-8."""
_UP_TO_MOMENT = len("2024-06-01 10:00:00.000000")
MAX_RANGES = 1_000


@dataclass(frozen=True, slots=True)
class Range:
    """Consecutive entries of an index, as bounds of ZRANGEBYLEX.

    Shapes: is_one_value, all entries have one value of the field, so that their order is that
    of the ids.
    """

    low: bytes
    high: bytes
    is_one_value: bool = False


@dataclass(frozen=True, slots=True)
class Candidates:
    """Disjoint ranges with an entry for each record that matches a filter.

    Shapes: is_exact, they have no other entry; a filter of ids has these instead of ranges.
    """

    field: str
    ranges: Sequence[Range]
    is_exact: bool
    ids: Sequence[Any] | None = None


def whole(field: str) -> Range:
    """All entries of an index."""
    start = field.encode() + b"\0"
    return Range(b"[" + start, b"(" + start + END)


def with_value(field: str) -> Range:
    """The entries of an index with a value."""
    start = field.encode() + b"\0"
    return Range(b"[" + start + b"1", b"(" + start + NONE.encode())


def without_value(field: str) -> Range:
    """The entries of an index without a value."""
    return of_text(field, NONE)


def of_text(field: str, text: str) -> Range:
    """The entries of an index with this sort text."""
    start = f"{field}\0{text}\0".encode()
    return Range(b"[" + start, b"(" + start + END, is_one_value=True)


def before(range_: Range, member: bytes) -> Range:
    """The entries of a range that precede a member."""
    high = min(range_.high, b"(" + member, key=lambda bound: (bound[1:], bound[:1] == b"["))
    return Range(range_.low, high, range_.is_one_value)


def after(range_: Range, member: bytes) -> Range:
    """The entries of a range that follow a member."""
    low = max(range_.low, b"(" + member, key=lambda bound: (bound[1:], bound[:1] == b"("))
    return Range(low, range_.high, range_.is_one_value)


def candidates(records: Records, wanted: Filter) -> Candidates | None:
    """The entries of the index that a filter reads; None without such an index."""
    name, op, value = wanted.field, wanted.op, wanted.value
    if name == "id":
        return _ids(records, op, value)
    codec = records.indexed.get(name)
    if codec is None:
        return None
    if value is None:
        if op in ("eq", "ne"):
            only = without_value(name) if op == "eq" else with_value(name)
            return Candidates(name, [only], is_exact=True)
        return Candidates(name, [], is_exact=True) if op in _COMPARING else None
    if op == "in":
        found = [_equal(name, each, codec) for each in _distinct(value)]
        ranges = [each for each in found if each is not None]
        if len(ranges) < len(found) or len(ranges) > MAX_RANGES:
            return None
        ranges = list({each.low: each for each in ranges}.values())
        return Candidates(name, ranges, is_exact=codec.is_exact)
    if op == "eq":
        equal = _equal(name, value, codec)
        return None if equal is None else Candidates(name, [equal], is_exact=codec.is_exact)
    if op in _COMPARING and codec.is_ordered:
        return _compared(name, op, value, codec)
    return None


_COMPARING = ("lt", "lte", "gt", "gte")


def _distinct(values: Any) -> list[Any]:
    found: list[Any] = []
    for each in values:
        if each is not None and not any(each is other for other in found):
            found.append(each)
    return found


def _text(value: Any, codec: Codec) -> str | None:
    """The sort text of a filter value; None for one that the index can't be compared with."""
    # Not isinstance: a subclass may compare in its own way.
    if type(value) not in codec.operand_types or codec.sort_text is None:
        return None
    try:
        text = codec.sort_text(value)
        is_short = len(text.encode()) <= MAX_SORT_BYTES
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        return None
    return text if is_short and text != NAN else None


def _equal(field: str, value: Any, codec: Codec) -> Range | None:
    text = _text(value, codec)
    if text is None or (type(value) is int and not -(2**63) <= value < 2**63):
        return None
    if codec.is_exact:
        return of_text(field, "1" + text)
    low, high = _bounds(field, text, codec)
    return Range(b"[" + low, b"(" + high)


def _compared(field: str, op: str, value: Any, codec: Codec) -> Candidates | None:
    text = _text(value, codec)
    if text is None or (type(value) is int and not -(2**63) <= value < 2**63):
        return None
    first, last = f"{field}\x001".encode(), f"{field}\x001{NAN}".encode()
    if codec.operand_types[0] is str:
        last = f"{field}\0{NONE}".encode()
    low, high = _bounds(field, text, codec)
    if not codec.is_exact:
        low, high = (first, high) if op in ("lt", "lte") else (low, last)
    elif op in ("lt", "lte"):
        low, high = first, low if op == "lt" else high
    else:
        low, high = low if op == "gte" else high, last
    return Candidates(field, [Range(b"[" + low, b"(" + high)], is_exact=codec.is_exact)


def _bounds(field: str, text: str, codec: Codec) -> tuple[bytes, bytes]:
    """The first member with this sort text, and an upper bound of all of them."""
    if codec.is_exact:
        start = f"{field}\x001{text}".encode()
        return start + b"\0", start + b"\0" + END
    start = f"{field}\x001{text[:_UP_TO_MOMENT]}".encode()  # in any zone
    return start, start + b"\x7f"


def _ids(records: Records, op: str, value: Any) -> Candidates | None:
    if op == "eq":
        value = [value]
    elif op != "in":
        return None
    found: dict[str, Any] = {}
    for each in _distinct(value):
        text = id_of_filter(records, each)
        if text is None:
            return None
        found[text] = each
    return Candidates("id", [], is_exact=True, ids=list(found.values()))


def id_of_filter(records: Records, value: Any) -> str | None:
    """The sort text of an id that a filter names; None for a value of another type."""
    codec = records.codecs["id"]
    if type(value) not in codec.operand_types:
        return None
    try:
        return records.id_entry(value)
    except (ValueError, TypeError):
        return None


def entry_of_id(text: str) -> bytes:
    """The entry of a record in the index of ids."""
    return f"id\0{text}".encode()


def comparisons(query: Query) -> tuple[list[Filter], bool]:
    """The filters of a query and those of its condition, and whether these are all."""
    found = list(query.filters)
    rest = query.where is not ALWAYS
    if rest:
        parts = _parts(query.where)
        mine = [Filter(p.field, p.op, p.value) for p in parts if isinstance(p, Comparison)]
        found += [each for each in mine if each.op != "has"]
        rest = len(mine) < len(parts) or any(each.op == "has" for each in mine)
    return found, not rest


def _parts(condition: Condition) -> Sequence[Condition]:
    if isinstance(condition, Junction) and condition.is_all:
        return condition.conditions
    return [condition]


def position_entry(records: Records, query: Query, field: str) -> bytes | None:
    """The entry at the position after which the window begins; None for one without an entry."""
    position = query.after
    if position is None:
        return None
    id = id_of_filter(records, position[-1])
    if id is None:
        return None
    if field == "id":
        return entry_of_id(id)
    value, codec = position[0], records.indexed[field]
    if value is None:
        return entry(field, NONE, id).encode()
    text = _text(value, codec)
    return None if text is None else entry(field, "1" + text, id).encode()


def id_text_of(records: Records, member: bytes) -> str:
    """The sort text of the id at the end of an entry."""
    text = member.decode()
    return text.split("\0", 1)[1] if text.startswith("id\0") else text.split("\0", 2)[2]


def supports(records: Records, condition: Condition) -> bool:
    """Whether an index decides a comparison of an access rule exactly."""
    if not isinstance(condition, Comparison) or condition.op in ("has", "ne"):
        return False
    found = candidates(records, Filter(condition.field, condition.op, condition.value))
    if condition.field == "id" and condition.value is None:
        return False
    return found is not None and found.is_exact
