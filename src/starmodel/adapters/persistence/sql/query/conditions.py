"""Compiles the filters and the search of a `Query` to SQL with the semantics of Python."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, false, func, not_, or_, true
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import NullType

from starmodel.adapters.persistence.encoders import (
    MAX_INT,
    NAIVE_DATETIME_CHARS,
    datetime_text,
    datetime_upper_bound,
)
from starmodel.adapters.persistence.sql.dialects.codecs import Codec
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.query.order_by import Orders
from starmodel.adapters.persistence.sql.schema.entity_table import StoredField
from starmodel.app.ports.ordering import value_at
from starmodel.app.ports.query import NEGATED, OPERATORS, Filter, Query
from starmodel.core.entity import Entity
from starmodel.core.values.instants import ShownMoment

MAX_VALUES = 5_000  # databases accept some 32,000 parameters; beyond this Python compares
MAX_EXACT_INT = 2**53  # a float represents every integer up to here


@dataclass(frozen=True, slots=True)
class Part:
    """One condition: its shape, which determines the SQL, and its values, which must not."""

    shape: tuple[Any, ...]
    values: tuple[Any, ...] = ()


class Conditions:
    """Compiles the conditions on one table."""

    def __init__(
        self, fields: Mapping[str, StoredField], orders: Orders, sql_dialect: SqlDialect
    ) -> None:
        self._fields, self._orders, self._sql_dialect = fields, orders, sql_dialect

    def compile(self, wanted: Filter) -> Part | None:
        """Compile a filter; None where only Python compares the same way."""
        field, op, value = self._fields[wanted.field], wanted.op, wanted.value
        if op in NEGATED:
            part = self.compile(wanted.positive)
            return None if part is None else Part(("not", part.shape, None), part.values)
        if value is None:
            return Part((op if op in ("eq", "ne") else "never", field.name, None))
        codec = field.codec
        if op in ("contains", "startswith") and codec.compares == "text":
            return self._text_part(op, (field.name,), str(value))
        if codec.members is not None:
            return _members_part(field, wanted)
        if op in ("contains", "startswith") or codec.compares == "no":
            return None
        if op == "in":
            if not isinstance(value, list | tuple | set | frozenset) or len(value) > MAX_VALUES:
                return None
            if codec.compares == "datetime":
                return None
            found = _encoded_items(field, [item for item in value if item is not None])
            return None if found is None else Part(("in", field.name, len(found)), found)
        operand = _encoded_operand(field, op, value)
        if operand is None:
            return None
        op, *values = operand
        if codec.compares == "datetime":
            if isinstance(value, ShownMoment):
                # Texts of aware datetimes begin with their wall clock in UTC.
                return Part((op, field.name, "shown"), (values[0], values[0] + "\\"))
            values.append(datetime_upper_bound(values[0]))
            return Part((op, field.name, "zoned" if value.tzinfo else "local"), tuple(values))
        return Part((op, field.name, len(values)), tuple(values))

    def search(self, query: Query) -> Part | None:
        names = query.search_fields
        if all(self._fields[name].codec.compares == "text" for name in names):
            return self._text_part("contains", names, query.search)
        return None

    def match(self, query: Query, entity: Entity) -> bool | None:
        """True when a snapshot matches the query here; None when the lower-casing is uncertain.

        In that case False where the rest of the query excludes the snapshot.
        """
        sure = tuple(
            f for f in query.filters if not self._may_disagree((f.field,), f.op, f.value, entity)
        )
        search = query.search
        if search and self._may_disagree(query.search_fields, "contains", search, entity):
            search = ""
        if sure == query.filters and search == query.search:
            return query.matches(entity)
        rest = replace(query, filters=sure, search=search)
        return None if rest.matches(entity) else False

    def _may_disagree(self, names: tuple[str, ...], op: str, wanted: Any, entity: Entity) -> bool:
        if NEGATED.get(op, op) not in ("contains", "startswith") or wanted is None:
            return False
        if any(self._fields[name].codec.compares != "text" for name in names):
            return False  # Python does this search
        texts = [text for name in names if isinstance(text := value_at(entity, name), str)]
        return not all(self._sql_dialect.search_agrees(str(wanted).lower(), text) for text in texts)

    def sql(self, number: int | str, op: str, what: Any, size: Any) -> ColumnElement[bool]:
        """Return a condition of this shape on the parameters `p{number}_0`, `p{number}_1`, …"""
        if op in ("contains", "startswith"):
            return or_(
                false(),
                *(
                    self._text_condition(op, size, self._fields[name].column, f"p{number}_0")
                    for name in what
                ),
            )
        if op == "not":  # NULL is neither true nor false in SQL, and false in Python
            return not_(func.coalesce(self.sql(number, *what), false()))
        if op in ("never", "always"):
            return false() if op == "never" else true()
        field = self._fields[what]
        column = self._orders.comparable(field)
        if size is None:
            return column.is_(None) if op == "eq" else column.is_not(None)
        if op == "present":
            return column.is_not(None)
        if field.codec.compares == "datetime":
            return _datetime_condition(op, column, f"p{number}_0", f"p{number}_1", size)
        column_type = NullType() if field.codec.encode_operand is not None else field.column.type
        values: list[Any] = [
            bindparam(f"p{number}_{index}", type_=column_type) for index in range(size)
        ]
        if self._orders.is_external and field.codec.compares == "text":
            equal = or_(false(), *(self._is_text(field.column, column, value) for value in values))
            if op in ("eq", "in"):
                return equal
            if op == "ne":
                return or_(column.is_(None), not_(equal))
        if op in ("in", "none_or_in"):
            among = column.in_(values) if values else false()
            return or_(column.is_(None), among) if op == "none_or_in" else among
        if op == "ne":
            return or_(column.is_(None), column != values[0])
        compared: ColumnElement[bool] = OPERATORS[op](column, values[0])  # type: ignore[assignment]
        if op in ("gt", "gte") and field.codec.compares == "real":
            # In Python NaN is not greater than any number; databases sort it above all of them.
            return and_(compared, self._sql_dialect.is_not_nan(column))
        if op in ("lt", "lte", "gt", "gte") and field.codec.operand_types == (time,):
            return and_(compared, self._sql_dialect.is_naive(column))
        return compared

    def _is_text(
        self, column: ColumnElement[Any], binary: ColumnElement[Any], value: Any
    ) -> ColumnElement[bool]:
        """Compare an external column: first as it is, so that its index applies."""
        return and_(column == value, binary == value, *self._sql_dialect.pads_like(column, value))

    def _text_condition(
        self, op: str, ascii_only: bool, column: ColumnElement[Any], name: str
    ) -> ColumnElement[bool]:
        position = self._sql_dialect.position(
            bindparam(name, type_=String), column, ascii_only=ascii_only
        )
        return position == 1 if op == "startswith" else position > 0

    def _text_part(self, op: str, names: tuple[str, ...], wanted: str) -> Part | None:
        """Compile a case-insensitive text search."""
        try:
            wanted.encode()
        except UnicodeEncodeError:
            return None
        wanted = wanted.lower()
        if not self._sql_dialect.can_search(wanted):
            return None
        return Part((op, names, wanted.isascii()), (wanted,))


Operand = tuple[Any, ...]


def _encoded_operand(field: StoredField, op: str, value: Any) -> Operand | None:
    """Encode an operator and its value for SQL; None when SQL compares differently.

    Shapes: without a value the operator is "never", "always" or "present".
    """
    codec = field.codec
    if isinstance(value, ShownMoment):
        value = _as_stored(codec, value.clock)
    if type(value) not in codec.operand_types or value != value:
        return None
    if codec.operand_types[0] is int:
        return _int_operand(op, value)
    if isinstance(value, int):
        if codec.operand_types[0] is bool:
            return (op, codec.encode(bool(value))) if value in (0, 1) else None
        if codec.compares == "real":
            return (op, float(value)) if abs(value) <= MAX_EXACT_INT else None
    if isinstance(value, time) and value.tzinfo is not None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None and codec.compares == "datetime":
        with contextlib.suppress(OverflowError):
            return op, datetime_text(value.astimezone(UTC))
        return None
    try:
        return op, (codec.encode_operand or codec.encode)(value)
    except ValueError:
        return None


def _encoded_items(field: StoredField, items: Sequence[Any]) -> tuple[Any, ...] | None:
    """Encode the values of "in"; None when SQL compares one of them differently."""
    codec = field.codec
    if codec.operand_types == (str,) and {str}.issuperset(map(type, items)):
        try:
            return tuple(map(codec.encode_operand or codec.encode, items))
        except ValueError:
            return None
    operands = [_encoded_operand(field, "eq", item) for item in items]
    if None in operands:
        return None
    return tuple([value for op, *values in operands if op == "eq" for value in values])  # type: ignore[misc]


def _as_stored(codec: Codec, clock: datetime) -> datetime:
    """Convert a displayed datetime for a column of only aware or only naive values."""
    if codec.compares != "datetime" and codec.encode_operand is not None:
        with contextlib.suppress(ValueError):
            codec.encode_operand(clock.replace(tzinfo=UTC))
            return clock.replace(tzinfo=UTC)
    return clock


_OUT_OF_RANGE: dict[str, Operand] = {"ne": ("always",), "eq": ("never",)}


def _int_operand(op: str, value: float) -> Operand:
    """Compare an integer column with any number, including one outside the column's range."""
    if value > MAX_INT or value < -MAX_INT - 1:
        smaller = op in ("lt", "lte")
        return _OUT_OF_RANGE.get(op, ("present",) if smaller == (value > 0) else ("never",))
    whole = math.floor(value)
    if whole == value:
        return op, whole
    if op in _OUT_OF_RANGE:
        return _OUT_OF_RANGE[op]
    return ("gt", whole) if op in ("gt", "gte") else ("lte", whole)


def _members_part(field: StoredField, wanted: Filter) -> Part | None:
    """Compile any filter on an enum: the matching members are evaluated in advance."""
    compare = OPERATORS[wanted.op]
    try:
        texts = tuple(
            field.codec.encode(m) for m in field.codec.members or () if compare(m, wanted.value)
        )
    except TypeError:
        return None
    return Part(("none_or_in" if wanted.op == "ne" else "in", field.name, len(texts)), texts)


def _datetime_condition(
    op: str, column: ColumnElement[Any], first: str, end: str, bound: str
) -> ColumnElement[bool]:
    """Compare datetimes of any offset by ranges of text, so that an index applies.

    Aware and naive datetimes are neither equal nor ordered. A bound of type
    "shown" is compared with both.
    """
    low, high = bindparam(first, type_=String), bindparam(end, type_=String)
    length = func.length(column, type_=Integer)
    is_comparable = {
        "zoned": length > NAIVE_DATETIME_CHARS,
        "local": length == NAIVE_DATETIME_CHARS,
        "shown": true(),
    }[bound]
    conditions = {
        "lt": and_(column < low, is_comparable),
        "gte": and_(column >= low, is_comparable),
        "lte": and_(column < high, is_comparable),
        "gt": and_(column >= high, is_comparable),
        "eq": and_(column >= low, column < high),
        "ne": or_(column.is_(None), column < low, column >= high),
    }
    return conditions[op]
