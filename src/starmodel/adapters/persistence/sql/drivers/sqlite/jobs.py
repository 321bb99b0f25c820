"""Jobs of SQLite's writer thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

Work = Callable[[sqlite3.Connection], Any]


class Job:
    """One unit of work, stored as a whole or not at all.

    Shapes: work runs in the writer's thread and must not touch the caller's
    state; on_settled is called in the caller's event loop with the error or
    None, just before the future resolves. is_single_statement: the work is one
    statement, which SQLite rolls back implicitly when it fails. is_interactive: the work waits
    for the event loop while it runs, so it is never retried.
    Units: deadline, on the clock of `time.monotonic`, is when the job fails
    if it has not got the write lock.
    """

    __slots__ = (
        "between", "context", "deadline", "error", "future", "is_interactive",
        "is_single_statement", "loop", "on_settled", "result", "task", "work",
    )  # fmt: skip

    def __init__(
        self,
        work: Work,
        *,
        deadline: float,
        is_single_statement: bool = False,
        is_interactive: bool = False,
        between: Callable[[], Awaitable[None]] | None = None,
        on_settled: Callable[[BaseException | None], None] | None = None,
    ) -> None:
        self.work, self.between, self.on_settled = work, between, on_settled
        self.is_single_statement = is_single_statement
        self.deadline, self.is_interactive = deadline, is_interactive
        self.loop = asyncio.get_running_loop()
        self.context = contextvars.copy_context() if between else None
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None  # the loop references its tasks only weakly

    def resolve(self) -> None:
        """Resolve the future; runs in the caller's event loop."""
        if self.on_settled is not None:
            self.on_settled(self.error)
        del self.work, self.on_settled  # break the reference cycle: memory is freed immediately
        if self.future.done():  # the caller was cancelled
            return
        if self.error is None:
            self.future.set_result(self.result)
        elif isinstance(self.error, asyncio.CancelledError):
            self.future.cancel()
        else:
            self.future.set_exception(self.error)

    def run_between(self) -> None:
        """Run the caller's coroutine in its event loop; blocks the writer's thread."""
        between, context = self.between, self.context
        if between is None:
            return
        outcome: concurrent.futures.Future[None] = concurrent.futures.Future()

        async def run() -> None:
            await between()

        def start() -> None:
            self.task = self.loop.create_task(run(), context=context)
            self.task.add_done_callback(finish)

        def finish(task: asyncio.Task[None]) -> None:
            if task.cancelled():
                outcome.set_exception(asyncio.CancelledError())
            elif (error := task.exception()) is not None:
                outcome.set_exception(error)
            else:
                outcome.set_result(None)

        self.loop.call_soon_threadsafe(start)
        outcome.result()
