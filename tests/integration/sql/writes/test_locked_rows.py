"""Rows locked by external writers: one timeout for each command, and no other command blocks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from external_writers import ExternalWriter
from starmodel import Entity, event
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.application import Application
from starmodel.core.errors import StoreBusyError
from starmodel.testing.fakes import fake_application

TIMEOUT_S, POOL = 1.5, 3


class Item(Entity):
    model_config = {"store": "sql", "scope": "record", "access": "public"}
    id: str
    n: int = 0

    @event
    def add(self) -> None:
        self.n += 1

    @event
    async def add_later(self) -> None:
        await asyncio.sleep(TIMEOUT_S)
        self.n += 1

    @event
    def move(self, other: Item) -> None:
        self.n -= 1
        other.n += 1


class Fading(Entity):
    model_config = {"store": "sql", "scope": "record", "access": "public", "ttl": 600}
    id: str


@asynccontextmanager
async def _application(
    url: str, *, pool_size: int = POOL, timeout_s: float = TIMEOUT_S
) -> AsyncIterator[Application]:
    store = SqlRepository(url, pool_size=pool_size, timeout_s=timeout_s)
    application = fake_application(Item, Fading, stores={"sql": store})
    await application.ready()
    for number in range(12):
        await application.objects(Item).create(id=f"i{number}")
    await application.objects(Fading).create(id="f")
    try:
        yield application
    finally:
        await application.close()


@asynccontextmanager
async def _holding(url: str, *statements: str) -> AsyncIterator[ExternalWriter]:
    """An external writer with an open transaction."""
    external = await ExternalWriter.at(url)
    await external.run("BEGIN IMMEDIATE" if external.kind == "sqlite" else "BEGIN")
    for statement in statements:
        await external.run(statement)
    try:
        yield external
    finally:
        await external.run("ROLLBACK")
        await external.close()


async def _timed(work: Awaitable[Any]) -> tuple[type[BaseException] | None, float]:
    started = time.monotonic()
    try:
        await work
    except Exception as error:
        return type(error), time.monotonic() - started
    return None, time.monotonic() - started


async def _add(application: Application, id: str, event: str = "add", **args: Any) -> None:
    item = await application.objects(Item).get(id)
    await application.dispatch(getattr(item.do, event)(**args))


HOLD = "UPDATE item SET n = n + 1 WHERE id = 'i0'"
HOLD_FADING = "UPDATE fading SET _expires_at = _expires_at + 1"


async def test_commands_on_a_locked_row_end_at_their_deadline(any_url: str) -> None:
    async with _application(any_url) as application:
        async with _holding(any_url, HOLD):
            text = await asyncio.gather(*(_timed(_add(application, "i0")) for _ in range(7)))
        assert {kind for kind, _ in text} == {StoreBusyError}
        assert all(took < TIMEOUT_S + 1 for _, took in text)
        await _add(application, "i0")
        assert (await application.objects(Item).get("i0")).n == 1


async def test_later_command_has_a_separate_deadline(any_url: str) -> None:
    async with _application(any_url) as application:
        async with _holding(any_url, HOLD):
            first = asyncio.ensure_future(_timed(_add(application, "i0")))
            await asyncio.sleep(TIMEOUT_S / 2)
            second = asyncio.ensure_future(_timed(_add(application, "i0")))
            assert (await first)[0] is StoreBusyError
        assert (await second)[0] is None
        assert (await application.objects(Item).get("i0")).n == 1


async def test_other_rows_commit_while_one_is_locked(url: str) -> None:
    async with _application(url) as application, _holding(url, HOLD):
        waiting = [asyncio.ensure_future(_timed(_add(application, "i0"))) for _ in range(20)]
        await asyncio.sleep(0.2)
        text = [await _timed(_add(application, f"i{n}")) for n in range(1, 6)]
        assert [kind for kind, _ in text] == [None] * 5
        assert not any(task.done() for task in waiting)
        await asyncio.gather(*waiting)


async def test_more_locked_rows_than_connections_block_no_other_row(url: str) -> None:
    """MySQL waits a second for the first locks; later commands take no connection."""
    async with _application(url, timeout_s=5) as application:
        others = [HOLD.replace("'i0'", f"'i{n}'") for n in range(11)]
        async with _holding(url, *others):
            waiting = [asyncio.ensure_future(_timed(_add(application, f"i{n}"))) for n in range(11)]
            await asyncio.sleep(2)
            kind, took = await _timed(_add(application, "i11"))
            text = await asyncio.gather(*waiting)
        assert kind is None
        assert took < 1.5
        assert {kind for kind, _ in text} == {StoreBusyError}
        assert all(took < 5 + 1.5 for _, took in text)


async def test_lock_wait_releases_the_only_connection(url: str) -> None:
    async with _application(url, pool_size=1) as application, _holding(url, HOLD):
        waiting = asyncio.ensure_future(_timed(_add(application, "i0")))
        await asyncio.sleep(0.05)
        kind, took = await _timed(_add(application, "i1"))
        assert kind is None
        assert took < TIMEOUT_S
        assert (await waiting)[0] is StoreBusyError


async def test_lock_that_is_released_in_time_costs_a_wait(any_url: str) -> None:
    async with _application(any_url) as application:
        async with _holding(any_url, HOLD):
            waiting = [asyncio.ensure_future(_add(application, "i0")) for _ in range(4)]
            await asyncio.sleep(TIMEOUT_S / 3)
        await asyncio.gather(*waiting)
        assert (await application.objects(Item).get("i0")).n == 4


async def test_second_row_of_a_command_may_be_the_locked_one(any_url: str) -> None:
    async with _application(any_url) as application:
        async with _holding(any_url, HOLD):
            kind, took = await _timed(_add(application, "i1", "move", other="i0"))
        assert kind is StoreBusyError
        assert took < TIMEOUT_S + 1
        found = [await application.objects(Item).get(id) for id in ("i0", "i1")]
        assert [item.n for item in found] == [0, 0]


async def test_awaiting_in_an_event_does_not_count_against_the_deadline(any_url: str) -> None:
    async with _application(any_url) as application:
        await _add(application, "i0", "add_later")
        assert (await application.objects(Item).get("i0")).n == 1


async def test_touching_a_locked_row_blocks_no_other_row(url: str) -> None:
    async with _application(url) as application, _holding(url, HOLD_FADING):
        store = application.persistence.for_class(Fading)
        waiting = [asyncio.ensure_future(_timed(store.touch(Fading, "f", 60))) for _ in range(12)]
        await asyncio.sleep(TIMEOUT_S * 0.8)
        kind, took = await _timed(_add(application, "i1"))
        text = await asyncio.gather(*waiting)
        assert kind is None
        assert took < 1
        assert {kind for kind, _ in text} == {StoreBusyError}
        assert all(took < TIMEOUT_S + 1.5 for _, took in text)


async def test_table_that_is_locked_for_readers_too_is_busy(url: str) -> None:
    async with _application(url) as application:
        external = await ExternalWriter.at(url)
        if external.kind == "postgresql":
            await external.run("BEGIN")
            await external.run("LOCK TABLE item IN ACCESS EXCLUSIVE MODE")
        else:
            await external.run("LOCK TABLES item WRITE")
        text = await asyncio.gather(
            _timed(application.objects(Item).get("i0")),
            _timed(application.objects(Item).list()),
            _timed(application.objects(Item).create(id="new")),
        )
        await external.run("COMMIT" if external.kind == "postgresql" else "UNLOCK TABLES")
        await external.close()
        assert [kind for kind, _ in text] == [StoreBusyError] * 3
        assert all(took < TIMEOUT_S + 2 for _, took in text)
        assert (await application.objects(Item).get("i0")).n == 0
