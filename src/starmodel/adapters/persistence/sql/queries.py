"""From a `Query` to SQL that answers exactly as `Query.matches` and `arrange` would."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    and_,
    bindparam,
    case,
    collate,
    false,
    func,
    or_,
    type_coerce,
)
from sqlalchemy import select as select_
from sqlalchemy.sql import ColumnElement, Select

from starmodel.adapters.persistence.sql.sqlite_database import DECIMAL_ORDER, LOWER
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

MAX_VALUES = 5_000  # SQLite takes some 32,000 parameters; beyond this Python compares
INFINITY = float("inf")


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
            compiled = self._compiled[shape] = compile_sql(self._select(*shape))
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
            return _text_part(op, (field.name,), str(value))
        if codec.members is not None:
            return _members_part(field, filter)
        if op in ("contains", "startswith") or codec.compares == "no":
            return None
        if op == "in":
            if not isinstance(value, list | tuple | set | frozenset) or len(value) > MAX_VALUES:
                return None
            wanted = [_asked(field, item) for item in value if item is not None]
            if None in wanted or codec.compares == "moment":
                return None
            return _Part(("in", field.name, len(wanted)), tuple(wanted))
        asked = _asked(field, value)
        if asked is None:
            return None
        end = after_moment(asked) if codec.compares == "moment" else INFINITY
        return _Part((op, field.name, 1), (asked, end))

    def _search(self, query: Query) -> _Part | None:
        names = query.search_fields
        if all(self._fields[name].codec.compares == "text" for name in names):
            return _text_part("contains", names, query.search)
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
                found = found.order_by(_order(self._fields[name], descending))
        if windowed:
            found = found.limit(bindparam("limit_", type_=BigInteger))
            found = found.offset(bindparam("offset_", type_=BigInteger))
        return found

    def _condition(self, number: int, op: str, what: Any, size: Any) -> ColumnElement[bool]:
        if op in ("contains", "startswith"):
            return or_(
                false(),
                *(_found(op, size, self._fields[name].column, f"p{number}_0") for name in what),
            )
        if op == "never":
            return false()
        field = self._fields[what]
        column = _comparable(field)
        if size is None:
            return column.is_(None) if op == "eq" else column.is_not(None)
        if field.codec.compares == "moment":
            return _moment_condition(op, column, f"p{number}_0", f"p{number}_1")
        values: list[Any] = [
            bindparam(f"p{number}_{index}", type_=field.column.type) for index in range(size)
        ]
        if op in ("in", "none_or_in"):
            among = column.in_(values) if values else false()
            return or_(column.is_(None), among) if op == "none_or_in" else among
        if op == "ne":
            return or_(column.is_(None), column != values[0])
        compared: ColumnElement[bool] = OPERATORS[op](column, values[0])  # type: ignore[assignment]
        if op in ("gt", "gte") and field.codec.compares == "real":
            # NaN is kept as text, which SQLite puts above every number.
            return and_(compared, column <= bindparam(f"p{number}_1"))
        return compared


def _asked(field: StoredField, value: Any) -> Any:
    """A filter's value as SQL; None when SQL would not compare it as Python does."""
    codec = field.codec
    if type(value) not in codec.asks or value != value:
        return None
    if codec.compares == "decimal":
        return str(value)
    if isinstance(value, int):
        if -MAX_INT - 1 <= value <= MAX_INT:
            return value
        if codec.compares == "real":
            return None
        # Every whole number stored is smaller, or every one larger.
        return INFINITY if value > 0 else -INFINITY
    if isinstance(value, float):
        return value
    if isinstance(value, time) and value.tzinfo is not None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        with contextlib.suppress(OverflowError):
            return moment_text(value.astimezone(UTC))
        return None
    try:
        return codec.encode(value)
    except ValueError:
        return None


def _members_part(field: StoredField, filter: Filter) -> _Part | None:
    """Any filter on an enum: which of its members match is known before asking."""
    compare = OPERATORS[filter.op]
    try:
        names = tuple(m.name for m in field.codec.members or () if compare(m, filter.value))
    except TypeError:
        return None
    return _Part(("none_or_in" if filter.op == "ne" else "in", field.name, len(names)), names)


def _text_part(op: str, names: tuple[str, ...], wanted: str) -> _Part | None:
    """A search for text, whatever the case.

    SQLite's own lower() knows only ASCII, so any other text is compared by Python's.
    """
    try:
        wanted.encode()
    except UnicodeEncodeError:
        return None
    return _Part((op, names, wanted.isascii()), (wanted.lower(),))


def _found(op: str, ascii: bool, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    # instr() has no wildcards to escape, and unlike LIKE it sees past a NUL.
    lower = func.lower(column) if ascii else getattr(func, LOWER)(column)
    place = func.instr(lower, bindparam(name), type_=Integer)
    return place == 1 if op == "startswith" else place > 0


def _moment_condition(
    op: str, column: ColumnElement[Any], first: str, end: str
) -> ColumnElement[bool]:
    """A moment compared whatever its offset, so that an index on the column still helps."""
    low, high = bindparam(first, type_=String), bindparam(end, type_=String)
    column = type_coerce(column, String)
    conditions = {
        "lt": column < low,
        "gte": column >= low,
        "lte": column < high,
        "gt": column >= high,
        "eq": and_(column >= low, column < high),
        "ne": or_(column.is_(None), column < low, column >= high),
    }
    return conditions[op]


def _comparable(field: StoredField) -> ColumnElement[Any]:
    if field.codec.compares == "decimal":
        return collate(type_coerce(field.column, String), DECIMAL_ORDER)
    return field.column


def _order(field: StoredField, descending: bool) -> ColumnElement[Any]:
    term = _comparable(field)
    if field.codec.members is not None:
        term = case(_ranks(field), value=field.column)
    term = term.desc() if descending else term.asc()
    return term.nulls_last() if field.column.nullable else term


def _ranks(field: StoredField) -> dict[str, int]:
    """The place of each member: by comparison, or of definition where members don't compare."""
    members: list[Any] = list(field.codec.members or ())
    with contextlib.suppress(TypeError):
        members.sort()
    return {member.name: number for number, member in enumerate(members)}
