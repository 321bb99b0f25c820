"""Streamed queries: few round trips, bounded memory, and no connection held between windows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from repositories import insert, opened
from starmodel import Entity
from starmodel.adapters.persistence.sql.query import streaming
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import Query, make_query
from starmodel.app.ports.repository import Batch

RECORDS = 3000


class _Row(Entity):
    model_config = {"store": "sql"}
    name: str
    size: int
    either: int | str = 0


@pytest.fixture
async def repository(any_url: str) -> AsyncIterator[SqlRepository]:
    made = await opened(any_url, _Row, pool_size=1)
    rows = [
        _Row(id=f"{n:05}", name=f"name {n}", size=n * 7 % 10, either=(n, str(n))[n % 2])
        for n in range(RECORDS)
    ]
    await made.commit(Batch([insert(row) for row in rows]))
    yield made
    await made.close()


@pytest.fixture
def asked(repository: SqlRepository, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The row count of each query."""
    engine: Any = repository._store().engine
    ask, counts = engine.rows, []

    async def counted(sql: str, params: Any) -> Any:
        rows = await ask(sql, params)
        counts.append(len(rows))
        return rows

    monkeypatch.setattr(engine, "rows", counted)
    return counts


@pytest.mark.parametrize("order", ["", "size", "-size,name"])
async def test_stream_of_a_table_reads_two_rows_per_record_in_few_queries(
    repository: SqlRepository, asked: list[int], order: str
) -> None:
    query = make_query(_Row, {}, order=order)
    found = [row async for chunk in repository.stream(query, 100) for row in chunk]

    assert [row.id for row in found] == [row.id for row in await repository.list(query)]
    assert sum(asked[:-1]) == 2 * RECORDS
    assert len(asked[:-1]) == 30 + 5  # windows of 100, 200, 400, 800 and 1600 keys


async def test_stream_prefix_reads_no_more_than_its_rows(
    repository: SqlRepository, asked: list[int]
) -> None:
    stream = repository.stream(make_query(_Row, {}, order="name"), 100)
    await anext(stream)
    await stream.aclose()

    assert asked == [100, 100]


async def test_stream_in_python_order_holds_few_keys_and_rarely_rescans(
    repository: SqlRepository, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MAX_KEYS", 1000)
    query = make_query(_Row, {}, order="-either")
    found = [row async for chunk in repository.stream(query, 100) for row in chunk]

    assert [row.id for row in found] == [row.id for row in query.arrange(found)]
    assert len(found) == RECORDS
    assert sum(asked) == 3 * 2 * RECORDS + RECORDS


async def test_stream_holds_no_connection_between_records(repository: SqlRepository) -> None:
    # The pool has one connection.
    seen = 0
    async for chunk in repository.stream(Query(_Row), 1000):
        for row in chunk[:2]:
            async with asyncio.timeout(20):
                assert await repository.get(_Row, row.id) == row
        seen += len(chunk)
    assert seen == RECORDS
