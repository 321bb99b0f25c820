"""Every store of attempts: shared, slowed down exponentially, forgotten and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from starmodel.adapters.persistence.system.attempts.memory import MemoryAttempts
from starmodel.adapters.persistence.system.attempts.sql import SqlAttempts
from starmodel.adapters.persistence.system.connection import SystemDatabase
from starmodel.app.credentials.attempts import Attempts, network_of
from starmodel.app.ports.credentials.attempts import AttemptStore, Limit
from starmodel.core.errors import TooManyAttemptsError
from starmodel.testing.fakes import FakeClock

LIMIT = Limit(free=3, max_wait_s=60, forget_s=3600)
Run = Callable[[Any], Any]


@pytest.fixture
def stores(databases: Callable[[], SystemDatabase | None]) -> Callable[[], AttemptStore]:
    """`stores()`: the store as one more process opens it."""
    memory = MemoryAttempts()

    def make() -> AttemptStore:
        database = databases()
        return memory if database is None else SqlAttempts(database)

    return make


def test_waits_double_up_to_the_limit_in_every_process(
    stores: Callable[[], AttemptStore], run: Run
) -> None:
    async def scenario() -> None:
        one, other, now = stores(), stores(), 1_700_000_000.0
        assert [await each.claim("k", LIMIT, now) for each in (one, other, one)] == [0, 0, 0]
        waits = []
        for turn in range(9):
            assert await (one, other)[turn % 2].claim("k", LIMIT, now) == 0
            wait = await (other, one)[turn % 2].claim("k", LIMIT, now)
            assert await one.claim("k", LIMIT, now + wait - 0.01) > 0
            waits.append(round(wait))
            now += wait
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert await other.claim("another", LIMIT, now) == 0

    run(scenario())


def test_refused_attempts_do_not_count(stores: Callable[[], AttemptStore], run: Run) -> None:
    async def scenario() -> None:
        store, now = stores(), 1_700_000_000.0
        for _ in range(4):
            await store.claim("k", LIMIT, now)
        for _ in range(20):
            assert await store.claim("k", LIMIT, now) == pytest.approx(1, abs=0.01)

    run(scenario())


def test_forgiven_cleared_and_old_attempts_are_forgotten(
    stores: Callable[[], AttemptStore], run: Run
) -> None:
    async def scenario() -> None:
        store, now = stores(), 1_700_000_000.0
        for _ in range(4):
            await store.claim("k", LIMIT, now)
        assert await store.claim("k", LIMIT, now) > 0
        await store.forgive("k")
        assert await store.claim("k", LIMIT, now) == 0  # the fourth again
        assert await store.claim("k", LIMIT, now) == pytest.approx(1, abs=0.01)
        await store.clear("k")
        assert [await store.claim("k", LIMIT, now) for _ in range(4)] == [0, 0, 0, 0]
        now += LIMIT.forget_s + 1
        assert [await store.claim("k", LIMIT, now) for _ in range(4)] == [0, 0, 0, 0]
        for _ in range(20):
            await store.forgive("k")
            await store.forgive("unknown")
        assert [await store.claim("k", LIMIT, now) > 0 for _ in range(6)] == [
            False, False, False, False, True, True,
        ]  # fmt: skip

    run(scenario())


def test_concurrent_attempts_are_admitted_like_one_after_the_other(
    stores: Callable[[], AttemptStore], run: Run
) -> None:
    async def scenario() -> None:
        processes, now = [stores() for _ in range(3)], 1_700_000_000.0
        for store in processes:
            await store.clear("k")  # the table exists
        claims = [store.claim("k", LIMIT, now) for store in processes * 10]
        admitted = [wait for wait in await asyncio.gather(*claims) if wait == 0]
        assert 1 <= len(admitted) <= LIMIT.free + 1

    run(scenario())


def test_few_concurrent_attempts_are_all_counted_once(
    stores: Callable[[], AttemptStore], run: Run
) -> None:
    async def scenario() -> None:
        processes, now = [stores() for _ in range(3)], 1_700_000_000.0
        for key in map(str, range(20)):
            claims = [store.claim(key, LIMIT, now) for store in processes]
            assert await asyncio.gather(*claims) == [0, 0, 0], key
            assert await processes[0].claim(key, LIMIT, now) == 0  # the fourth starts the wait
            assert await processes[1].claim(key, LIMIT, now) > 0

    run(scenario())


def test_sweep_bounds_the_table(stores: Callable[[], AttemptStore], run: Run) -> None:
    async def scenario() -> None:
        store, now = stores(), 1_700_000_000.0
        for number in range(20):
            for _ in range(4):
                await store.claim(f"k{number}", LIMIT, now + number)
        await store.sweep(now + 5, 10)
        kept = [await store.claim(f"k{number}", LIMIT, now + number) > 0 for number in range(20)]
        assert kept == [False] * 10 + [True] * 10

    run(scenario())


async def test_error_has_a_sentence_and_retry_after() -> None:
    clock = FakeClock()
    attempts = Attempts(MemoryAttempts(), key=b"k" * 32, clock=clock)
    for name in ("ann@example.org", "nobody@example.org", "x" * 100_000, "\ud800"):
        for _ in range(4):
            await attempts.claim("account", name, LIMIT)
        with pytest.raises(TooManyAttemptsError) as caught:
            await attempts.claim("account", name, LIMIT)
        assert caught.value.retry_after_s == 1
        assert str(caught.value) == "There were too many attempts. Try again in 1 second."
    assert str(TooManyAttemptsError(180)).endswith("in 3 minutes.")
    keys = attempts._store._counts  # type: ignore[attr-defined]
    assert len(keys) == 4
    assert all(len(key) == 64 for key in keys)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("testclient", "unknown"),
        ("", "unknown"),
        ("1" * 10_000, "unknown"),
    ],
)
def test_network_of_an_address(address: str, network: str) -> None:
    assert network_of(address) == network
