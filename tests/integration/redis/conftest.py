"""Open Redis stores, and a client that sees what they stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from repositories import ignore_expiry
from starmodel.adapters.persistence.redis.repository import RedisRepository
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity

Opener = Callable[..., Awaitable[RedisRepository]]


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis[bytes]]:
    """A plain client of the empty server."""
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def opened(redis_url: str) -> AsyncIterator[Opener]:
    """Opens stores of classes, and closes them after the test."""
    stores: list[RedisRepository] = []

    async def open_store(
        *classes: type[Entity], expired: Any = ignore_expiry, url: str = redis_url, **options: Any
    ) -> RedisRepository:
        store = RedisRepository(url, **options)
        await store.open([entity_type(cls, "redis") for cls in classes], expired)
        stores.append(store)
        return store

    yield open_store
    for store in stores:
        await store.close()
