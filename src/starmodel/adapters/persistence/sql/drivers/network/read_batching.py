"""Coalesces concurrent single-row SELECTs into one round trip."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
from starmodel.adapters.persistence.sql.drivers.network.server import (
    CONNECTION_ERRORS,
)
from starmodel.core.errors import StoreBusyError, StoreUnavailableError

MAX_IN_FLIGHT, MAX_BATCH = 2, 100


class _PendingRead(NamedTuple):
    params: Sequence[Any]
    result: asyncio.Future[Sequence[Row] | None]
    deadline: float


class ReadBatcher:
    """Batches queries that share their SQL text, under load only.

    A query is sent immediately while fewer than MAX_IN_FLIGHT batches of its
    text are in flight; otherwise it joins the batch that is sent when one
    of them returns. Each query reads what is committed when it is sent.
    A burst of queries is one batch, so that its commands on one row start
    from one state and build on each other.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._queued: dict[str, list[_PendingRead]] = {}
        self._in_flight: dict[str, set[asyncio.Task[None]]] = {}

    def fetch_one(
        self, sql: str, params: Sequence[Any], deadline: float
    ) -> asyncio.Future[Sequence[Row] | None]:
        """Return the rows; None when the batch failed or was late, so the query runs alone.

        Raises: StoreUnavailableError, when no connection was available.
        """
        read = _PendingRead(params, asyncio.get_running_loop().create_future(), deadline)
        self._queued.setdefault(sql, []).append(read)
        self._start(sql)
        return read.result

    async def settle(self) -> None:
        """Wait until no query is in flight."""
        while in_flight := set().union(*self._in_flight.values()):
            await asyncio.wait(in_flight)

    def _start(self, sql: str) -> None:
        in_flight = self._in_flight.setdefault(sql, set())

        def on_done(task: asyncio.Task[None]) -> None:
            in_flight.discard(task)
            self._start(sql)

        if sql in self._queued and len(in_flight) < MAX_IN_FLIGHT:
            task = asyncio.ensure_future(self._send(sql))
            in_flight.add(task)
            task.add_done_callback(on_done)

    def _take(self, sql: str) -> list[_PendingRead]:
        queued = [q for q in self._queued.pop(sql, ()) if not q.result.done()]
        if queued[MAX_BATCH:]:
            self._queued[sql] = queued[MAX_BATCH:]
        return queued[:MAX_BATCH]

    async def _send(self, sql: str) -> None:
        batch = self._take(sql)
        if not batch:
            return
        results: Sequence[Sequence[Row] | None] = [None] * len(batch)
        try:
            async with self._pool.connection(min(read.deadline for read in batch)) as connection:
                if len(batch) == 1:
                    results = [await connection.rows(sql, batch[0].params)]
                else:
                    results = await connection.rows_for_each(sql, [read.params for read in batch])
        except StoreUnavailableError as error:
            now = time.monotonic()
            for read in batch:
                late = read.deadline <= now or not isinstance(error, StoreBusyError)
                if late and not read.result.done():
                    read.result.set_exception(type(error)(str(error)))
        except CONNECTION_ERRORS:
            pass  # each query is retried alone and gets its own error
        finally:
            for read, result in zip(batch, results, strict=True):
                if not read.result.done():
                    read.result.set_result(result)
