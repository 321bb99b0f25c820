"""Counts and totals by the values of a field, the same in Python and in each database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime

from repositories import insert
from starmodel import Entity, Field, create_app
from starmodel.app.ports.query import make_query
from starmodel.app.ports.repository import Batch, Repository
from starmodel.app.ports.summaries import Grouping, Measure, Summarizes, SummaryQuery, summary_of


class Size(StrEnum):
    SMALL = "s"
    LARGE = "l"


MEASURES = tuple(
    Measure(field, function)
    for field in ("cost", "number", "weight")
    for function in ("sum", "avg", "min", "max", "count")
)
GROUPINGS = [
    None, Grouping("size"), Grouping("done"), Grouping("number"), Grouping("name"),
    Grouping("day"), Grouping("day", by_month=True), Grouping("at", by_month=True),
]  # fmt: skip


async def test_every_store_summarizes_as_python_does(store: Repository) -> None:
    class Piece(Entity):
        model_config = {"store": "sql", "access": "public"}
        name: str = ""
        size: Size | None = None
        done: bool = False
        cost: Decimal | None = Field(default=None, max_digits=20, decimal_places=2)
        number: int = 0
        weight: float | None = None
        day: date | None = None
        at: AwareDatetime | None = None

    app = create_app([Piece], stores={"sql": store}).starmodel
    await app.ready()
    try:
        pieces: list[Any] = [
            Piece(
                id=f"{n}", name="ab"[n % 2], size=None if n == 6 else [*Size][n % 2], done=n > 4,
                cost=None if n == 5 else Decimal(n) / 10, number=2**62 if n > 4 else n % 3,
                weight=n / 4 if n % 2 else None, day=date(2026, 1 + n % 3, 1 + n),
                at=datetime(2026, 5, 31, 23, n, tzinfo=UTC) if n else None,
            )
            for n in range(7)
        ]  # fmt: skip
        await store.commit(Batch([insert(piece) for piece in pieces]))
        for filters in ({}, {"number__lt": 3}, {"name": "nobody"}):
            query = make_query(Piece, filters)
            found = [piece for piece in pieces if query.matches(piece)]
            for by in GROUPINGS:
                asked = SummaryQuery(by, MEASURES)
                expected = {group.value: group for group in summary_of(found, asked)}
                if isinstance(store, Summarizes):
                    groups = await store.summary(query, asked)
                    assert groups is not None, by
                    assert {group.value: group for group in groups} == expected, by
        if isinstance(store, Summarizes):
            some = await store.summary(
                make_query(Piece, {}), SummaryQuery(Grouping("size"), most=4)
            )
            assert some is not None
            assert sum(group.number for group in some) == 4
            first = await store.summary(
                make_query(Piece, {}), SummaryQuery(Grouping("name"), groups=1)
            )
            assert first is not None
            assert [(group.value, group.number) for group in first] == [("a", 4)]
    finally:
        await app.close()
