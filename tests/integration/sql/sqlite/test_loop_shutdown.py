"""An event loop that closes while a store is opening."""

from __future__ import annotations

import asyncio
import threading

import pytest

from starmodel.adapters.persistence.sql.drivers.sqlite.engine import _in_thread


async def test_cancelled_tasks_wait_for_the_connection_thread() -> None:
    entered, leave, left = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        entered.set()
        leave.wait(5)
        left.set()

    opening = asyncio.create_task(_in_thread(work))
    await asyncio.to_thread(entered.wait, 5)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not opening.done()
    leave.set()

    with pytest.raises(asyncio.CancelledError):
        await opening
    assert left.is_set()


async def test_error_of_the_thread_is_raised() -> None:
    def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await _in_thread(work)
