"""Servers that the store refuses at the start, and those that fail while it is open."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from redis import Redis

from databases import redis_server
from integration.redis.conftest import Opener
from private_server import free_port
from redis_proxy import redis_proxy
from repositories import delete, ignore_expiry, insert, update
from starmodel.adapters.persistence.redis.repository import RedisRepository
from starmodel.adapters.persistence.redis.server.checks import ServerInfo, check_server
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConfigurationError,
    StoreFailedError,
    StoreFullError,
    StoreUnavailableError,
)


class _Lamp(Entity):
    level: int = 0
    text: str = ""


Lamp: Any = _Lamp
PASSWORD = "secret-word"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:1/0", r"127\.0\.0\.1:1 can't be reached .* Start the server"),
        ("http://host", "is not the address of a Redis server"),
        ("redis://:wrong@HERE/0", "user or password of redis_url"),
        ("redis://HERE/99", "does not have the database"),
    ],
)
async def test_unusable_address_is_refused_in_a_sentence(
    redis_url: str, opened: Opener, url: str, said: str
) -> None:
    place = redis_url.removeprefix("redis://").removesuffix("/0")
    with pytest.raises(ConfigurationError, match=said) as caught:
        await opened(Lamp, url=url.replace("HERE", place), timeout_s=1.0)
    assert "wrong" not in str(caught.value)


async def test_password_is_asked_for_and_never_said(opened: Opener) -> None:
    with redis_server("--requirepass", PASSWORD) as server:
        with pytest.raises(ConfigurationError, match="refused the user or password"):
            await opened(Lamp, url=server.url)
        store = await opened(Lamp, url=server.url.replace("//", f"//:{PASSWORD}@"))
        await store.commit(Batch([insert(Lamp(id="1"))]))
        server.kill()
        with pytest.raises(StoreUnavailableError) as caught:
            await store.get(Lamp, "1")
        assert PASSWORD not in str(caught.value)


async def test_replica_is_refused_at_the_start_and_after_a_failover(
    opened: Opener, redis_url: str, client: Redis[bytes]
) -> None:
    store = await opened(Lamp)
    client.replicaof("127.0.0.1", "1")
    try:
        with pytest.raises(ConfigurationError, match=r"read-only replica of 127\.0\.0\.1:1"):
            await opened(Lamp)
        with pytest.raises(StoreUnavailableError, match="read-only replica now"):
            await store.commit(Batch([insert(Lamp(id="1"))]))
    finally:
        client.replicaof("NO", "ONE")
    await store.commit(Batch([insert(Lamp(id="1"))]))


async def test_full_server_stores_nothing_and_accepts_deletes(
    opened: Opener, client: Redis[bytes]
) -> None:
    store = await opened(Lamp)
    await store.commit(Batch([insert(Lamp(id="1"))]))
    lamp = await store.get(Lamp, "1")
    client.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(StoreFullError, match="maxmemory"):
            await store.commit(Batch([insert(Lamp(id="2")), update(lamp, level=1)]))
        assert (await store.get(Lamp, "1")).level == 0
        await store.commit(Batch([delete(lamp)]))
    finally:
        client.config_set("maxmemory", "0")
    assert client.keys("*") == []


async def test_cluster_needs_a_hash_tag_and_works_with_it(opened: Opener) -> None:
    # The default is 10,000 above the other port, and may be beyond the last one.
    bus = str(free_port())
    with redis_server("--cluster-enabled", "yes", "--cluster-port", bus) as server:
        with Redis.from_url(server.url) as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            for _ in range(50):
                if b"cluster_state:ok" in bytes(client.execute_command("CLUSTER", "INFO")):
                    break
                await asyncio.sleep(0.1)
        with pytest.raises(ConfigurationError, match=r"redis_prefix to '\{starmodel\}'"):
            await opened(Lamp, url=server.url)
        store = await opened(Lamp, url=server.url, prefix="{starmodel}")
        await store.commit(Batch([insert(Lamp(id=f"{n}")) for n in range(5)]))
        assert len(await store.list(Query(Lamp))) == 5


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"redis_version": "6.2.14"}, r"Redis 6\.2\.14 .* is too old"),
        ({"redis_version": "7.2.4", "valkey_version": "8.0.1", "role": "slave"}, r"Valkey 8\.0\.1"),
    ],
)
def test_unsuitable_server_is_refused(facts: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_server(ServerInfo(facts), "host:1", has_hash_tag=False, prefix="starmodel")


def test_evicting_server_is_said(caplog: pytest.LogCaptureFixture) -> None:
    info = ServerInfo({"redis_version": "7.0.0", "maxmemory_policy": "allkeys-lru"})
    check_server(info, "host:1", has_hash_tag=False, prefix="starmodel")
    assert "deletes records without notice" in caplog.text


async def test_restarted_server_is_used_again() -> None:
    with redis_server() as server:
        store = RedisRepository(server.url, timeout_s=1.0)
        await store.open([entity_type(Lamp, "redis")], ignore_expiry)
        await store.commit(Batch([insert(Lamp(id="1"))]))
        server.kill()
        for _ in range(5):
            start = time.monotonic()
            with pytest.raises(StoreUnavailableError, match="redis_url is right"):
                await store.get(Lamp, "1")
            assert time.monotonic() - start < 0.5
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(5):
            while True:
                try:
                    assert await store.get(Lamp, "1") is None  # it has no file
                    break
                except StoreUnavailableError:
                    await asyncio.sleep(0.05)
        await store.commit(Batch([insert(Lamp(id="1"))]))  # its scripts are loaded again
        await store.close()


async def test_silent_server_is_noticed(opened: Opener, redis_url: str) -> None:
    async with redis_proxy(redis_url) as proxy:
        store = await opened(Lamp, url=proxy.url, timeout_s=0.3)
        proxy.answers.clear()
        start = time.monotonic()
        gets = [store.get(Lamp, f"{n}") for n in range(20)]
        failed = await asyncio.gather(*gets, return_exceptions=True)
        assert all(isinstance(each, StoreUnavailableError) for each in failed)
        assert time.monotonic() - start < 1.5
        proxy.answers.set()
        async with asyncio.timeout(5):
            while True:
                try:
                    assert await store.get(Lamp, "1") is None
                    break
                except StoreUnavailableError:
                    await asyncio.sleep(0.05)


async def test_renamed_class_is_refused_beside_its_records(opened: Opener) -> None:
    class _Light(Entity):
        model_config = {"renamed_from": "_Lamp"}
        level: int = 0

    await opened(_Light)
    store = await opened(Lamp)
    await store.commit(Batch([insert(Lamp(id="1"))]))
    with pytest.raises(ConfigurationError, match="can't rename the records of _Lamp"):
        await opened(_Light)


async def test_store_that_is_not_open_says_so(redis_url: str) -> None:
    store = RedisRepository(redis_url)
    with pytest.raises(StoreUnavailableError, match="is not open"):
        await store.get(Lamp, "1")
    await store.open([entity_type(Lamp, "redis")], ignore_expiry)
    with pytest.raises(ConfigurationError, match="open already"):
        await store.open([entity_type(Lamp, "redis")], ignore_expiry)
    with pytest.raises(ConfigurationError, match="is not in this Redis store"):
        await store.get(Entity, "1")
    await store.close()
    await store.close()


async def test_user_without_rights_is_refused_in_a_sentence(
    opened: Opener, redis_url: str, client: Redis[bytes]
) -> None:
    client.execute_command(
        "ACL", "SETUSER", "app", "on", ">pw", "~starmodel:*", "+@all", "-evalsha"
    )
    try:
        store = await opened(Lamp, url=redis_url.replace("//", "//app:pw@"))
        with pytest.raises(StoreFailedError, match="does not permit its user"):
            await store.commit(Batch([insert(Lamp(id="1"))]))
    finally:
        client.execute_command("ACL", "DELUSER", "app")
