"""Services that bind an application to one process, and the lock that detects a second one."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from starmodel import Entity, create_app
from starmodel.adapters.web.process_lock import ProcessLock, process_local_reasons

HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


class Basket(Entity):
    """In memory."""


class Order(Entity):
    model_config = {"store": "sql"}


class BetweenProcesses:
    def subscribe(self, handler: Any) -> None: ...

    def unsubscribe(self, handler: Any) -> None: ...

    async def publish(self, message: Any) -> None: ...


def reasons(entities: list[type[Entity]], **options: Any) -> list[str]:
    return process_local_reasons(create_app(entities, **options).starmodel)


def test_memory_store_and_in_process_bus_are_reasons_with_a_remedy() -> None:
    memory, bus = reasons([Basket, Order])
    assert memory.startswith("Basket is kept in the memory of one process")
    assert "'store': 'sql'" in memory
    assert "event_bus" in bus


def test_sql_store_and_shared_bus_have_no_reasons() -> None:
    assert reasons([Order], bus=BetweenProcesses()) == []


async def taken(folder: Path, why: list[str], *, ends: bool = False) -> None:
    """Try to acquire a lock that another process holds."""
    lock = ProcessLock("Shop", "http://127.0.0.1:1", lambda: why, folder=folder, again_s=0.05)
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(lock._path),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert other.stdout is not None
    await other.stdout.readline()
    lock.acquire()
    try:
        if ends:
            await other.communicate(b"")
        await asyncio.sleep(0.2)
    finally:
        lock.release()
        if not ends:
            await other.communicate(b"")


async def test_second_process_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        await taken(tmp_path, ["Basket is here."])
    assert caplog.text.count("Several processes serve this application") == 1
    assert "Basket is here." in caplog.text


async def test_process_that_exits_during_the_check_is_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await taken(tmp_path, ["Basket is here."], ends=True)
    assert "Several processes" not in caplog.text


async def test_application_without_reasons_locks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = ProcessLock("Shop", "http://127.0.0.1:1", list, folder=tmp_path / "locks")
    lock.acquire()
    lock.release()
    assert not (tmp_path / "locks").exists()
    await taken(tmp_path, [])
    assert "Several processes" not in caplog.text


async def test_two_applications_of_one_process_do_not_disturb_each_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = (
        ProcessLock("Shop", "http://h:1", lambda: ["why"], folder=tmp_path, again_s=0.01)
        for _ in range(2)
    )
    one.acquire()
    two.acquire()
    await asyncio.sleep(0.05)
    one.release()
    two.release()
    assert "Several processes" not in caplog.text
