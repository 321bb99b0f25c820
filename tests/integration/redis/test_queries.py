"""Queries by indexes agree with Python, at a cost that does not grow with the class."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from integration.redis.conftest import Opener
from repositories import delete, insert, update
from starmodel.adapters.persistence.redis.query import reading
from starmodel.app.access.conditions.condition import Comparison, junction
from starmodel.app.ports.ordering import position_of
from starmodel.app.ports.query import OPERATORS, Filter, Query
from starmodel.app.ports.repository import Batch
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, ConstraintError, StoreScanLimitError
from starmodel.core.fields.field import Field


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class _Indexed(Entity):
    text: str = Field(default="", index=True)
    whole: int | None = Field(default=None, index=True)
    real: float = Field(default=0.0, index=True)
    money: Decimal = Field(default=Decimal(0), index=True)
    day: dt.date = Field(default=dt.date(2024, 1, 1), index=True)
    moment: dt.datetime | None = Field(default=None, index=True)
    span: dt.timedelta = Field(default=dt.timedelta(0), index=True)
    truth: bool = Field(default=False, index=True)
    key: UUID = Field(default=UUID(int=0), index=True)
    raw: bytes = Field(default=b"", index=True)
    colour: Colour | None = Field(default=None, index=True)
    plain: int = 0


Indexed: Any = _Indexed
MOMENT = dt.datetime(2024, 6, 1, 12)
VALUES: dict[str, list[Any]] = {
    "text": ["", "a", "a\0", "a\0b", "a\1", "a\1\2", "aa", "B", "ä", "ß", "😀", "%", "a;b=\"c'"],
    "whole": [None, -(2**63), -2, -1, 0, 1, 2**63 - 1],
    "real": [-1e300, -1.5, -0.0, 0.0, 0.1, 1e300, float("inf"), float("nan")],
    "money": [Decimal(t) for t in ("-12", "-1.10", "0", "0.000", "0.1", "1.1", "10", "1E+9")],
    "day": [dt.date(1, 1, 1), dt.date(2024, 2, 29), dt.date(9999, 12, 31)],
    "moment": [
        None, MOMENT, MOMENT.replace(tzinfo=dt.UTC),
        MOMENT.replace(tzinfo=dt.timezone(dt.timedelta(hours=2))), MOMENT + dt.timedelta(0, 0, 1),
        MOMENT.replace(hour=14, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    ],
    "span": [dt.timedelta.min, dt.timedelta(0), dt.timedelta(microseconds=-1), dt.timedelta.max],
    "truth": [False, True],
    "key": [UUID(int=n) for n in (0, 1, 2**127)],
    "raw": [b"", b"\0", b"a", b"\xff"],
    "colour": [None, *Colour],
    "plain": [0, 1, 2],
}  # fmt: skip


def _records() -> list[Any]:
    rng = random.Random(5)
    return [
        Indexed(id=f"{n:02}", **{name: rng.choice(some) for name, some in VALUES.items()})
        for n in range(48)
    ]


async def test_indexed_queries_agree_with_python(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With small pages, and so few records that are rather sorted than walked to."""
    from starmodel.adapters.persistence.redis.query import plans

    monkeypatch.setattr(plans, "FEW", 3)
    monkeypatch.setattr(reading, "PAGE", 4)
    store = await opened(Indexed)
    for each in _records():
        await store.commit(Batch([insert(each)]))
    found: list[Any] = [await store.get(Indexed, each.id) for each in _records()]
    rng = random.Random(7)
    names = [name for name in VALUES if name != "raw"]
    for number in range(500):
        filters = []
        for _ in range(rng.choice((0, 1, 1, 2))):
            name = rng.choice(names)
            value, op = rng.choice(VALUES[name]), rng.choice(list(OPERATORS))
            if op in ("contains", "startswith", "not_contains", "not_startswith"):
                op = "eq"
            if op in ("in", "not_in"):
                value = [value, rng.choice(VALUES[name])]
            filters.append(Filter(name, op, value))
        order = tuple(
            (name, rng.random() < 0.5)
            for name in rng.sample([*names, "id"], rng.choice((0, 1, 1, 2)))
        )
        query = Query(
            Indexed, tuple(filters), order=order, offset=rng.choice((0, 0, 3)),
            limit=rng.choice((None, 2, 10)),
        )  # fmt: skip
        if number % 3 == 0:
            query = replace(query, after=position_of(rng.choice(found), order))
        whole = replace(query, offset=0, limit=None)
        expected = [each.id for each in query.arrange(found)]
        assert [each.id for each in await store.list(query)] == expected, query
        assert await store.count(query) == sum(map(query.matches, found)), query
        streamed = [each.id async for chunk in store.stream(whole, 5) for each in chunk]
        assert streamed == [each.id for each in whole.arrange(found)], query


async def test_index_entries_follow_changes_and_deletes(
    opened: Opener, client: Redis[bytes]
) -> None:
    store = await opened(Indexed)
    record = Indexed(id="a", text="old", whole=1)
    await store.commit(Batch([insert(record)]))
    changed = update(await store.get(Indexed, "a"), text="new", whole=None)
    await store.commit(Batch([changed]))
    assert await store.count(Query(Indexed, (Filter("text", "eq", "old"),))) == 0
    [found] = await store.list(Query(Indexed, (Filter("text", "eq", "new"),)))
    assert (found.id, found.whole) == ("a", None)
    assert client.zcard("starmodel:_Indexed#index") == 12
    await store.commit(Batch([delete(found)]))
    assert client.keys("*") == [b"starmodel:_Indexed#schema"]


async def test_page_of_an_index_reads_that_page_alone(opened: Opener, client: Redis[bytes]) -> None:
    store = await opened(Indexed)
    everything = [Indexed(id=f"{n:04}", whole=n % 7, text=f"{n % 50:02}") for n in range(1200)]
    for start in range(0, 1200, 400):
        await store.commit(Batch([insert(each) for each in everything[start : start + 400]]))
    queries = [
        Query(Indexed, limit=10),
        Query(Indexed, (Filter("whole", "eq", 3),), limit=10),
        Query(Indexed, order=(("text", True),), limit=10),
        Query(Indexed, (Filter("text", "gte", "20"),), order=(("text", False),), limit=10),
    ]
    for query in queries:
        client.config_resetstat()
        assert len(await store.list(query)) == 10
        stats: Any = client.info("commandstats")
        called = {name.removeprefix("cmdstat_"): n["calls"] for name, n in stats.items()}
        called = {name: n for name, n in called.items() if not name.startswith(("config", "info"))}
        assert sum(called.values()) <= 3, (query, called)
        assert not {"keys", "scan"} & called.keys()
        later = replace(query, after=position_of((await store.list(query))[-1], query.order))
        assert len(await store.list(later)) == 10


async def test_query_without_an_index_beyond_the_limit_names_the_remedy(
    opened: Opener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading, "SCAN_LIMIT", 20)
    monkeypatch.setattr(reading, "PAGE", 10)
    store = await opened(Indexed)
    records = [Indexed(id=f"{n:02}", plain=n, whole=n) for n in range(30)]
    await store.commit(Batch([insert(each) for each in records]))
    for query in (
        Query(Indexed, (Filter("plain", "eq", 29),)),
        Query(Indexed, order=(("plain", False),)),
        Query(Indexed, search="x", search_fields=("plain",)),
    ):
        with pytest.raises(StoreScanLimitError, match=r"index=True\) for: Plain\.") as caught:
            await store.list(query)
        assert caught.value.status == 422
        assert "Declare _Indexed.plain with Field(index=True)" in caplog.text
    with pytest.raises(StoreScanLimitError):
        await store.count(Query(Indexed, (Filter("plain", "eq", 1),)))
    early = Query(Indexed, (Filter("plain", "lt", 15),), limit=5)
    assert len(await store.list(early)) == 5  # found before the limit
    assert await store.count(Query(Indexed, (Filter("whole", "lt", 15),))) == 15


async def test_rule_on_an_index_is_decided_by_the_store(opened: Opener) -> None:
    store = await opened(Indexed)
    records = [Indexed(id=f"{n:02}", whole=n % 3, plain=n % 2) for n in range(12)]
    await store.commit(Batch([insert(each) for each in records]))
    own, other = Comparison("whole", "eq", 1), Comparison("plain", "eq", 1)
    assert store.supports(Indexed, own)
    assert not store.supports(Indexed, other)
    query = Query(Indexed, where=junction(True, [own, Comparison("text", "eq", "")]), limit=3)
    assert [each.id for each in await store.list(query)] == ["01", "04", "07"]
    assert await store.count(Query(Indexed, where=own)) == 4


async def test_added_index_is_built_once_and_continues_where_it_stopped(
    opened: Opener, client: Redis[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    def version(indexed: bool) -> Any:
        class _Note(Entity):
            text: str = Field(default="", index=indexed)

        return _Note

    before, after = version(False), version(True)
    old = await opened(before)
    await old.commit(Batch([insert(before(id=f"{n}", text=f"{n % 2}")) for n in range(6)]))
    new = await opened(after)
    assert "Building the Redis index of _Note.text for 6 records" in caplog.text
    query = Query(after, (Filter("text", "eq", "1"),))
    assert await new.count(query) == 3
    [first, *_] = await new.list(query)
    await new.commit(Batch([update(first, text="0")]))
    assert await new.count(query) == 2
    caplog.clear()
    await opened(after)
    assert caplog.text == ""
    client.hset("starmodel:_Note#schema", mapping={"built": "", "building": "text:1", "at": "3"})
    client.zrem("starmodel:_Note#index", "text\x0011\x003", "text\x0011\x005")
    await opened(after)
    assert client.zscore("starmodel:_Note#index", "text\x0011\x003") is None  # built before
    assert client.zscore("starmodel:_Note#index", "text\x0011\x005") == 0.0


async def test_unique_value_is_refused_twice(opened: Opener) -> None:
    class _Tag(Entity):
        name: str = Field(unique=True)

    store = await opened(_Tag)
    await store.commit(Batch([insert(_Tag(id="a", name="x")), insert(_Tag(id="b", name="y"))]))
    for batch in (
        [insert(_Tag(id="c", name="x"))],
        [insert(_Tag(id="c", name="z")), insert(_Tag(id="d", name="z"))],
    ):
        with pytest.raises(ConstraintError, match="already taken") as caught:
            await store.commit(Batch(batch))
        assert list(caught.value.fields) == ["name"]
    a, b = await store.get(_Tag, "a"), await store.get(_Tag, "b")
    assert a is not None
    assert b is not None
    await store.commit(Batch([update(a, name="y"), update(b, name="x")]))
    assert [each.name for each in await store.list(Query(_Tag))] == ["y", "x"]


async def test_index_of_a_type_without_an_order_stops_the_start(opened: Opener) -> None:
    class _Bad(Entity):
        tags: list[str] = Field(default_factory=list, index=True)

    with pytest.raises(ConfigurationError, match=r"_Bad\.tags has an index and the type list"):
        await opened(_Bad)
    long = "x" * 1100
    store = await opened(Indexed)
    with pytest.raises(ConstraintError, match="longer than 1024 bytes"):
        await store.commit(Batch([insert(Indexed(text=long))]))
    assert await store.list(Query(Indexed, (Filter("text", "eq", long),))) == []
