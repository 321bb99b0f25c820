"""Compiles the conditions of access rules to SQL with the semantics of Python."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy import and_, func, not_, or_
from sqlalchemy import false as false_
from sqlalchemy import select as select_
from sqlalchemy import true as true_
from sqlalchemy.sql import ColumnElement

from starmodel.adapters.persistence.sql.query.conditions import Part
from starmodel.adapters.persistence.sql.schema.entity_table import StoredField
from starmodel.app.access.conditions.condition import (
    COMPARISONS,
    Comparison,
    Condition,
    Constant,
    FieldComparison,
    Junction,
    Negation,
    Related,
)
from starmodel.app.ports.query import Filter
from starmodel.core.entity import Entity


class RuleTable(Protocol):
    """A table as far as conditions read it. Shapes: part compiles a filter of its fields."""

    fields: Mapping[str, StoredField]
    is_external: bool
    rules: RuleConditions

    def part(self, wanted: Filter) -> Part | None: ...
    def condition(self, number: int | str, shape: tuple[Any, ...]) -> ColumnElement[bool]: ...
    def comparable(self, field: str) -> ColumnElement[Any]: ...
    def not_expired(self) -> list[ColumnElement[bool]]: ...


TableOf = Callable[[type[Entity]], RuleTable | None]
# Columns of these kinds compare with one another as their values do in Python.
_JOINABLE = (str, int, bool, bytes, uuid.UUID, datetime.date, datetime.timedelta)
_EXTERNAL_KINDS = (str, int, bool)
_EXTERNAL_OPERATORS = ("eq", "ne", "in")


Values = list[tuple[Any, ...]]
"""The values of each comparison of the conditions of one query."""


class RuleConditions:
    """Compiles the conditions on one table and, on related ones."""

    def __init__(self, table: RuleTable, table_of: TableOf) -> None:
        self._table, self._table_of = table, table_of

    def supports(self, condition: Condition) -> bool:
        """`DecidesConditions.supports` of this table."""
        fields, is_external = self._table.fields, self._table.is_external
        match condition:
            case Comparison(name, op, value):
                field = fields[name]
                if is_external and value is not None:
                    kind = _kind(field)
                    if kind not in _EXTERNAL_KINDS or (
                        kind is str and op not in _EXTERNAL_OPERATORS
                    ):
                        return False
                return op != "has" and self._table.part(Filter(name, op, value)) is not None
            case FieldComparison(left, op, right):
                return op not in ("in", "has") and self._are_joinable(
                    fields[left], self._table, fields[right]
                )
            case Related(step, _):
                target = self._table_of(step.target)
                return target is not None and self._are_joinable(
                    fields[step.local], target, target.fields[step.remote]
                )
        return False

    def _are_joinable(self, left: StoredField, other: RuleTable, right: StoredField) -> bool:
        kind = _kind(left)
        is_external = self._table.is_external or other.is_external
        return (
            kind is _kind(right)
            and kind in _JOINABLE
            and not (is_external and kind not in (int, bool))
        )

    def shape(self, condition: Condition, values: Values) -> tuple[Any, ...]:
        """Compile a condition whose parts are supported, and append the values to `values`.

        Shapes: the result determines the SQL; it has the index of each comparison in `values`.
        """
        match condition:
            case Constant(value):
                return ("constant", value)
            case Comparison(name, op, value):
                part = self._table.part(Filter(name, op, value))
                if part is not None:
                    values.append(part.values)
                    return ("comparison", len(values) - 1, part.shape)
            case FieldComparison(left, op, right):
                return ("fields", left, op, right)
            case Negation(inner):
                return ("not", self.shape(inner, values))
            case Junction(is_all, parts):
                return ("all" if is_all else "any", *(self.shape(p, values) for p in parts))
            case Related(step, inner):
                target = self._table_of(step.target)
                if target is not None:
                    return ("related", step, target.rules.shape(inner, values))
        raise NotImplementedError(f"The store was asked for {condition!r}, which it can't decide.")

    def sql(self, shape: tuple[Any, ...]) -> ColumnElement[bool]:
        """Return the condition of this shape; the parameters of comparison 0 are `pw0_0`, …"""
        match shape:
            case ("constant", value):
                return true_() if value else false_()
            case ("comparison", number, part):
                return self._table.condition(f"w{number}", part)
            case ("fields", left, op, right):
                return self._of_fields(left, op, right)
            case ("not", inner):  # NULL is neither true nor false in SQL, and false in Python
                return not_(func.coalesce(self.sql(inner), false_()))
            case ("all", *inner):
                return and_(*map(self.sql, inner))
            case ("any", *inner):
                return or_(*map(self.sql, inner))
            case ("related", step, inner):
                target = self._table_of(step.target)
                if target is not None:
                    found = select_(target.comparable(step.remote)).where(
                        target.rules.sql(inner), *target.not_expired()
                    )
                    own = self._table.comparable(step.local)
                    # Not correlated: the subquery may be of the same table.
                    return own.in_(found.correlate(None))
        raise NotImplementedError(shape)

    def _of_fields(self, left: str, op: str, right: str) -> ColumnElement[bool]:
        one, other = self._table.comparable(left), self._table.comparable(right)
        if op == "eq":
            return one.is_not_distinct_from(other)
        if op == "ne":
            return one.is_distinct_from(other)
        return COMPARISONS[op](one, other)  # type: ignore[no-any-return]


def _kind(field: StoredField) -> Any:
    """The type of a column's values, None where SQL does not compare them as they are."""
    codec = field.codec
    return codec.operand_types[0] if codec.compares in ("plain", "text") else None
