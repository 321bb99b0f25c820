"""Services that bind an application to one process, and the lock that detects a second one."""

from __future__ import annotations

import asyncio
import errno
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from starmodel import Entity, create_app
from starmodel.adapters.web.process_lock import ProcessLock, process_local_reasons

HOLD = """
import asyncio, sys
from pathlib import Path
from starmodel.adapters.web.process_lock import ProcessLock

lock = ProcessLock("Shop", "http://127.0.0.1:1", lambda: ["why"], folder=Path(sys.argv[1]))

async def acquire():
    lock.acquire()

asyncio.run(acquire())
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


@asynccontextmanager
async def other_process(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A second process that holds the lock."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    try:
        yield process
    finally:
        await process.communicate(b"")


def process_lock(folder: Path, why: list[str], *, again_s: float = 3600) -> ProcessLock:
    return ProcessLock("Shop", "http://127.0.0.1:1", lambda: why, folder=folder, again_s=again_s)


async def test_second_process_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = process_lock(tmp_path, ["Basket is here."], again_s=0.01)
    async with other_process(tmp_path):
        with caplog.at_level(logging.ERROR):
            lock.acquire()
            for _ in range(1000):
                if caplog.records:
                    break
                await asyncio.sleep(0.01)
        lock.release()
    assert caplog.text.count("Several processes serve this application") == 1
    assert "Basket is here." in caplog.text


async def test_process_that_exits_during_the_check_is_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = process_lock(tmp_path, ["Basket is here."])
    async with other_process(tmp_path) as other:
        lock.acquire()
        await other.communicate(b"")
        lock._complain()  # as the timer does
    lock.release()
    assert "Several processes" not in caplog.text


async def test_application_without_reasons_locks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = ProcessLock("Shop", "http://127.0.0.1:1", list, folder=tmp_path / "locks")
    lock.acquire()
    lock.release()
    assert not (tmp_path / "locks").exists()
    async with other_process(tmp_path):
        lock.acquire()
    assert lock._timer is None
    assert caplog.records == []


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


async def test_lock_of_a_killed_process_is_free(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with other_process(tmp_path) as other:
        other.kill()
        await other.wait()
    lock = process_lock(tmp_path, ["why"])
    lock.acquire()
    try:
        await verify_taken(tmp_path)
    finally:
        lock.release()
    assert "Several processes" not in caplog.text


async def verify_taken(folder: Path) -> None:
    """Verify that another process finds the lock taken."""
    attempt = HOLD.replace("lock.acquire()", "print(lock._lock(lock._path), flush=True)")
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", attempt, str(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    output, _ = await other.communicate(b"")
    assert output.splitlines()[0] == b"False"


async def test_released_lock_is_acquired_by_another_process(tmp_path: Path) -> None:
    lock = process_lock(tmp_path, ["why"])
    lock.acquire()
    lock.release()
    async with other_process(tmp_path):
        assert not lock._lock(lock._path)


async def test_second_application_in_another_thread_shares_the_lock(tmp_path: Path) -> None:
    one, two = (process_lock(tmp_path, ["why"]) for _ in range(2))
    one.acquire()
    await asyncio.to_thread(two.acquire)  # schedules nothing, as it has the lock
    one.release()
    await verify_taken(tmp_path)
    two.release()


async def test_folder_that_cannot_be_written_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    lock = process_lock(tmp_path / "file" / ".starmodel", ["why"])
    with caplog.at_level(logging.WARNING):
        lock.acquire()
        lock.release()
    assert "cannot be locked (Not a directory)" in caplog.text
    assert "a second process that serves this application is not detected" in caplog.text


async def test_file_system_without_locks_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    lock = process_lock(tmp_path, ["why"])
    with caplog.at_level(logging.WARNING):
        lock.acquire()
        lock.release()
    assert "cannot be locked (No locks available)" in caplog.text
