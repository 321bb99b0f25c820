"""Every store of bearer tokens: issued, found, revoked, followed by revision, swept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from starmodel import Actor
from starmodel.adapters.persistence.system.connection import SystemDatabase
from starmodel.adapters.persistence.system.tokens.memory import MemoryTokens
from starmodel.adapters.persistence.system.tokens.sql import SqlTokens
from starmodel.app.ports.credentials.tokens import TokenRecord, TokenStore

NOW = 1_700_000_000.0
DAY_S = 86400.0
Run = Callable[[Any], Any]
ANN = Actor("ann", "Ann \N{SNOWMAN}", frozenset({"staff", "admin"}), {"team": ["red", 1]})


def record(number: int, actor: Actor = ANN, **values: Any) -> TokenRecord:
    made = TokenRecord(
        f"{number:064x}", actor, f"Token {number} \N{SNOWMAN}\0", ("Product:read", "*:read"),
        NOW + number, NOW + DAY_S,
    )  # fmt: skip
    return made._replace(**values)


@pytest.fixture
def stores(databases: Callable[[], SystemDatabase | None]) -> Callable[[], TokenStore]:
    """`stores()`: the store as one more process opens it."""
    memory = MemoryTokens()

    def make() -> TokenStore:
        database = databases()
        return memory if database is None else SqlTokens(database)

    return make


def test_token_is_found_by_its_hash_in_every_process(
    stores: Callable[[], TokenStore], run: Run
) -> None:
    async def scenario() -> None:
        one, other = stores(), stores()
        assert not await one.exists()
        await one.issue(record(1))
        assert await one.exists()
        assert await other.exists()
        assert await other.find(record(1).id) == record(1)
        assert await other.find(record(2).id) is None

    run(scenario())


def test_tokens_of_an_owner_are_the_newest_first_without_revoked_ones(
    stores: Callable[[], TokenStore], run: Run
) -> None:
    async def scenario() -> None:
        store = stores()
        for number in range(4):
            await store.issue(record(number))
        for id in ("Ann", "ann ", "bob", "\N{SNOWMAN}"):
            await store.issue(record(100 + len(id) + ord(id[0]), Actor(id)))
        await store.update([record(1, ended_at=NOW)])
        mine = await store.of_actor("ann")
        assert [each.created_at - NOW for each in mine] == [3, 2, 0]
        assert len(await store.of_actor("\N{SNOWMAN}")) == 1

    run(scenario())


def test_ended_token_stays_ended(stores: Callable[[], TokenStore], run: Run) -> None:
    async def scenario() -> None:
        store = stores()
        await store.issue(record(1))
        await store.update([record(1, ended_at=NOW + 5)])
        await store.update([record(1, Actor("ann", "Ann again"))])
        found = await store.find(record(1).id)
        assert found is not None
        assert (found.ended_at, found.actor) == (NOW + 5, ANN)

    run(scenario())


def test_changes_follow_the_revision(stores: Callable[[], TokenStore], run: Run) -> None:
    async def scenario() -> None:
        writer, reader = stores(), stores()
        await writer.issue(record(1))
        revision, nothing = await reader.changes(None, 100)
        assert not nothing
        same, nothing = await reader.changes(revision, 100)
        assert (same, list(nothing or ())) == (revision, [])
        await writer.issue(record(2))
        renamed = record(1, Actor("ann", "Anna"))
        await writer.update([renamed])
        await writer.touch(record(2).id, NOW + 9)
        now, changed = await reader.changes(revision, 100)
        assert now == revision + 2
        assert changed is not None
        assert {each.id: each.actor for each in changed} == {
            record(2).id: ANN, record(1).id: renamed.actor
        }  # fmt: skip
        assert (await reader.changes(revision, 1))[1] is None
        assert (await reader.changes(now + 5, 100))[1] is None  # a restored database

    run(scenario())


def test_use_is_recorded_and_old_tokens_are_swept(
    stores: Callable[[], TokenStore], run: Run
) -> None:
    async def scenario() -> None:
        store = stores()
        await store.issue(record(1))
        await store.issue(record(2, expires_at=NOW - DAY_S))
        await store.issue(record(3, ended_at=None))
        await store.update([record(3, ended_at=NOW - DAY_S)])
        await store.touch(record(1).id, NOW + 9)
        await store.sweep(NOW - DAY_S / 2)
        found = [await store.find(record(number).id) for number in (1, 2, 3)]
        assert found == [record(1, used_at=NOW + 9), None, None]

    run(scenario())


def test_concurrent_writes_get_their_own_revisions(
    stores: Callable[[], TokenStore], run: Run
) -> None:
    async def scenario() -> None:
        processes = [stores() for _ in range(3)]
        await processes[0].issue(record(0))
        before, _ = await processes[0].changes(None, 100)
        await asyncio.gather(
            *(store.issue(record(n)) for n, store in enumerate(processes * 4, start=1))
        )
        after, changed = await processes[0].changes(before, 100)
        assert after - before == 12
        assert changed is not None
        assert len({each.id for each in changed}) == 12

    run(scenario())
