"""Concurrent single-row queries share round trips, and fail independently."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from repositories import insert, opened
from starmodel.adapters.persistence.sql.drivers.network.connection import DriverConnection
from starmodel.adapters.persistence.sql.drivers.network.read_batching import MAX_BATCH
from starmodel.adapters.persistence.sql.drivers.network.server import ConnectionLostError
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.repository import Batch
from starmodel.core.entity import Entity
from starmodel.core.errors import StoreFailedError

NUMBER = 250


class _Page(Entity):
    n: int = 0
    text: str | None = None


@pytest.fixture
async def repository(url: str) -> AsyncIterator[SqlRepository]:
    repository = await opened(url, _Page)
    pages = [_Page(id=f"{n}", n=n, text=None if n % 3 else f"é {n}") for n in range(NUMBER)]
    await repository.commit(Batch([insert(page) for page in pages]))
    yield repository
    await repository.close()


@pytest.fixture
def crowds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of queries in each round trip."""
    each, sizes = DriverConnection.rows_for_each, []

    async def noted(connection: DriverConnection, sql: str, params: Sequence[Any]) -> Any:
        sizes.append(len(params))
        return await each(connection, sql, params)

    monkeypatch.setattr(DriverConnection, "rows_for_each", noted)
    return sizes


async def _answers(repository: SqlRepository) -> None:
    """Query all rows and some missing ones, concurrently."""
    ids = [f"{n}" for n in range(NUMBER + 5)] + ["7"]
    found = await asyncio.gather(*(repository.get(_Page, id) for id in ids))
    assert [None if page is None else page.n for page in found] == [*range(NUMBER), *[None] * 5, 7]
    assert [page.text for page in found[:4] if page] == ["é 0", None, None, "é 3"]


async def test_concurrent_gets_are_coalesced_into_few_round_trips(
    repository: SqlRepository, crowds: list[int]
) -> None:
    await _answers(repository)
    assert sum(crowds) > NUMBER - 5
    assert max(crowds) <= MAX_BATCH


async def test_single_get_is_sent_unchanged(repository: SqlRepository, crowds: list[int]) -> None:
    assert (await repository.get(_Page, "3") or _Page()).n == 3
    assert crowds == []


async def test_concurrent_gets_survive_a_lost_connection(
    repository: SqlRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = DriverConnection.rows_for_each

    async def losing(connection: DriverConnection, sql: str, params: Sequence[Any]) -> Any:
        monkeypatch.setattr(DriverConnection, "rows_for_each", each)
        await connection.terminate()
        raise ConnectionLostError("the cable was pulled")

    monkeypatch.setattr(DriverConnection, "rows_for_each", losing)
    await _answers(repository)


async def test_cancelled_get_leaves_others_running(repository: SqlRepository) -> None:
    queries = [asyncio.ensure_future(repository.get(_Page, f"{n}")) for n in range(40)]
    await asyncio.sleep(0)
    for task in queries[::2]:
        task.cancel()
    found = await asyncio.gather(*queries, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in found[::2])
    assert [one.n for one in found[1::2] if isinstance(one, _Page)] == list(range(1, 40, 2))


async def test_missing_table_fails_each_get(repository: SqlRepository) -> None:
    await repository._store().engine.execute("DROP TABLE _page", ())
    queries = (repository.get(_Page, f"{n}") for n in range(10))
    errors = await asyncio.gather(*queries, return_exceptions=True)
    assert all(isinstance(error, StoreFailedError) for error in errors)
    assert len({id(error) for error in errors}) == 10
    assert "_page" in str(errors[0])
