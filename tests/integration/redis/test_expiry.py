"""Expiry in Redis: announced once, also when it fell into a downtime."""

from __future__ import annotations

import asyncio
from typing import Any

from redis import Redis

from integration.redis.conftest import Opener
from redis_proxy import redis_proxy
from repositories import insert
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.testing.contracts.base import inserted
from starmodel.testing.fakes import FakeClock


class _Guest(Entity):
    model_config = {"ttl": 60.0}
    name: str = Field(default="", index=True)


Guest: Any = _Guest


class _Seen(list[Any]):
    """The expiries that were announced."""

    def __init__(self) -> None:
        super().__init__()
        self.first = asyncio.Event()

    async def __call__(self, cls: type[Entity], id: Any, version: int) -> None:
        self.append((cls, id, version))
        self.first.set()


async def test_of_several_processes_one_announces(opened: Opener, client: Redis[bytes]) -> None:
    clock, seen = FakeClock(), _Seen()
    stores = [await opened(Guest, clock=clock, expired=seen) for _ in range(3)]
    guests = [Guest(id=f"{n}") for n in range(40)]
    await stores[0].commit(Batch([inserted(guest, 5) for guest in guests]))
    clock.now += 61
    await asyncio.gather(*(store.sweep() for store in stores))
    assert sorted(seen) == sorted((Guest, guest.id, 5) for guest in guests)
    assert client.keys("*") == [b"starmodel:_Guest#schema"]


async def test_expiry_in_a_downtime_is_announced_and_leaves_no_entries(
    opened: Opener, client: Redis[bytes]
) -> None:
    clock, seen = FakeClock(), _Seen()
    store = await opened(Guest, clock=clock)
    await store.commit(Batch([inserted(Guest(id="a", name="Eve")), inserted(Guest(id="b"))]))
    await store.close()
    assert 3600 < client.ttl("starmodel:_Guest:a") <= 3660
    client.delete("starmodel:_Guest:a")  # as the server does, an hour later
    clock.now += 4000
    later = await opened(Guest, clock=clock, expired=seen)
    await later.sweep()
    assert sorted(id for _, id, _ in seen) == ["a", "b"]
    assert all(version > 0 for _, _, version in seen)
    assert await later.count(Query(Guest)) == 0
    assert client.keys("*") == [b"starmodel:_Guest#schema"]


async def test_expiry_is_announced_when_the_reply_was_lost(opened: Opener, redis_url: str) -> None:
    async with redis_proxy(redis_url) as proxy:
        clock, seen = FakeClock(), _Seen()
        store = await opened(Guest, url=proxy.url, clock=clock, expired=seen)
        await store.commit(Batch([inserted(Guest(id="a"))]))
        clock.now += 61
        proxy.lose_replies = 1
        await store.sweep()
        assert [id for _, id, _ in seen] == ["a"]


async def test_expiry_is_announced_within_two_seconds(opened: Opener) -> None:
    seen = _Seen()
    store = await opened(Guest, expired=seen)
    change = inserted(Guest(id="a"))._replace(ttl_s=0.2)
    await store.commit(Batch([change]))
    async with asyncio.timeout(2):
        await seen.first.wait()
    assert [id for _, id, _ in seen] == ["a"]


async def test_list_leaves_out_what_the_server_has_evicted(
    opened: Opener, client: Redis[bytes]
) -> None:
    store = await opened(Guest)
    await store.commit(Batch([insert(Guest(id=f"{n}", name="x")) for n in range(9)]))
    client.delete("starmodel:_Guest:3", "starmodel:_Guest:4")
    found = await store.list(Query(Guest, limit=5))
    assert [each.id for each in found] == ["0", "1", "2", "5", "6"]
    from starmodel.core.classes.registry import entity_type

    records = store.store.records[entity_type(Guest, "redis").cls]
    assert await store.store.sweeper.prune(records) == 4
    assert await store.count(Query(Guest)) == 7
