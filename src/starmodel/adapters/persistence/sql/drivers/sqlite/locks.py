"""The write lock of a SQLite file, held for one sync event and its commit."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.drivers.sqlite.failures import sqlite_error
from starmodel.adapters.persistence.sql.drivers.sqlite.jobs import Job, Work
from starmodel.adapters.persistence.sql.drivers.sqlite.steps import work_of
from starmodel.adapters.persistence.sql.drivers.sqlite.writer import SqliteWriter
from starmodel.adapters.persistence.sql.engine import RowKey, Transaction
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.core.errors import StoreBusyError, TransactionAbortedError


class _NotCommittedError(Exception):
    """The caller left without a commit; the transaction is rolled back."""


class SqliteLock:
    """Reads and at most one commit in a transaction of the writer.

    The writer's thread holds its transaction open and runs requests from
    the event loop in it. No other connection can write meanwhile.

    Shapes: serves `SqlRepository` as an engine.
    Units: idle_s limits the thread's wait for the next request; then it
    rolls back.
    """

    def __init__(
        self,
        writer: SqliteWriter,
        sql_dialect: SqlDialect,
        rows: Sequence[RowKey],
        deadline: float,
        idle_s: float,
    ) -> None:
        self._writer, self._sql_dialect = writer, sql_dialect
        self._rows, self._idle_s = rows, idle_s
        self._loop = asyncio.get_running_loop()
        self._read: dict[tuple[str, Any], Sequence[Row]] = {}
        self._requests: queue.SimpleQueue[Callable[[sqlite3.Connection], bool] | None] = (
            queue.SimpleQueue()
        )
        self._transaction: Transaction | None = None
        self._request: asyncio.Future[Any] | None = self._loop.create_future()
        self._job = Job(
            self._serve, deadline=deadline, is_interactive=True, on_settled=self._settle
        )
        self._job.future.add_done_callback(lambda future: future.cancelled() or future.exception())

    @property
    def sql_dialect(self) -> SqlDialect:
        return self._sql_dialect

    async def acquire(self) -> None:
        """Begin the transaction and read the rows. Raises: StoreBusyError, at the deadline."""
        self._writer.submit(self._job)
        await self._response()

    def end(self) -> None:
        """Roll back, unless a commit is in progress."""
        self._requests.put(None)

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        """Return rows as seen by this transaction."""
        read = self._read.get((sql, params[0])) if params else None
        if read is not None:
            return read
        found: Sequence[Row] = await self._run(lambda on: on.execute(sql, params).fetchall())
        return found

    one_row = rows

    async def next_number(self, sequence: Numbers) -> int:
        given = (sequence.table,)
        return int(await self._run(lambda on: on.execute(sequence.next, given).fetchone()[0]))

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        """Store the batch and end the transaction."""
        if self._transaction is not None or self._request is not None or self._job.error:
            raise TransactionAbortedError("The transaction that held the rows has ended.")
        self._transaction = transaction
        transaction.job = self._job
        self._job.between, work = transaction.between, work_of(transaction)
        self._job.context = contextvars.copy_context()

        def store(connection: sqlite3.Connection) -> bool:
            work(connection)
            return True

        self._requests.put(store)
        return self._job.future

    async def _run(self, work: Work) -> Any:
        """Run work in this transaction on the writer's thread; return its result."""
        if self._transaction is not None or self._job.error is not None:
            raise TransactionAbortedError("The transaction that held the rows has ended.")
        self._request = self._loop.create_future()

        def respond(connection: sqlite3.Connection) -> bool:
            try:
                self._resolve_soon(work(connection), None)
            except sqlite3.Error as error:
                self._resolve_soon(None, sqlite_error("The SQL store can't be read", error))
            return False

        self._requests.put(respond)
        return await self._response()

    async def _response(self) -> Any:
        try:
            return None if self._request is None else await self._request
        finally:
            self._request = None

    def _resolve_soon(self, result: Any, error: BaseException | None) -> None:
        self._loop.call_soon_threadsafe(self._resolve, result, error)

    def _resolve(self, result: Any, error: BaseException | None) -> None:
        request = self._request
        if request is None or request.done():
            return
        if error is None:
            request.set_result(result)
        else:
            request.set_exception(error)

    def _serve(self, connection: sqlite3.Connection) -> None:
        """Serve requests on the writer's thread until one of them stores; then commit."""
        for row in self._rows:
            sql = row.statements.get_locked
            self._read[sql, row.params[0]] = connection.execute(sql, row.params).fetchall()
        self._resolve_soon(None, None)
        stored = False
        while not stored:
            try:
                request = self._requests.get(timeout=self._idle_s)
            except queue.Empty:
                raise StoreBusyError(
                    f"A command held the database for {self._idle_s:g} s without storing "
                    "anything, so nothing of it was stored."
                ) from None
            if request is None:
                raise _NotCommittedError
            stored = request(connection)

    def _settle(self, error: BaseException | None) -> None:
        self._resolve(None, error)
        if self._transaction is not None:
            self._transaction.settle(error)
