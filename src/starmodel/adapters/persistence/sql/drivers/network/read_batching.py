"""Coalesces concurrent single-row SELECTs into one round trip."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
from starmodel.adapters.persistence.sql.drivers.network.server import (
    CollidedError,
    FailedError,
    LockedError,
    LostError,
)
from starmodel.adapters.persistence.sql.statements import Row
from starmodel.core.errors import StoreBusyError, StoreUnavailableError

UNDER_WAY, MOST = 2, 100


class _Question(NamedTuple):
    params: Sequence[Any]
    answer: asyncio.Future[Sequence[Row] | None]
    deadline: float


class Reads:
    """Batches queries that share their SQL text, under load only.

    A query is sent immediately while fewer than UNDER_WAY batches of its
    text are in flight; otherwise it joins the batch that is sent when one
    of them returns. Each query reads what is committed when it is sent.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[str, list[_Question]] = {}
        self._under_way: dict[str, set[asyncio.Task[None]]] = {}

    def ask(
        self, sql: str, params: Sequence[Any], deadline: float
    ) -> asyncio.Future[Sequence[Row] | None]:
        """Return the rows; None when the batch failed or was late, so the query runs alone.

        Raises: StoreUnavailableError, when no connection was available.
        """
        question = _Question(params, asyncio.get_running_loop().create_future(), deadline)
        self._waiting.setdefault(sql, []).append(question)
        self._start(sql)
        return question.answer

    async def settle(self) -> None:
        """Wait until no query is in flight."""
        while under_way := set().union(*self._under_way.values()):
            await asyncio.wait(under_way)

    def _start(self, sql: str) -> None:
        under_way = self._under_way.setdefault(sql, set())

        def go_on(task: asyncio.Task[None]) -> None:
            under_way.discard(task)
            self._start(sql)

        if sql in self._waiting and len(under_way) < UNDER_WAY:
            task = asyncio.ensure_future(self._send(sql))
            under_way.add(task)
            task.add_done_callback(go_on)

    def _take(self, sql: str) -> list[_Question]:
        waiting = [q for q in self._waiting.pop(sql, ()) if not q.answer.done()]
        if waiting[MOST:]:
            self._waiting[sql] = waiting[MOST:]
        return waiting[:MOST]

    async def _send(self, sql: str) -> None:
        group = self._take(sql)
        if not group:
            return
        answers: Sequence[Sequence[Row] | None] = [None] * len(group)
        try:
            async with self._pool.link(min(question.deadline for question in group)) as link:
                if len(group) == 1:
                    answers = [await link.rows(sql, group[0].params)]
                else:
                    answers = await link.each(sql, [question.params for question in group])
        except StoreUnavailableError as error:
            now = time.monotonic()
            for question in group:
                late = question.deadline <= now or not isinstance(error, StoreBusyError)
                if late and not question.answer.done():
                    question.answer.set_exception(type(error)(str(error)))
        except (LostError, CollidedError, LockedError, FailedError):
            pass  # each query is retried alone and gets its own error
        finally:
            for question, answer in zip(group, answers, strict=True):
                if not question.answer.done():
                    question.answer.set_result(answer)
