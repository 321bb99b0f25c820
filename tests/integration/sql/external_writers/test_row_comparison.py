"""Optimistic commits compare rows as stored, for any value of an external writer, NULL included."""

from __future__ import annotations

import asyncio
import datetime
import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from external_writers import ExternalWriter
from integration.sql.external_table import ANN, MADE, Customer, is_refused, row, stored
from repositories import opened, update
from starmodel.app.ports.query import Query
from starmodel.core.snapshot import version_of

SET = "UPDATE customer SET {} = ? WHERE customer_no = 1"
TEXTS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=4)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXTS,
    "code": st.none() | TEXTS,
    "visits": st.integers(-(2**31), 2**31 - 1),
    "balance": st.none() | st.decimals(-9999, 9999, places=4),
    "rating": st.none() | st.floats(-1e6, 1e6),
    "seen": st.none() | st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2100, 1, 1)),
    "extra": st.none() | st.dictionaries(TEXTS, st.none() | st.integers(0, 9) | TEXTS, max_size=3),
}
WRITES = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.tuples(st.just(name), VALUES[name])
)


def _theirs(kind: str, value: Any) -> Any:
    """A value encoded for the driver of the external writer."""
    if isinstance(value, dict):
        return json.dumps(value)
    if kind == "sqlite" and isinstance(value, Decimal | datetime.datetime):
        return float(value) if isinstance(value, Decimal) else str(value)
    return value


def test_random_external_writes_are_never_overwritten_unseen(any_url: str) -> None:
    """A commit succeeds exactly when the row is unchanged since its read, and sets one field."""
    with asyncio.Runner() as runner:
        external = runner.run(ExternalWriter.at(any_url))
        runner.run(external.run(MADE[external.kind]))
        runner.run(external.run(ANN))
        repository = runner.run(opened(any_url, Customer))

        async def example(
            before: list[tuple[str, Any]], between: list[tuple[str, Any]], ours: tuple[str, Any]
        ) -> None:
            for name, value in before:
                await external.run(SET.format(name), _theirs(external.kind, value))
            read = await stored(repository)
            assert [version_of(c) for c in await repository.list(Query(Customer))] == [
                version_of(read)
            ]
            seen = await row(external)
            for name, value in between:
                await external.run(SET.format(name), _theirs(external.kind, value))
            left = await row(external)
            change = update(read, **dict([ours]))
            if not change.patch:
                return
            refused = await is_refused(repository, change)
            assert refused == (repr(left) != repr(seen))
            others = [n for n, field in enumerate(VALUES) if field != ours[0]]
            now = await row(external)
            assert [now[n] for n in others] == [left[n] for n in others]
            if refused:
                assert now == left
            else:
                after = await stored(repository)
                remaining = getattr(after, ours[0]) == ours[1]
                assert (version_of(after) == change.version) == remaining
                assert version_of(after) >= change.version

        @settings(max_examples=60)
        @given(st.lists(WRITES, max_size=2), st.lists(WRITES, max_size=2), WRITES)
        def examples(before: Any, between: Any, ours: Any) -> None:
            runner.run(example(before, between, ours))

        examples()
        runner.run(repository.close())
        runner.run(external.close())
