"""From a `Query` to SQL that answers exactly as `Query.matches` and `arrange` would."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import (
    BigInteger,
    String,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    true,
)
from sqlalchemy import select as select_
from sqlalchemy.sql import ColumnElement, Select
from sqlalchemy.types import NullType

from starmodel.adapters.persistence.sql.statements import (
    MAX_SHAPES,
    CompiledSql,
    Row,
    Statements,
    compile_sql,
)
from starmodel.adapters.persistence.sql.tables import StoredField
from starmodel.adapters.persistence.sql.values import MAX_INT, after_moment, moment_text
from starmodel.app.query import OPERATORS, Filter, Query

MAX_VALUES = 5_000  # databases take some 32,000 parameters; beyond this Python compares
LARGEST_EXACT = 2**53  # up to here a float is any whole number


@dataclass(frozen=True, slots=True)
class Plan:
    """How to answer one query.

    Shapes: when exact is False the rows are a superset without order or
    window, and Python has to arrange them.
    """

    sql: str
    params: Row
    exact: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """One condition: its shape, which decides the SQL, and its values, which must not."""

    shape: tuple[Any, ...]
    values: tuple[Any, ...] = ()


class Planner:
    """Plans queries on one class; SQL is compiled once per shape of a query, never per value."""

    def __init__(self, statements: Statements) -> None:
        self._statements, self._fields = statements, statements.mapped.fields
        self._flavour = statements.flavour
        self._compiled: dict[Any, CompiledSql] = {}

    def plan(self, query: Query, now: float, *, count: bool = False) -> Plan:
        """The SQL of a query's window, or of the number of all its matches."""
        parts = [self._part(filter) for filter in query.filters]
        if query.search:
            parts.append(self._search(query))
        known = [part for part in parts if part is not None]
        order = () if count else query.order
        exact = len(known) == len(parts) and all(
            self._fields[name].codec.compares != "no" for name, _ in order
        )
        if not exact:
            order, count = (), False
        windowed = exact and not count and (query.limit is not None or query.offset > 0)
        shape = (tuple(part.shape for part in known), order, exact, count, windowed)
        compiled = self._compiled.get(shape)
        if compiled is None:
            if len(self._compiled) >= MAX_SHAPES:
                self._compiled.clear()
            compiled = self._compiled[shape] = compile_sql(
                self._select(*shape), self._flavour.dialect
            )
        limit = MAX_INT if query.limit is None else query.limit
        given: dict[str, Any] = {
            "now_": now,
            "limit_": min(limit, MAX_INT),
            "offset_": min(query.offset, MAX_INT),
        }
        for number, part in enumerate(known):
            for index, value in enumerate(part.values):
                given[f"p{number}_{index}"] = value
        return Plan(compiled.sql, compiled.params(given), exact)

    def _part(self, filter: Filter) -> _Part | None:
        """The condition of a filter; None where only Python compares the same way."""
        field, op, value = self._fields[filter.field], filter.op, filter.value
        if value is None:
            return _Part((op if op in ("eq", "ne") else "never", field.name, None))
        codec = field.codec
        if op in ("contains", "startswith") and codec.compares == "text":
            return self._text_part(op, (field.name,), str(value))
        if codec.members is not None:
            return _members_part(field, filter)
        if op in ("contains", "startswith") or codec.compares == "no":
            return None
        if op == "in":
            if not isinstance(value, list | tuple | set | frozenset) or len(value) > MAX_VALUES:
                return None
            if codec.compares == "moment":
                return None
            asked = [_asked(field, "eq", item) for item in value if item is not None]
            if None in asked:
                return None
            wanted = [value for op, *values in asked if op == "eq" for value in values]  # type: ignore[misc]
            return _Part(("in", field.name, len(wanted)), tuple(wanted))
        asked_as = _asked(field, op, value)
        if asked_as is None:
            return None
        op, *values = asked_as
        if codec.compares == "moment":
            values.append(after_moment(values[0]))
        return _Part((op, field.name, len(values)), tuple(values))

    def _search(self, query: Query) -> _Part | None:
        names = query.search_fields
        if all(self._fields[name].codec.compares == "text" for name in names):
            return self._text_part("contains", names, query.search)
        return None

    def _select(
        self, parts: Any, order: Any, exact: bool, count: bool, windowed: bool
    ) -> Select[Any]:
        statements = self._statements
        conditions = [self._condition(number, *shape) for number, shape in enumerate(parts)]
        conditions += statements.alive()
        if count:
            table = statements.mapped.table
            return select_(func.count()).select_from(table).where(*conditions)
        found = statements.row.where(*conditions)
        if exact:
            for name, descending in (*order, ("id", False)):
                found = found.order_by(*self._order(self._fields[name], descending))
        if windowed:
            found = found.limit(bindparam("limit_", type_=BigInteger))
            found = found.offset(bindparam("offset_", type_=BigInteger))
        return found

    def _condition(self, number: int, op: str, what: Any, size: Any) -> ColumnElement[bool]:
        if op in ("contains", "startswith"):
            return or_(
                false(),
                *(
                    self._found(op, size, self._fields[name].column, f"p{number}_0")
                    for name in what
                ),
            )
        if op in ("never", "always"):
            return false() if op == "never" else true()
        field = self._fields[what]
        column = self._comparable(field)
        if size is None:
            return column.is_(None) if op == "eq" else column.is_not(None)
        if op == "present":
            return column.is_not(None)
        if field.codec.compares == "moment":
            return _moment_condition(op, column, f"p{number}_0", f"p{number}_1")
        type = NullType() if field.codec.ask is not None else field.column.type
        values: list[Any] = [bindparam(f"p{number}_{index}", type_=type) for index in range(size)]
        if op in ("in", "none_or_in"):
            among = column.in_(values) if values else false()
            return or_(column.is_(None), among) if op == "none_or_in" else among
        if op == "ne":
            return or_(column.is_(None), column != values[0])
        compared: ColumnElement[bool] = OPERATORS[op](column, values[0])  # type: ignore[assignment]
        if op in ("gt", "gte") and field.codec.compares == "real":
            # NaN is no larger than any number, but databases put it above all of them.
            return and_(compared, self._flavour.is_number(column))
        return compared

    def _comparable(self, field: StoredField) -> ColumnElement[Any]:
        if field.codec.compares == "decimal":
            return self._flavour.as_decimal(field.column)
        if field.codec.compares in ("text", "moment"):
            return self._flavour.as_text(field.column)
        return field.column

    def _order(self, field: StoredField, descending: bool) -> list[ColumnElement[Any]]:
        term = self._comparable(field)
        if field.codec.members is not None:
            term = case(_ranks(field), value=field.column)
        nullable = bool(field.column.nullable)
        return self._flavour.ordered(term, descending=descending, nullable=nullable)

    def _found(
        self, op: str, ascii: bool, column: ColumnElement[Any], name: str
    ) -> ColumnElement[bool]:
        place = self._flavour.place(bindparam(name, type_=String), column, ascii=ascii)
        return place == 1 if op == "startswith" else place > 0

    def _text_part(self, op: str, names: tuple[str, ...], wanted: str) -> _Part | None:
        """A search for text, whatever the case."""
        try:
            wanted.encode()
        except UnicodeEncodeError:
            return None
        wanted = wanted.lower()
        if not self._flavour.finds(wanted):
            return None
        return _Part((op, names, wanted.isascii()), (wanted,))


Asked = tuple[Any, ...]


def _asked(field: StoredField, op: str, value: Any) -> Asked | None:
    """An operator and its value as SQL; None when SQL would not compare as Python does.

    Shapes: without a value the operator is "never", "always" or "present".
    """
    codec = field.codec
    if type(value) not in codec.asks or value != value:
        return None
    if codec.asks[0] is int:
        return _asked_whole(op, value)
    if isinstance(value, int):
        if codec.asks[0] is bool:
            return (op, codec.encode(bool(value))) if value in (0, 1) else None
        if codec.compares == "real":
            return (op, float(value)) if abs(value) <= LARGEST_EXACT else None
    if isinstance(value, time) and value.tzinfo is not None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None and codec.compares == "moment":
        with contextlib.suppress(OverflowError):
            return op, moment_text(value.astimezone(UTC))
        return None
    try:
        return op, (codec.ask or codec.encode)(value)
    except ValueError:
        return None


_BEYOND: dict[str, Asked] = {"ne": ("always",), "eq": ("never",)}


def _asked_whole(op: str, value: float) -> Asked:
    """A whole number compared with any number, also one that has no place in its column."""
    if value > MAX_INT or value < -MAX_INT - 1:
        smaller = op in ("lt", "lte")
        return _BEYOND.get(op, ("present",) if smaller == (value > 0) else ("never",))
    whole = math.floor(value)
    if whole == value:
        return op, whole
    if op in _BEYOND:
        return _BEYOND[op]
    return ("gt", whole) if op in ("gt", "gte") else ("lte", whole)


def _members_part(field: StoredField, filter: Filter) -> _Part | None:
    """Any filter on an enum: which of its members match is known before asking."""
    compare = OPERATORS[filter.op]
    try:
        names = tuple(m.name for m in field.codec.members or () if compare(m, filter.value))
    except TypeError:
        return None
    return _Part(("none_or_in" if filter.op == "ne" else "in", field.name, len(names)), names)


def _moment_condition(
    op: str, column: ColumnElement[Any], first: str, end: str
) -> ColumnElement[bool]:
    """A moment compared whatever its offset, so that an index on the column still helps."""
    low, high = bindparam(first, type_=String), bindparam(end, type_=String)
    conditions = {
        "lt": column < low,
        "gte": column >= low,
        "lte": column < high,
        "gt": column >= high,
        "eq": and_(column >= low, column < high),
        "ne": or_(column.is_(None), column < low, column >= high),
    }
    return conditions[op]


def _ranks(field: StoredField) -> dict[str, int]:
    """The place of each member: by comparison, or of definition where members don't compare."""
    members: list[Any] = list(field.codec.members or ())
    with contextlib.suppress(TypeError):
        members.sort()
    return {member.name: number for number, member in enumerate(members)}
