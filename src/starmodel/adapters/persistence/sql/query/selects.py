"""Compiles a `Query` to SELECTs equivalent to `Query.matches` and `arrange`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import BigInteger, bindparam, func
from sqlalchemy import select as select_
from sqlalchemy.sql import ColumnElement, Select
from sqlalchemy.types import NullType

from starmodel.adapters.persistence.encoders import MAX_INT
from starmodel.adapters.persistence.sql.compiled_sql import CompiledSql, Row, compile_sql
from starmodel.adapters.persistence.sql.query.conditions import Conditions, Part
from starmodel.adapters.persistence.sql.query.joins import Joins, JoinShapes
from starmodel.adapters.persistence.sql.query.order_by import Orders, given_after, sorts_after
from starmodel.adapters.persistence.sql.query.rule_conditions import RuleConditions, Values
from starmodel.adapters.persistence.sql.query.summaries import is_supported, summary_select
from starmodel.adapters.persistence.sql.schema.entity_table import StoredField
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.app.access.conditions.condition import ALWAYS
from starmodel.app.ports.ordering import Order
from starmodel.app.ports.query import Filter, Query
from starmodel.app.ports.summaries import SummaryQuery
from starmodel.core.entity import Entity
from starmodel.core.values.bounded_cache import BoundedCache

MAX_COMPILED_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """The SQL of one query.

    Shapes: when exact is False, the rows are a superset without order or
    window, and Python has to filter and sort them.
    """

    sql: str
    params: Row
    exact: bool


@dataclass(frozen=True, slots=True)
class _Shape:
    """The cache key of a compiled query: everything that determines the SQL text.

    Shapes: parts are the shapes of conditions; order None means unordered;
    where is the condition of an access rule; after, for each term of the order,
    whether the cursor has a value; keys is the number of keys that select the rows;
    joins are the foreign keys to joined tables, with the shapes of the conditions on these.
    """

    parts: tuple[tuple[Any, ...], ...]
    where: tuple[Any, ...] | None = None
    what: Literal["rows", "count", "keys", "summary"] = "rows"
    order: Order | None = None
    after: tuple[bool, ...] | None = None
    windowed: bool = False
    keys: int | None = None
    joins: JoinShapes = ()
    summary: SummaryQuery | None = None


class _Rules(NamedTuple):
    """The access rules of a query, compiled. Shapes: values are those of each comparison."""

    where: tuple[Any, ...] | None
    joins: JoinShapes
    values: tuple[tuple[Any, ...], ...]


_NO_RULES = _Rules(None, (), ())


class Planner:
    """Plans queries on one class; SQL is compiled once per shape of a query, never per value."""

    def __init__(
        self, statements: Statements, siblings: Mapping[type[Entity], Planner] | None = None
    ) -> None:
        self.statements = self._statements = statements
        self.fields: Mapping[str, StoredField] = statements.mapped.fields
        self._sql_dialect = statements.sql_dialect
        self.is_external = not statements.mapped.versioned
        self._joins = Joins(self, ({} if siblings is None else siblings).get)
        fields = self._joins.fields
        self.orders = Orders(fields, self._sql_dialect, is_external=self.is_external)
        self._conditions = Conditions(fields, self.orders, self._sql_dialect)
        self.rules = RuleConditions(self, ({} if siblings is None else siblings).get)
        self._last: tuple[tuple[Any, ...], _Rules] | None = None
        self._compiled: BoundedCache[_Shape, CompiledSql] = BoundedCache(MAX_COMPILED_BYTES)

    def part(self, wanted: Filter) -> Part | None:
        """Compile a filter; None where only Python compares the same way."""
        return self._conditions.compile(wanted)

    def not_expired(self) -> list[ColumnElement[bool]]:
        """Return the condition that a row has not expired, or none."""
        return self._statements.not_expired()

    def condition(self, number: int | str, shape: tuple[Any, ...]) -> ColumnElement[bool]:
        """Return a condition of this shape on the parameters `p{number}_0`, …"""
        return self._conditions.sql(number, *shape)

    def comparable(self, field: str) -> ColumnElement[Any]:
        """Return an expression that compares like the field's values in Python."""
        return self.orders.comparable(self.fields[field])

    def can_sort(self, query: Query) -> bool:
        """Whether SQL supports the order of a query."""
        self._joins.add(query)
        return self.orders.can_sort(query.order)

    def plan(self, query: Query, now: float, *, count: bool = False) -> Plan:
        """Plan a query's window, or the count of all its matches."""
        known, filtered, rules = self._compile(query)
        shapes, where, joins = tuple(part.shape for part in known), rules.where, rules.joins
        if count and filtered:
            return self._plan_of(_Shape(shapes, where, "count", joins=joins), known, now, rules)
        after = (
            None if query.after is None else self.orders.encode_position(query.after, query.order)
        )
        exact = filtered and not count and self.orders.can_sort(query.order)
        if not exact or (query.after is not None and after is None):
            shape = _Shape(shapes, where, joins=joins)
            return self._plan_of(shape, known, now, rules, exact=False)
        windowed = query.limit is not None or query.offset > 0
        shape = _Shape(
            shapes, where, order=query.order, after=_has_value(after), windowed=windowed,
            joins=joins,
        )  # fmt: skip
        limit = MAX_INT if query.limit is None else query.limit
        return self._plan_of(
            shape, known, now, rules, after=after, limit=limit, offset=query.offset
        )

    def summary(self, query: Query, now: float, asked: SummaryQuery) -> Plan | None:
        """Plan the groups of all matches; None where only Python decides them."""
        known, filtered, rules = self._compile(query)
        if not filtered or not is_supported(self.fields, asked):
            return None
        shape = _Shape(
            tuple(part.shape for part in known), rules.where, "summary", joins=rules.joins,
            summary=asked,
        )  # fmt: skip
        limit = MAX_INT if asked.most is None else asked.most
        return self._plan_of(shape, known, now, rules, limit=limit, groups=asked.groups)

    def keys(self, query: Query, now: float, after: Row | None, limit: int) -> Plan:
        """Plan the next window of sort values and keys, in the order of a query.

        Shapes: after are the sort values of the last row, without its key; the
        order is one that `orders` supports; the plan is inexact when Python has
        to filter the records as well.
        """
        known, filtered, rules = self._compile(query)
        shape = _Shape(
            tuple(part.shape for part in known), rules.where, "keys", query.order,
            _has_value(after), windowed=True, joins=rules.joins,
        )  # fmt: skip
        return self._plan_of(shape, known, now, rules, exact=filtered, after=after, limit=limit)

    def of_keys(self, query: Query, now: float, keys: Sequence[Any]) -> Plan:
        """Plan a query for the rows with these keys that still match, unordered."""
        known, filtered, rules = self._compile(query)
        shapes = tuple(part.shape for part in known)
        shape = _Shape(shapes, rules.where, keys=len(keys), joins=rules.joins)
        return self._plan_of(shape, known, now, rules, exact=filtered, keys=keys)

    def matches(self, query: Query, entity: Entity) -> bool | None:
        """True when the query matches the snapshot; None when only the database can decide."""
        if not query.is_decidable(entity):
            return None
        self._joins.add(query)
        return self._conditions.match(query, entity)

    def _compile(self, query: Query) -> tuple[list[Part], bool, _Rules]:
        """Return the conditions that SQL supports, whether these are all, and the access rules."""
        if query.related:
            self._joins.add(query)
        return *self._parts(query), self._rules(query)

    def _rules(self, query: Query) -> _Rules:
        """Compile the access rules; a list and its total share the result."""
        if query.where is ALWAYS and not query.related:
            return _NO_RULES
        key, last = (query.where, query.related, query.related_where), self._last
        if last is None or any(one is not other for one, other in zip(last[0], key, strict=True)):
            values: Values = []
            where = None if query.where is ALWAYS else self.rules.shape(query.where, values)
            joins = self._joins.shapes(query, values)
            last = self._last = key, _Rules(where, joins, tuple(values))
        return last[1]

    def _parts(self, query: Query) -> tuple[list[Part], bool]:
        """Return the conditions that SQL supports, and whether these are all."""
        parts = [self._conditions.compile(wanted) for wanted in query.filters]
        if query.search:
            parts.append(self._conditions.search(query))
        known = [part for part in parts if part is not None]
        return known, len(known) == len(parts)

    def _plan_of(
        self,
        shape: _Shape,
        parts: Sequence[Part],
        now: float,
        rules: _Rules,
        *,
        exact: bool = True,
        after: Row | None = None,
        limit: int = MAX_INT,
        offset: int = 0,
        keys: Sequence[Any] = (),
        groups: int = 0,
    ) -> Plan:
        compiled = self._compiled.get(shape)
        if compiled is None:
            compiled = compile_sql(self._select(shape), self._sql_dialect.sqlalchemy)
            # Names, types and processors of the parameters take a few times the memory of the text.
            self._compiled.put(shape, compiled, 2000 + 8 * len(compiled.sql))
        given: dict[str, Any] = {
            "now_": now,
            "limit_": min(limit, MAX_INT),
            "offset_": min(offset, MAX_INT),
            "groups_": groups,
            **given_after(after or ()),
            **{f"key_{number}": key for number, key in enumerate(keys)},
        }
        found = [(str(number), part.values) for number, part in enumerate(parts)]
        found += [(f"w{number}", values) for number, values in enumerate(rules.values)]
        for name, values in found:
            given.update(zip(_parameters(name, len(values)), values, strict=True))
        return Plan(compiled.sql, compiled.params(given), exact)

    def _select(self, shape: _Shape) -> Select[Any]:
        statements = self._statements
        key = statements.mapped.key.column
        conditions = [
            self._conditions.sql(number, *part) for number, part in enumerate(shape.parts)
        ]
        if shape.where is not None:
            conditions.append(self.rules.sql(shape.where))
        conditions += statements.not_expired()
        if shape.keys is not None:
            conditions.append(
                key.in_([bindparam(f"key_{n}", type_=NullType()) for n in range(shape.keys)])
            )
        if shape.what == "count":
            table = statements.mapped.table
            source = self._joins.source(shape.joins) if shape.joins else table
            return select_(func.count()).select_from(source).where(*conditions)
        if shape.summary is not None:
            source = self._joins.source(shape.joins) if shape.joins else statements.mapped.table
            matches: Select[Any] = select_(key).select_from(source).where(*conditions)
            return summary_select(matches, self.fields, shape.summary, self._sql_dialect)
        found: Select[Any] = statements.row
        if shape.order is not None:
            terms = self.orders.terms(shape.order)
            if shape.what == "keys":
                found = select_(*(term.sql for term in terms), key)
            if shape.after is not None:
                conditions.append(sorts_after(terms, shape.after))
            found = found.order_by(*self.orders.order_by(terms))
        if shape.joins:
            found = found.select_from(self._joins.source(shape.joins))
        if shape.windowed:
            found = found.limit(bindparam("limit_", type_=BigInteger))
            found = found.offset(bindparam("offset_", type_=BigInteger))
        return found.where(*conditions)


@lru_cache(maxsize=1024)
def _parameters(name: str, number: int) -> tuple[str, ...]:
    """The names of the parameters of one condition."""
    return tuple([f"p{name}_{index}" for index in range(number)])


def _has_value(position: Row | None) -> tuple[bool, ...] | None:
    return None if position is None else tuple(value is not None for value in position)
