"""Compiles a summary to one GROUP BY over the matches of a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, bindparam, func
from sqlalchemy import select as select_
from sqlalchemy.sql import ColumnElement, Select

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.entity_table import StoredField
from starmodel.app.ports.summaries import Group, Measure, SummaryQuery, mean

COUNT = "count_"
_VALUES = ("plain", "text", "enum")
_MONTHS = ("plain", "datetime")


def is_supported(fields: Mapping[str, StoredField], asked: SummaryQuery) -> bool:
    """Whether SQL groups by these values, and totals them, as Python does."""
    by = asked.by
    if by is not None:
        field = fields.get(by.field)
        if field is None or field.codec.compares not in (_MONTHS if by.by_month else _VALUES):
            return False
    return all(
        measure.field in fields and fields[measure.field].kind in (int, float, Decimal)
        for measure in asked.measures
    )


def summary_select(
    matches: Select[Any],
    fields: Mapping[str, StoredField],
    asked: SummaryQuery,
    sql_dialect: SqlDialect,
) -> Select[Any]:
    """The SELECT of the groups: value, number of records, then the totals.

    A mean is selected as a sum and the number of values, so that it is exact in Python.

    Shapes: matches is a SELECT of one key for each match, bounded by the parameter `limit_`.
    """
    columns = _columns(fields, asked, sql_dialect)
    inner = matches.with_only_columns(*columns) if columns else matches
    if asked.most is not None:
        inner = inner.limit(bindparam("limit_", type_=BigInteger))
    within = inner.subquery("matches")
    value: ColumnElement[Any] | None = None
    if asked.by is not None:
        value = within.c["value_"]
    number = func.count().label(COUNT)
    totals: list[Any] = []
    for at, measure in enumerate(asked.measures):
        column = within.c[f"m{at}_"]
        totals += _expressions(measure, column, fields[measure.field], sql_dialect)
    if value is None:
        return select_(number, *totals).select_from(within)
    found = select_(value, number, *totals).select_from(within).group_by(value)
    return found.order_by(number.desc()).limit(bindparam("groups_", type_=BigInteger))


def _expressions(
    measure: Measure, column: ColumnElement[Any], field: StoredField, sql_dialect: SqlDialect
) -> list[ColumnElement[Any]]:
    if measure.function == "count":
        return [func.count(column)]
    if measure.function == "sum":
        return [sql_dialect.summed(column, field.kind)]
    if measure.function == "avg":
        return [sql_dialect.summed(column, field.kind), func.count(column)]
    compared = sql_dialect.as_decimal(column) if field.kind is Decimal else column
    return [getattr(func, measure.function)(compared)]


def _columns(
    fields: Mapping[str, StoredField], asked: SummaryQuery, sql_dialect: SqlDialect
) -> list[Any]:
    columns: list[Any] = []
    if asked.by is not None:
        field = fields[asked.by.field]
        column: ColumnElement[Any] = field.column
        if asked.by.by_month:
            column = sql_dialect.as_month(column, field.kind)
        columns.append(column.label("value_"))
    columns += [fields[m.field].column.label(f"m{at}_") for at, m in enumerate(asked.measures)]
    return columns


def groups_of(
    rows: Sequence[Row], fields: Mapping[str, StoredField], asked: SummaryQuery
) -> list[Group]:
    """The groups of selected rows, with the values that the fields have."""
    decode: Callable[[Any], Any] | None = None
    if asked.by is not None and not asked.by.by_month:
        decode = fields[asked.by.field].codec.decode
    groups = []
    for row in rows:
        value, rest = (None, row) if asked.by is None else (row[0], row[1:])
        if asked.by is not None and asked.by.by_month and isinstance(value, int):
            value = f"{value // 100:04}-{value % 100:02}"
        elif value is not None and decode is not None:
            value = decode(value)
        groups.append(Group(value, int(rest[0]), _totals(rest[1:], fields, asked.measures)))
    return groups


def _totals(
    values: Sequence[Any], fields: Mapping[str, StoredField], measures: Sequence[Measure]
) -> tuple[Any, ...]:
    found, at = list[Any](), 0
    for measure in measures:
        kind, value = fields[measure.field].kind, values[at]
        at += 2 if measure.function == "avg" else 1
        if measure.function == "count":
            found.append(int(value or 0))
            continue
        made = None if value is None else _number(kind, value)
        if measure.function == "avg" and made is not None:
            made = mean(made, int(values[at - 1]))
        found.append(made)
    return tuple(found)


def _number(kind: Any, value: Any) -> Any:
    return Decimal(str(value)) if kind is Decimal else kind(value)
