"""Queries by fields of related records: one join, with the answers of the memory store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from repositories import ignore_expiry, insert, opened
from starmodel import Entity, Field
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import make_query
from starmodel.app.ports.repository import Batch
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.classes.related_fields import queried_field


class Level(Enum):
    LOW = "low"
    HIGH = "high"


class _Buyer(Entity):
    model_config = {"store": "sql", "scope": "record"}
    id: str = Field(max_length=40)
    name: str = Field(max_length=40)
    limit: Decimal | None = Field(None, max_digits=8, decimal_places=2)
    level: Level = Level.LOW
    since: datetime = datetime(2024, 1, 1, tzinfo=UTC)


class _Deal(Entity):
    model_config = {
        "store": "sql", "scope": "record", "search_fields": ("number", "buyer.name"),
    }  # fmt: skip
    id: str = Field(max_length=40)
    number: str = Field(max_length=40)
    buyer: _Buyer | None


BUYERS = [
    _Buyer(id="a", name="Ann", limit=Decimal("10.5"), since=datetime(2024, 5, 1, tzinfo=UTC)),
    _Buyer(id="b", name="bea", level=Level.HIGH),
    _Buyer(id="c", name="Ångström", limit=Decimal("9")),
]
DEALS = [
    _Deal(id=str(at), number=f"D-{at}", buyer_id=buyer)
    for at, buyer in enumerate(["c", "a", None, "b", "a", "c"])
]


@pytest.fixture
async def stores(any_url: str) -> AsyncIterator[tuple[SqlRepository, MemoryRepository, EntityType]]:
    registry = Registry([_Buyer, _Deal])
    sql, memory = await opened(any_url, _Buyer, _Deal), MemoryRepository()
    await memory.open(list(registry), ignore_expiry)
    for repository in (sql, memory):
        await repository.commit(Batch([insert(each) for each in BUYERS]))
        await repository.commit(Batch([insert(each) for each in DEALS]))
    yield sql, memory, registry[_Deal]
    await sql.close()


@pytest.mark.parametrize(
    ("filters", "options"),
    [
        ({}, {"order": "buyer.name"}),
        ({}, {"order": "-buyer.name,number"}),
        ({}, {"order": "buyer.limit,-number"}),
        ({}, {"order": "-buyer.level,number"}),
        ({}, {"order": "buyer.since,number", "limit": 2, "offset": 1}),
        ({}, {"order": "buyer", "limit": 3}),
        ({"buyer.name__contains": "an"}, {}),
        ({"buyer.name__contains": "ÅNG"}, {}),
        ({"buyer.name__not_contains": "ÅNG"}, {"order": "buyer.name"}),
        ({"buyer.name__ne": "Ann"}, {"order": "number"}),
        ({"buyer.limit__gt": "9.5"}, {"order": "-number"}),
        ({"buyer.level": "high"}, {}),
        ({"buyer.level__ne": "high"}, {"order": "number"}),
        ({"buyer.since__gte": "2024-05-01T00:00Z"}, {}),
        ({"buyer.id__in": "a,b"}, {"order": "number"}),
        ({"buyer.name__isnull": "true"}, {}),
        ({"buyer.name__isnull": "false", "number__gte": "D-2"}, {"order": "buyer.name,number"}),
        ({}, {"search": "an", "order": "number"}),
        ({}, {"search": "ån", "order": "number"}),
        ({}, {"search": "d-3"}),
    ],
)
async def test_sql_and_memory_agree(stores: Any, filters: Any, options: Any) -> None:
    sql, memory, deals = stores
    query = make_query(_Deal, filters, related=lambda name: queried_field(deals, name), **options)

    expected = [each.id for each in await memory.list(query)]

    assert [each.id for each in await sql.list(query)] == expected
    assert expected
    assert await sql.count(query) == await memory.count(query)
    assert sql.matches(query, DEALS[0]) is None
    assert memory.matches(query, DEALS[0]) is None
    if query.limit is None:
        assert [each.id async for chunk in sql.stream(query, 2) for each in chunk] == expected


async def test_related_field_is_one_join(stores: Any) -> None:
    sql, _, deals = stores
    query = make_query(
        _Deal, {"buyer.name__contains": "a"}, order="buyer.name,-buyer.limit",
        related=lambda name: queried_field(deals, name),
    )  # fmt: skip
    plan = sql._plan(query)[1]

    assert plan.exact
    assert plan.sql.upper().count("JOIN") == 1
