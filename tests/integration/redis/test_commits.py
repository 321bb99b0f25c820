"""Batches in Redis: lost replies, other builds, locks of several processes, foreign values."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis

from integration.redis.conftest import Opener
from redis_proxy import redis_proxy
from repositories import delete, insert, update
from starmodel.adapters.persistence.redis import writing
from starmodel.app.ports.query import Filter, Query
from starmodel.app.ports.repository import Batch, Marker
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConstraintError,
    StoreBusyError,
    StoreFailedError,
    StoreUnavailableError,
    VersionConflictError,
)
from starmodel.core.fields.field import Field


class _Lamp(Entity):
    level: int = 0
    pass_word: SecretStr = SecretStr("")


Lamp: Any = _Lamp


def _marker(command: str, at: float, outcome: str | None = None) -> Marker:
    return Marker("session|Lamp:1|rise|key", "digest", command, at, outcome)


async def test_record_is_json_at_a_readable_key(opened: Opener, client: Redis[bytes]) -> None:
    store = await opened(Lamp)
    await store.commit(Batch([insert(Lamp(id="42", level=7, pass_word="x"), 12)]))
    stored = json.loads(client.get("starmodel:_Lamp:42") or b"")
    header = stored.pop("$").split(";")
    assert header[:2] == ["12", ""]
    assert stored == {"id": "42", "level": 7, "pass_word": "x"}


async def test_ids_are_escaped_and_bounded(opened: Opener, client: Redis[bytes]) -> None:
    store = await opened(Lamp)
    ids = ["a:b", "#x", "{tag}", "a b\n", "ä", "*", "\0", "..", "%41", "x" * 512]
    for id in ids:
        await store.commit(Batch([insert(Lamp(id=id))]))
    assert [each.id for each in await store.list(Query(Lamp))] == sorted(ids)
    keys = {key.decode() for key in client.keys("starmodel:_Lamp:*")}
    assert len(keys) == len(ids)
    assert not any(set(key) & set("{} \n\0") or key.count(":") != 2 for key in keys)
    assert await store.get(Lamp, "x" * 513) is None
    assert await store.get(Lamp, "\ud800") is None
    with pytest.raises(ConstraintError, match="longer than 512 bytes"):
        await store.commit(Batch([insert(Lamp(id="x" * 513))]))
    with pytest.raises(VersionConflictError):
        await store.commit(Batch([delete(Lamp(id="x" * 513), 1)]))


async def test_marked_batch_whose_reply_was_lost_is_stored_once(
    opened: Opener, redis_url: str
) -> None:
    async with redis_proxy(redis_url) as proxy:
        store = await opened(Lamp, url=proxy.url)
        lamp = Lamp(id="1")
        await store.commit(Batch([insert(lamp)]))
        proxy.lose_replies = 2
        change = update(await store.get(Lamp, "1"), level=1)
        marker = _marker("run1", 1e12, "done")
        await store.commit(Batch([change], marker))
        assert proxy.lost == 2
        found = await store.get(Lamp, "1")
        assert (found.level, await store.marker(marker.key)) == (1, marker)
        proxy.lose_replies = 1
        with pytest.raises(StoreUnavailableError, match="unknown whether") as caught:
            await store.commit(Batch([update(found, level=2)]))
        assert caught.value.doubtful
        assert (await store.get(Lamp, "1")).level == 2
        proxy.lose_replies = 10
        with pytest.raises(StoreUnavailableError, match="unknown whether"):
            await store.commit(Batch([], _marker("run1", 1e12, "later")))


async def test_change_keeps_the_fields_and_entries_of_a_newer_build(
    opened: Opener, client: Redis[bytes]
) -> None:
    class _Note(Entity):
        text: str = Field(default="", index=True)

    older: Any = _Note

    def newer_version() -> Any:
        class _Note(Entity):
            text: str = Field(default="", index=True)
            tags: list[str] = Field(default_factory=list)
            rank: int = Field(default=0, index=True)

        return _Note

    newer = newer_version()
    new, old = await opened(newer), await opened(older)
    await new.commit(Batch([insert(newer(id="a", text="x", tags=["t"], rank=5))]))
    await old.commit(Batch([update(await old.get(older, "a"), text="y")]))
    found = await new.get(newer, "a")
    assert (found.text, found.tags, found.rank) == ("y", ["t"], 5)
    assert await new.count(Query(newer, (Filter("rank", "eq", 5),))) == 1
    await new.commit(Batch([update(found, rank=6)]))
    assert await new.count(Query(newer, (Filter("rank", "eq", 5),))) == 0
    await old.commit(Batch([delete(await old.get(older, "a"))]))
    assert client.zcard("starmodel:_Note#index") == 0


async def test_older_record_has_defaults_and_earlier_names(
    opened: Opener, client: Redis[bytes]
) -> None:
    class _Note(Entity):
        title: str = Field(default="", renamed_from="text")
        count: int = 3

    note: Any = _Note
    store = await opened(note)
    client.set("starmodel:_Note:a", '{"$":"7;;;","id":"a","text":"old","count":"many"}')
    found = await store.get(note, "a")
    assert (found.title, found.count) == ("old", "many")  # invalid, and loaded for repair
    await store.commit(Batch([update(found, count=4)]))
    assert json.loads(client.get("starmodel:_Note:a") or b"").keys() == {
        "$",
        "id",
        "title",
        "count",
    }


@pytest.mark.parametrize(
    "value", ["hello", "[1]", '{"a":1}', '{"$":"x"}', '{"$":"1;;;","level":', "\xff"]
)
async def test_foreign_value_is_an_error_that_names_its_key(
    opened: Opener, client: Redis[bytes], value: str
) -> None:
    store = await opened(Lamp)
    client.set("starmodel:_Lamp:1", value.encode("latin-1"))
    with pytest.raises(StoreFailedError, match="starmodel:_Lamp:1"):
        await store.get(Lamp, "1")
    if not value.startswith('{"$":"1'):
        with pytest.raises(StoreFailedError, match="starmodel:_Lamp:1"):
            await store.commit(Batch([insert(Lamp(id="1"))]))
        assert client.get("starmodel:_Lamp:1") == value.encode("latin-1")


async def test_value_of_another_type_is_an_error(opened: Opener, client: Redis[bytes]) -> None:
    store = await opened(Lamp)
    client.rpush("starmodel:_Lamp:1", "x")
    for attempt in (store.get(Lamp, "1"), store.commit(Batch([insert(Lamp(id="1"))]))):
        with pytest.raises(StoreFailedError, match="another type"):
            await attempt


async def test_hot_row_of_several_stores_waits_and_loses_nothing(opened: Opener) -> None:
    stores = [await opened(Lamp) for _ in range(3)]
    await stores[0].commit(Batch([insert(Lamp(id="hot"))]))

    async def rise(store: Any) -> None:
        for _ in range(10):
            async with store.lock_rows([(Lamp, "hot")]) as held:
                found = await held.latest(Lamp, "hot")
                await held.commit(Batch([update(found, level=found.level + 1)]))

    await asyncio.gather(*(rise(store) for store in stores for _ in range(2)))
    assert (await stores[1].get(Lamp, "hot")).level == 60


async def test_lock_of_a_killed_process_ends(
    opened: Opener, client: Redis[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(Lamp, timeout_s=0.3)
    await store.commit(Batch([insert(Lamp(id="1"))]))
    client.set("starmodel:#lock:_Lamp:1", "someone", px=60_000)
    change = update(await store.get(Lamp, "1"), level=1)
    with pytest.raises(StoreBusyError, match="locked by other commands"):
        await store.commit(Batch([change]))
    with pytest.raises(StoreBusyError):
        async with store.lock_rows([(Lamp, "1")]):
            pass
    client.pexpire("starmodel:#lock:_Lamp:1", 50)
    await store.commit(Batch([change]))
    assert (await store.get(Lamp, "1")).level == 1


async def test_batch_is_bounded(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_CHANGES", 2)
    monkeypatch.setattr(writing, "MAX_BATCH_BYTES", 500)
    store = await opened(Lamp)
    with pytest.raises(StoreFailedError, match=r"3 records .* at most 2"):
        await store.commit(Batch([insert(Lamp()) for _ in range(3)]))
    with pytest.raises(StoreFailedError, match="at most 500 bytes"):
        await store.commit(Batch([insert(Lamp(pass_word="x" * 500))]))


async def test_two_prefixes_are_apart(opened: Opener) -> None:
    first, second = await opened(Lamp, prefix="one"), await opened(Lamp, prefix="two")
    await first.commit(Batch([insert(Lamp(id="1"))]))
    assert await second.get(Lamp, "1") is None
    assert await second.count(Query(Lamp)) == 0
