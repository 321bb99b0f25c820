"""Coalesces concurrent single-row SELECTs into one round trip."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
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

    A query is sent immediately while fewer than MAX_IN_FLIGHT round trips of
    its text are in flight; otherwise it joins the batch that is sent when
    one of them returns. Each query reads what is committed when it is sent.
    Cancelling a query that was sent immediately closes its connection.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._queued: dict[str, list[_PendingRead]] = {}
        self._in_flight: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._all_returned = asyncio.Event()

    async def fetch_one(
        self, sql: str, params: Sequence[Any], deadline: float
    ) -> Sequence[Row] | None:
        """Return the rows; None when the query failed or was late, so it has to be retried.

        Raises: StoreUnavailableError, when no connection was available.
        """
        if self._in_flight.get(sql, 0) < MAX_IN_FLIGHT:
            # In the caller's task: a task for each query would cost as much as the query.
            self._in_flight[sql] = self._in_flight.get(sql, 0) + 1
            try:
                async with self._pool.connection(deadline) as connection:
                    return await connection.rows(sql, params)
            except CONNECTION_ERRORS:
                return None
            finally:
                self._returned(sql)
        read = _PendingRead(params, asyncio.get_running_loop().create_future(), deadline)
        self._queued.setdefault(sql, []).append(read)
        return await read.result

    async def settle(self) -> None:
        """Wait until no query is in flight."""
        while self._in_flight:
            self._all_returned.clear()
            await self._all_returned.wait()

    def _returned(self, sql: str) -> None:
        """Start the next batch in place of a round trip that has ended, if queries are queued."""
        if sql in self._queued:
            task = asyncio.ensure_future(self._send(sql))
            self._tasks.add(task)  # the loop references its tasks only weakly
            # Called after the callers whose results this task has set, and who may query again.
            task.add_done_callback(partial(self._batch_returned, sql))
            return
        left = self._in_flight[sql] = self._in_flight[sql] - 1
        if not left:
            del self._in_flight[sql]
            if not self._in_flight:
                self._all_returned.set()

    def _batch_returned(self, sql: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._returned(sql)

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
