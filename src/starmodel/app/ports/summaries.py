"""Counts and totals of the records that match a query, by the values of a field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Protocol, get_args, runtime_checkable

from starmodel.app.ports.ordering import value_at
from starmodel.app.ports.query import Query
from starmodel.core.commands import plain
from starmodel.core.entity import Entity

Function = Literal["sum", "avg", "min", "max", "count"]
FUNCTIONS: tuple[str, ...] = get_args(Function)


class Measure(NamedTuple):
    """One total: a function of the values of a number field that are not None.

    Shapes: "count" is the number of these values.
    """

    field: str
    function: Function


class Grouping(NamedTuple):
    """What groups records: a field, or the month of a date or moment."""

    field: str
    by_month: bool = False


class Group(NamedTuple):
    """The records with one value.

    Shapes: value is that of the field, such as an enum member, or a month as "2026-05"; number is
    that of the records; totals
    are in the order of the measures, None where no record has a value.
    """

    value: Any
    number: int
    totals: tuple[Any, ...] = ()


class SummaryQuery(NamedTuple):
    """What is asked of the matches of a query.

    Shapes: by is None for one group of all; most bounds the records that are counted, None for
    no bound; groups bounds the number of groups, those with the most records.
    """

    by: Grouping | None = None
    measures: tuple[Measure, ...] = ()
    most: int | None = None
    groups: int = 1000


@runtime_checkable
class Summarizes(Protocol):
    """A repository that counts and totals without returning the records."""

    async def summary(self, query: Query, asked: SummaryQuery) -> Sequence[Group] | None:
        """The groups, the largest first; None where this store can't decide the query.

        The window of the query is ignored.
        """


def summary_of(entities: Iterable[Entity], asked: SummaryQuery) -> list[Group]:
    """The summary of records, computed in Python as databases do it.

    Shapes: entities are at most `asked.most`.
    """
    found: dict[Any, list[Entity]] = {}
    for entity in entities:
        found.setdefault(group_value(entity, asked.by), []).append(entity)
    groups = [
        Group(value, len(each), tuple([_total(each, measure) for measure in asked.measures]))
        for value, each in found.items()
    ]
    if asked.by is None and not groups:
        groups = [
            Group(None, 0, tuple(0 if m.function == "count" else None for m in asked.measures))
        ]
    return sorted(groups, key=lambda group: -group.number)[: asked.groups]


def group_value(entity: Entity, by: Grouping | None) -> Any:
    """The value that puts a record into its group."""
    if by is None:
        return None
    value = value_at(entity, by.field)
    return month_of(value) if by.by_month and value is not None else value


def group_key(value: Any) -> str:
    """The value of a group as one text: that of a filter, "" for None."""
    value = plain(value)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def month_of(value: date) -> str:
    """The month of a date, or of a moment in UTC.

    >>> month_of(date(2026, 5, 31))
    '2026-05'
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    return f"{value.year:04}-{value.month:02}"


def _total(entities: Sequence[Entity], measure: Measure) -> Any:
    values = [v for v in (getattr(each, measure.field) for each in entities) if v is not None]
    if measure.function == "count":
        return len(values)
    if not values:
        return None
    if measure.function in ("min", "max"):
        return min(values) if measure.function == "min" else max(values)
    total = sum(values)
    return mean(total, len(values)) if measure.function == "avg" else total


def mean(total: Any, count: int) -> Any:
    """The mean of numbers by their sum; of integers as a float.

    >>> mean(Decimal("5"), 2), mean(5, 2)
    (Decimal('2.5'), 2.5)
    """
    return total / Decimal(count) if isinstance(total, Decimal) else total / count
