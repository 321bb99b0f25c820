"""Streams of many records: few questions, bounded memory, and no connection held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from starmodel import Entity
from starmodel.adapters.persistence.sql.query import streaming
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import Query, make_query
from starmodel.app.ports.repository import Batch, Change
from starmodel.core.classes.registry import entity_type

RECORDS = 3000


class _Row(Entity):
    model_config = {"store": "sql"}
    name: str
    size: int
    either: int | str = 0


@pytest.fixture
async def repository(any_url: str) -> AsyncIterator[SqlRepository]:
    made = SqlRepository(any_url, pool_size=1)

    async def expired(*_: Any) -> None:
        """Nobody listens."""

    await made.open([entity_type(_Row, "sql")], expired)
    rows = [
        _Row(id=f"{n:05}", name=f"name {n}", size=n * 7 % 10, either=(n, str(n))[n % 2])
        for n in range(RECORDS)
    ]
    await made.commit(Batch([Change(_Row, row.id, "insert", 0, 1, row) for row in rows]))
    yield made
    await made.close()


@pytest.fixture
def asked(repository: SqlRepository, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows came with each question."""
    engine: Any = repository._serving().engine
    ask, counts = engine.rows, []

    async def counted(sql: str, params: Any) -> Any:
        rows = await ask(sql, params)
        counts.append(len(rows))
        return rows

    monkeypatch.setattr(engine, "rows", counted)
    return counts


@pytest.mark.parametrize("order", ["", "size", "-size,name"])
async def test_a_whole_table_costs_two_rows_a_record_and_few_questions_more(
    repository: SqlRepository, asked: list[int], order: str
) -> None:
    query = make_query(_Row, {}, order=order)
    found = [row async for chunk in repository.stream(query, 100) for row in chunk]

    assert [row.id for row in found] == [row.id for row in await repository.list(query)]
    assert sum(asked[:-1]) == 2 * RECORDS
    assert len(asked[:-1]) == 30 + 5  # windows of 100, 200, 400, 800 and 1600 keys


async def test_the_beginning_of_a_table_costs_what_is_read_of_it(
    repository: SqlRepository, asked: list[int]
) -> None:
    stream = repository.stream(make_query(_Row, {}, order="name"), 100)
    await anext(stream)
    await stream.aclose()

    assert asked == [100, 100]


async def test_an_order_of_python_keeps_few_keys_and_reads_the_table_seldom(
    repository: SqlRepository, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MAX_KEYS", 1000)
    query = make_query(_Row, {}, order="-either")
    found = [row async for chunk in repository.stream(query, 100) for row in chunk]

    assert [row.id for row in found] == [row.id for row in query.arrange(found)]
    assert len(found) == RECORDS
    assert sum(asked) == 3 * 2 * RECORDS + RECORDS


async def test_no_connection_is_held_between_two_records(repository: SqlRepository) -> None:
    # One connection is all there is.
    seen = 0
    async for chunk in repository.stream(Query(_Row), 1000):
        for row in chunk[:2]:
            async with asyncio.timeout(20):
                assert await repository.get(_Row, row.id) == row
        seen += len(chunk)
    assert seen == RECORDS
