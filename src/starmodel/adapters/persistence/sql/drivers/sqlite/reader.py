"""Runs short reads inline and long ones in a worker thread."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starmodel.adapters.persistence.sql.drivers.sqlite.failures import primary_code, sqlite_error
from starmodel.app.commit.deadlines import deadline_of
from starmodel.core.errors import StarModelError

Row = tuple[Any, ...]
BUDGET_S = 0.010
BUSY_S = 0.005
FILE_CHECK_S = 1.0
STEPS_BETWEEN_CHECKS = 5_000
THREADS = 4
_TOO_LONG = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT)


class SqliteReader:
    """Runs a read in the calling thread, and restarts it in a worker when it is slow.

    A query for a few rows takes some microseconds, far less than a thread
    switch. A read that exceeds BUDGET_S, or finds the database locked for
    BUSY_S, is interrupted and retried in a worker thread, so that it never
    blocks the event loop.

    Shapes: connect opens a connection for a timeout in seconds; check raises
    StoreUnavailableError when the file is gone, and is called every FILE_CHECK_S.
    Units: timeout_s limits the wait for a worker and a lock.
    """

    def __init__(
        self,
        connect: Callable[[float], sqlite3.Connection],
        timeout_s: float,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._connect, self._timeout_s, self._check = connect, timeout_s, check
        self._next_check = 0.0
        self._inline = connect(timeout_s)
        self._inline.execute(f"PRAGMA busy_timeout={BUSY_S * 1000:.0f}")
        self._deadline = 0.0
        self._inline.set_progress_handler(self._is_late, STEPS_BETWEEN_CHECKS)
        self._local = threading.local()
        self._thread_connections: list[sqlite3.Connection] = []
        self._threads = ThreadPoolExecutor(THREADS, "starmodel-read")

    async def rows(self, sql: str, params: Sequence[Any]) -> list[Row]:
        """Return all rows. Raises: StoreBusyError; StoreFailedError; StoreUnavailableError."""
        now = time.perf_counter()
        self._deadline = now + BUDGET_S
        if now > self._next_check:
            self._check()
            self._next_check = now + FILE_CHECK_S
        try:
            return self._inline.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            if primary_code(error) not in _TOO_LONG:
                raise _unreadable(error) from error
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._read, sql, params, deadline_of(self._timeout_s)
        )

    def close(self) -> None:
        """Wait for pending reads, then close the connections."""
        self._threads.shutdown()
        for connection in (self._inline, *self._thread_connections):
            connection.close()

    def _is_late(self) -> bool:
        return time.perf_counter() > self._deadline

    def _read(self, sql: str, params: Sequence[Any], deadline: float) -> list[Row]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect(self._timeout_s)
            self._thread_connections.append(connection)
        try:
            left_ms = max(1, int(1000 * (deadline - time.monotonic())))
            connection.execute(f"PRAGMA busy_timeout={left_ms}")
            return connection.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            raise _unreadable(error) from error


def _unreadable(error: sqlite3.Error) -> StarModelError:
    return sqlite_error("The SQL store can't be read", error)
