"""SQLite's writer thread: jobs that are queued together are committed together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import random
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from starmodel.adapters.persistence.sql.drivers.sqlite.failures import is_busy, sqlite_error
from starmodel.adapters.persistence.sql.drivers.sqlite.jobs import Job
from starmodel.core.errors import StoreBusyError, StoreUnavailableError

log = logging.getLogger("starmodel.sql")
MAX_GROUP, MAX_LOCKS = 256, 32
BUSY_MS, POLL_S = 3, 0.002


class SqliteWriter:
    """Commits queued jobs in groups, many jobs per transaction.

    A failing job is rolled back alone: the group is retried with a
    savepoint per job. A future resolves only after COMMIT; when COMMIT
    fails, the whole group fails. A job with `between` gets a separate
    transaction.

    Shapes: the writer owns the connection from now on; check raises
    StoreUnavailableError when its file is gone.
    """

    def __init__(
        self, connection: sqlite3.Connection, check: Callable[[], None] = lambda: None
    ) -> None:
        self._connection, self._check = connection, check
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        # Jobs are queued in lists, so that the two threads don't contend for the interpreter
        # lock at every single job.
        self._queue: queue.SimpleQueue[list[Job]] = queue.SimpleQueue()
        self._dequeued: deque[Job] = deque()
        self._loop = asyncio.get_running_loop()
        self._pending: list[Job] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="starmodel-write", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> asyncio.Future[Any]:
        """Queue the job. Raises: StoreUnavailableError, after `close`."""
        if self._closed:
            raise StoreUnavailableError(
                "The SQL store is closed, and this command was not stored. Dispatch it again "
                "once the application has started."
            )
        if job.loop is not self._loop:
            self._queue.put([job])
            return job.future
        if not self._pending:  # handed over once the loop has run all ready callbacks
            self._loop.call_soon(self._hand_over)
        self._pending.append(job)
        return job.future

    async def close(self) -> None:
        """Commit all queued jobs, then stop the thread and close the connection."""
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._queue.put([])
            await asyncio.to_thread(self._thread.join)
            self._connection.close()

    def _hand_over(self) -> None:
        jobs, self._pending = self._pending, []
        self._queue.put(jobs)

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)

    def _next_group(self) -> list[Job]:
        """Return the first job and those queued behind it; empty at shutdown."""
        dequeued = self._dequeued
        while not dequeued and not self._closed:
            dequeued += self._queue.get()
        with contextlib.suppress(queue.Empty):
            while len(dequeued) < MAX_GROUP:
                dequeued += self._queue.get_nowait()
        group: list[Job] = []
        while dequeued and len(group) < MAX_GROUP:
            if dequeued[0].between is not None:
                return group or [dequeued.popleft()]
            if group and (
                dequeued[0].is_interactive is not group[0].is_interactive
                or (group[0].is_interactive and len(group) == MAX_LOCKS)
            ):
                return group
            group.append(dequeued.popleft())
        return group

    def _commit(self, group: list[Job]) -> None:
        run = self._connection.execute
        try:
            group = self._begin(group)
            if not group:
                return
            self._check()
            if group[0].is_interactive:
                group = self._run_interactive(group)
            elif len(group) == 1 or not self._run_all(group):
                for job in group:
                    self._run_job(job)
            self._finish(group)
        except BaseException as error:  # the thread must survive, and every caller get the error
            with contextlib.suppress(sqlite3.Error):
                run("ROLLBACK")
            for job in group:
                job.error = job.error or _not_stored(error)
        _deliver(group)

    def _begin(self, group: list[Job]) -> list[Job]:
        """Take the write lock; return the group without the jobs whose deadline has passed.

        Polls at short random intervals: SQLite has no lock queue, and its busy handler sleeps ever
        longer, so a busy process would starve the others.
        """
        while True:
            now = time.monotonic()
            late = [job for job in group if job.deadline <= now]
            if late:
                for job in late:
                    job.error = _deadline_error()
                _deliver(late)
                group = [job for job in group if job.deadline > now]
                if not group:
                    return group
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                time.sleep(random.uniform(0, POLL_S))  # noqa: S311 - spreads the processes
                self._fail_late(now)
            else:
                return group

    def _run_interactive(self, group: list[Job]) -> list[Job]:
        """Run one job after another under the write lock; return the jobs to commit.

        Jobs past their deadline fail. A job with `between` is the last one, because
        the other store has committed.
        """
        for number, job in enumerate(group, 1):
            if job.deadline <= time.monotonic():
                job.error = _deadline_error()
                continue
            self._run_job(job)
            if job.between is not None:
                self._dequeued.extendleft(reversed(group[number:]))
                return group[:number]
        return group

    def _finish(self, group: list[Job]) -> None:
        """Commit; without WAL, readers of other processes may block it for a while."""
        deadline = max(job.deadline for job in group)
        while True:
            try:
                self._connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() >= deadline:
                    raise
            else:
                return

    def _fail_late(self, now: float) -> None:
        """Fail the queued jobs past their deadline: the lock may be held for long."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._dequeued += self._queue.get_nowait()
        late = [job for job in self._dequeued if job.deadline <= now]
        if late:
            for job in late:
                job.error = _deadline_error()
            self._dequeued = deque(job for job in self._dequeued if job.deadline > now)
            _deliver(late)

    def _run_all(self, group: list[Job]) -> bool:
        """Run all jobs, or none when one fails; that is rare, and savepoints are expensive."""
        run = self._connection.execute
        run("SAVEPOINT jobs")
        try:
            for job in group:
                job.result = job.work(self._connection)
        except BaseException:
            if not self._connection.in_transaction:
                raise
            run("ROLLBACK TO jobs")
            return False
        return True

    def _run_job(self, job: Job) -> None:
        run = self._connection.execute
        try:
            if job.is_single_statement:
                job.result = job.work(self._connection)
            else:
                run("SAVEPOINT job")
                job.result = job.work(self._connection)
                run("RELEASE job")
            job.run_between()
        except BaseException as error:
            job.error = _not_stored(error)
            is_alone = job.between is not None and not job.is_interactive
            if is_alone or not self._connection.in_transaction:
                raise  # SQLite has rolled back earlier jobs too, or there are none
            if not job.is_single_statement:
                run("ROLLBACK TO job")
                run("RELEASE job")


def _not_stored(error: BaseException) -> BaseException:
    if not isinstance(error, sqlite3.Error):
        return error
    what = "The SQL store could not commit, so nothing of this command was stored"
    made = sqlite_error(what, error)
    made.__cause__ = error
    return made


def _deadline_error() -> StoreBusyError:
    return StoreBusyError(
        "The SQL store could not commit, so nothing of this command was stored: another program "
        "holds the write lock of the SQLite file. Dispatch it again."
    )


def _deliver(group: list[Job]) -> None:
    """Resolve the futures, with one callback per event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in group:
        loops.setdefault(job.loop, []).append(job)
    for loop, jobs in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, jobs)
        except RuntimeError:
            log.warning("%d commits were stored or refused after their loop had ended", len(jobs))


def _resolve(jobs: list[Job]) -> None:
    for job in jobs:
        job.resolve()
