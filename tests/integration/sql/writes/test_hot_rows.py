"""Concurrent commands of several processes on one row succeed without a retry.

Each application has a separate store, as a process would; real
processes are in `tests/torture`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from external_writers import ExternalWriter
from starmodel import Entity, event
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.application import Application
from starmodel.app.uow import UnitOfWork
from starmodel.core.fields.field import Field
from starmodel.testing.fakes import fake_application


class Account(Entity):
    model_config = {"store": "sql", "scope": "record", "access": "public"}
    id: str
    total: int = 0
    entries: int = 0
    note: str = ""

    @event
    def add(self, amount: int = 1) -> None:
        self.total += amount
        self.entries += 1

    @event
    def move(self, other: Account, amount: int) -> None:
        self.total -= amount
        other.total += amount
        self.entries += 1
        other.entries += 1

    @event
    def enter(self, uow: UnitOfWork) -> None:
        self.entries += 1
        uow.add(Entry(account=self.id))

    @event
    def spend(self, amount: int) -> None:
        self.entries += 1
        if amount > self.total:
            raise ValueError("Too little.")
        self.total -= amount

    @event
    async def annotate(self, text: str) -> None:
        await asyncio.sleep(0)
        self.note = text


class Visits(Entity):
    """Scope "app", not stored yet."""

    model_config = {"store": "sql", "scope": "app", "access": "public"}
    number: int = 0

    @event
    def count(self) -> None:
        self.number += 1


class Entry(Entity):
    model_config = {"store": "sql", "scope": "record", "access": "public"}
    id: int | None = Field(default=None, primary_key=True)
    account: str = Field(foreign_key="account.id", ondelete="CASCADE")


@asynccontextmanager
async def _applications(url: str, number: int = 3) -> AsyncIterator[list[Application]]:
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(number):
            store = SqlRepository(url, timeout_s=30)
            application = fake_application(Account, Entry, Visits, stores={"sql": store})
            await application.ready()
            stack.push_async_callback(application.close)
            made.append(application)
        yield made


@pytest.fixture
async def applications(any_url: str) -> AsyncIterator[list[Application]]:
    async with _applications(any_url) as made:
        for id in ("a", "b"):
            await made[0].objects(Account).create(id=id)
        yield made


async def _found(application: Application, id: str = "a") -> Account:
    found = await application.persistence.for_class(Account).get(Account, id)
    assert found is not None
    return found


async def test_events_on_one_row_from_several_stores_all_succeed(
    applications: list[Application],
) -> None:
    async def write(application: Application) -> None:
        account = await _found(application)
        for _ in range(5):
            await application.dispatch(account.do.add(1))

    await asyncio.gather(*(write(each) for each in applications for _ in range(12)))
    found = await _found(applications[0])
    assert (found.total, found.entries) == (180, 180)


async def test_events_on_two_rows_in_either_order_all_succeed(
    applications: list[Application],
) -> None:
    async def write(application: Application, number: int) -> None:
        one, other = ("a", "b") if number % 2 else ("b", "a")
        account = await _found(application, one)
        for _ in range(4):
            await application.dispatch(account.do.move(other, 1))

    await asyncio.gather(*(write(each, n) for each in applications for n in range(8)))
    found = [await _found(applications[1], id) for id in ("a", "b")]
    assert [each.total for each in found] == [0, 0]
    assert [each.entries for each in found] == [96, 96]


async def test_events_that_number_new_records_all_succeed(applications: list[Application]) -> None:
    async def write(application: Application) -> None:
        account = await _found(application)
        for _ in range(3):
            await application.dispatch(account.do.enter())

    await asyncio.gather(*(write(each) for each in applications for _ in range(6)))
    assert (await _found(applications[0])).entries == 54
    entries = await applications[0].objects(Entry).list()
    assert len({entry.id for entry in entries}) == 54


async def test_first_events_of_an_instance_that_is_not_stored_yet_all_succeed(
    applications: list[Application],
) -> None:
    async def write(application: Application) -> None:
        for _ in range(3):
            await application.dispatch(Visits.count())

    await asyncio.gather(*(write(each) for each in applications for _ in range(12)))
    outcome = await applications[0].dispatch(Visits.count())
    assert isinstance(outcome.entity, Visits)
    assert outcome.entity.number == 109


async def test_async_events_are_rebased_on_a_hot_row(applications: list[Application]) -> None:
    """They change disjoint fields, so no command conflicts."""

    async def write(application: Application) -> None:
        account = await _found(application)
        for _ in range(8):
            await application.dispatch(account.do.add(1))

    async def annotate(application: Application) -> None:
        account = await _found(application)
        for number in range(8):
            await application.dispatch(account.do.annotate(f"{number}"))

    first, *others = applications
    await asyncio.gather(annotate(first), *(write(each) for each in others for _ in range(6)))
    found = await _found(applications[0])
    assert (found.total, found.note) == (96, "7")


async def test_rejected_event_releases_its_row_lock(
    applications: list[Application],
) -> None:
    async def write(application: Application, number: int) -> str:
        account = await _found(application)
        action = account.do.spend(1000) if number % 3 == 0 else account.do.add(1)
        try:
            await application.dispatch(action)
        except ValueError:
            return "refused"
        return "done"

    text = await asyncio.gather(*(write(each, n) for each in applications for n in range(15)))
    found = await _found(applications[0])
    assert (text.count("done"), text.count("refused")) == (30, 15)
    assert (found.total, found.entries) == (30, 30)


def _write_until(url: str, began: threading.Event, stop: threading.Event) -> int:
    """Update the row in a loop, as an external writer; returns the count."""

    async def write() -> int:
        external, number = await ExternalWriter.at(url), 0
        while not stop.is_set():
            sql = "UPDATE account SET note = ?, _version = _version + 1"
            await external.run(sql, f"{number}")
            number += 1
            began.set()
        await external.close()
        return number

    return asyncio.run(write())


async def test_row_under_constant_external_writes_is_locked(any_url: str) -> None:
    """An external update between every read and commit costs a lock wait, and no conflict."""
    async with _applications(any_url, 1) as (application,):
        await application.objects(Account).create(id="a")
        account = await _found(application)
        began, stop = threading.Event(), threading.Event()
        writing = asyncio.ensure_future(asyncio.to_thread(_write_until, any_url, began, stop))
        await asyncio.to_thread(began.wait, 10)
        try:
            await asyncio.gather(*(application.dispatch(account.do.add(1)) for _ in range(20)))
        finally:
            stop.set()
        assert await writing > 0
        assert (await _found(application)).total == 20


async def test_cancelled_command_releases_its_locks(applications: list[Application]) -> None:
    account = await _found(applications[0])
    running = [
        asyncio.ensure_future(each.dispatch(account.do.add(1)))
        for each in applications
        for _ in range(10)
    ]
    await asyncio.sleep(0.01)
    for task in running[::2]:
        task.cancel()
    done = await asyncio.gather(*running, return_exceptions=True)
    counted = sum(not isinstance(each, BaseException) for each in done)
    async with asyncio.timeout(5):
        await applications[1].dispatch(account.do.add(1))
    assert counted + 1 <= (await _found(applications[0])).total <= 31
    assert not any(each.row_locks.contended for each in applications)


async def test_single_writer_never_locks(any_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of one process build on queued states, which needs no lock."""

    async def refuse(*_: Any) -> None:
        raise AssertionError("locked a row that nobody contends for")

    monkeypatch.setattr(SqlRepository, "lock_rows", refuse)
    async with _applications(any_url, 1) as (application,):
        await application.objects(Account).create(id="a")
        account = await _found(application)
        await asyncio.gather(*(application.dispatch(account.do.add(1)) for _ in range(48)))
        assert (await _found(application)).total == 48
