"""Query windows and streams return a complete result in parts, in every store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.values import SORTED, Value, values
from databases import STORES, empty_store
from repositories import delete, ignore_expiry, insert
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.sql.query import streaming
from starmodel.app.ports.ordering import position_of
from starmodel.app.ports.query import Filter, Query
from starmodel.app.ports.repository import Batch, Repository
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity

OPTIONAL = ("maybe", "moment", "grade")
# Includes a type that only Python can compare.
ORDERED = (*OPTIONAL, *SORTED, "either", "id")
IDS = st.text("aAb\0\1 é😀", min_size=1, max_size=3)


@pytest.fixture(params=["memory", *STORES])
def store(
    request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path: Path
) -> Iterator[Repository]:
    made: Repository = MemoryRepository()
    if request.param != "memory":
        made = empty_store(request, tmp_path)
    runner.run(made.open([entity_type(Value, "sql")], ignore_expiry))
    yield made
    runner.run(made.close())


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[Value], Query]:
    """Records with few distinct values in the sort keys, so that many are equal."""
    order = draw(
        st.lists(
            st.tuples(st.sampled_from(ORDERED), st.booleans()),
            max_size=3, unique_by=lambda term: term[0],
        )
    )  # fmt: skip
    pool = draw(st.lists(values(wide=False), min_size=1, max_size=3))
    ids = draw(st.lists(IDS, min_size=1, max_size=8, unique=True))
    entities = []
    for id in ids:
        given = {
            name: getattr(draw(st.sampled_from(pool)), name) for name, _ in order if name != "id"
        }
        given |= {name: None for name in given if name in OPTIONAL and draw(st.booleans())}
        entities.append(Value(**given, id=id))
    filters = draw(st.sampled_from([(), (), (Filter("truth", "eq", False),), _BY_PYTHON]))
    return entities, Query(Value, filters, order=tuple(order))


_BY_PYTHON = (Filter("either", "ne", 0),)


async def _walked(store: Repository, query: Query, sizes: list[int]) -> list[Entity]:
    """The result, in windows that begin at the cursor of the last one."""
    found: list[Entity] = []
    while True:
        window = await store.list(replace(query, limit=sizes[len(found) % len(sizes)]))
        if not window:
            return found
        found += window
        assert len(found) < 100, "it goes round in circles"
        query = replace(query, after=position_of(window[-1], query.order))


async def _streamed(store: Repository, query: Query, batch: int) -> list[Entity]:
    found: list[Entity] = []
    async for chunk in store.stream(query, batch):
        assert 0 < len(chunk) <= batch
        found += chunk
    return found


def _ids(entities: Any) -> list[str]:
    return [entity.id for entity in entities]


def test_windows_and_streams_return_complete_results(
    store: Repository, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MAX_KEYS", 2)

    async def check(
        entities: list[Value], query: Query, sizes: list[int], batch: int, start: int
    ) -> None:
        await store.commit(Batch([insert(entity) for entity in entities]))
        try:
            kept: Any = [await store.get(Value, entity.id) for entity in entities]
            whole = query.arrange(kept)
            assert _ids(await store.list(query)) == _ids(whole)
            assert _ids(await _walked(store, query, sizes)) == _ids(whole)
            assert _ids(await _streamed(store, query, batch)) == _ids(whole)
            if start < len(whole):
                later = replace(query, after=position_of(whole[start], query.order))
                assert _ids(await _streamed(store, later, batch)) == _ids(whole[start + 1 :])
                assert await store.count(later) == len(whole)
        finally:
            await store.commit(Batch([delete(entity, 1) for entity in entities]))

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        answers(), st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(1, 4),
        st.integers(0, 4),
    )  # fmt: skip
    def agree(made: tuple[list[Value], Query], sizes: list[int], batch: int, start: int) -> None:
        runner.run(check(*made, sizes, batch, start))

    agree()
