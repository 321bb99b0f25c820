"""The slots of the connection pool: order, deadlines and cancelled callers."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
from starmodel.core.errors import StoreBusyError

FAR = 60.0


class _Connection:
    closed = False

    async def terminate(self) -> None:
        self.closed = True


class _Server:
    where = "the server"

    def __init__(self) -> None:
        self.opened = 0

    async def connect(self, within_s: float | None = None) -> Any:
        self.opened += 1
        return _Connection()


def _pool(size: int = 1) -> Pool:
    server: Any = _Server()
    return Pool(server, size, FAR)


async def _hold(pool: Pool, order: list[int], number: int) -> None:
    async with pool.connection():
        order.append(number)
        await asyncio.sleep(0)


async def test_waiting_callers_get_connections_in_order() -> None:
    pool, order = _pool(2), list[int]()
    await asyncio.gather(*(_hold(pool, order, number) for number in range(20)))
    assert order == list(range(20))
    assert pool._server.opened == 2  # type: ignore[attr-defined]


async def test_caller_at_its_deadline_gets_a_busy_error_and_no_slot() -> None:
    pool, order = _pool(), list[int]()
    async with pool.connection():
        with pytest.raises(StoreBusyError, match="All 1 connections to the server"):
            await pool.acquire(time.monotonic())
    await _hold(pool, order, 1)
    assert order == [1]


@pytest.mark.parametrize("has_slot", [False, True])
async def test_cancelled_caller_leaves_its_slot_to_the_next(has_slot: bool) -> None:
    pool, order = _pool(), list[int]()
    held = await pool.acquire()
    cancelled, next_one = [asyncio.ensure_future(_hold(pool, order, number)) for number in range(2)]
    await asyncio.sleep(0)
    if has_slot:
        await pool.release(held, None)
        cancelled.cancel()
    else:
        cancelled.cancel()
        await pool.release(held, None)
    await next_one
    assert order == [1]
    assert cancelled.cancelled()
    await _hold(pool, order, 2)
    assert order == [1, 2]


async def test_cancelled_use_closes_its_connection() -> None:
    """Its response may still be pending."""
    pool = _pool()
    connection = await pool.acquire()
    await pool.release(connection, asyncio.CancelledError())
    assert connection.closed
    assert await pool.acquire() is not connection
