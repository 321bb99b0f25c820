"""The cached answers of the session cache agree with those that may read the store."""

from __future__ import annotations

import time

import pytest

from starmodel import Actor
from starmodel.adapters.persistence.system.memory_sessions import MemorySessions
from starmodel.app.ports.sessions import SessionRecord
from starmodel.app.sessions import cache as sessions_cache
from starmodel.app.sessions.cache import SessionCache
from starmodel.testing.fakes import FakeClock

DAY_S = 24 * 3600.0
IDLE_S, ABSOLUTE_S = 14 * DAY_S, 90 * DAY_S


def cache_of(clock: FakeClock) -> SessionCache:
    return SessionCache(MemorySessions(), clock=clock, idle_s=IDLE_S, absolute_s=ABSOLUTE_S)


async def sign_in(cache: SessionCache, id: str, visitor: str, now: float) -> None:
    record = SessionRecord(id, visitor, Actor("ann"), "password", now, now)
    await cache.replace(visitor, [record])
    await cache.find(id)
    await cache.latest(visitor)


@pytest.mark.parametrize("age_s", [0.0, 10.0, 3600.0, 3601.0, DAY_S, IDLE_S + 1, ABSOLUTE_S + 1])
async def test_current_session_equals_what_find_returns(age_s: float) -> None:
    clock = FakeClock()
    cache = cache_of(clock)
    try:
        await sign_in(cache, "s1", "ann", clock.now)
        clock.advance(age_s)
        current = cache.current("s1")
        found = await cache.find("s1")
        assert current is None or current == found
        assert (current is not None) == (age_s <= 3600.0)
    finally:
        await cache.close()


async def test_ended_and_unknown_sessions_are_left_to_find() -> None:
    clock = FakeClock()
    cache = cache_of(clock)
    try:
        await sign_in(cache, "s1", "ann", clock.now)
        await cache.replace("ann", [])
        assert cache.current("s1") is None
        assert cache.current("s2") is None
    finally:
        await cache.close()


async def test_visitor_is_anonymous_until_a_session_is_stored() -> None:
    clock = FakeClock()
    cache = cache_of(clock)
    try:
        assert not cache.is_anonymous("ann")  # nothing of the store is cached yet
        assert await cache.latest("ann") is None
        assert cache.is_anonymous("ann")
        await sign_in(cache, "s1", "ann", clock.now)
        assert not cache.is_anonymous("ann")
        assert not cache.is_anonymous("bob")  # not cached: his session may be in the store
        assert await cache.latest("bob") is None
        assert cache.is_anonymous("bob")
    finally:
        await cache.close()


async def test_cached_answers_are_at_most_a_second_old(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    cache = cache_of(clock)
    try:
        await sign_in(cache, "s1", "ann", clock.now)
        await cache.latest("bob")
        assert cache.current("s1") is not None
        assert cache.is_anonymous("bob")
        later = time.monotonic() + sessions_cache.FRESH_S
        monkeypatch.setattr(sessions_cache.time, "monotonic", lambda: later)
        assert cache.current("s1") is None
        assert not cache.is_anonymous("bob")
    finally:
        await cache.close()
