"""SQLite engine: inline reads, and writes in group commits by one thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Any, Literal

from sqlalchemy import MetaData
from sqlalchemy.engine import URL

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.sqlite import SqliteDialect
from starmodel.adapters.persistence.sql.drivers.sqlite.database import (
    SqliteDatabase,
    add_tables,
    columns_of,
    create_tables,
)
from starmodel.adapters.persistence.sql.drivers.sqlite.jobs import Job, Work
from starmodel.adapters.persistence.sql.drivers.sqlite.locks import SqliteLock
from starmodel.adapters.persistence.sql.drivers.sqlite.reader import SqliteReader
from starmodel.adapters.persistence.sql.drivers.sqlite.steps import work_of
from starmodel.adapters.persistence.sql.drivers.sqlite.writer import SqliteWriter
from starmodel.adapters.persistence.sql.engine import RowEngine, RowKey, Transaction
from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable
from starmodel.adapters.persistence.sql.schema.existing.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.adapters.persistence.sql.write.idempotency import PURGE_BATCH, Markers
from starmodel.app.commit.deadlines import deadline_of

SETUP_S = 10.0


class SqliteEngine:
    """One file that other processes may use too; "sqlite://" is a private one.

    Units: timeout_s limits a whole command: the writer's queue, and the
    wait for a lock of another process.
    """

    sql_dialect = SqliteDialect()
    _reader: SqliteReader
    _writer: SqliteWriter
    _check_file: Callable[[], None]

    def __init__(self, url: URL, synchronous: Literal["NORMAL", "FULL"], timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._database = SqliteDatabase(url, synchronous)
        self._opened = ExitStack()
        self._connection: sqlite3.Connection | None = None

    async def connect(self) -> None:
        self._opened.callback(self._database.close)

        def connect() -> None:
            self._connection = self._database.connect(SETUP_S)
            self._opened.callback(self._connection.close)
            self._check_file = self._database.file_check(self._connection)

        await _in_thread(connect)

    async def columns(self, table: str, schema: str | None = None) -> FoundColumns:
        found: FoundColumns = {}

        def query() -> None:
            if self._connection is not None:
                found.update(columns_of(self._connection, table))

        await _in_thread(query)
        return found

    async def create(self, metadata: MetaData, tables: Sequence[EntityTable]) -> None:
        if hasattr(self, "_writer"):  # whose transactions this must not enter
            await self._run_job(lambda on: add_tables(on, metadata, tables))
        elif self._connection is not None:
            await _in_thread(create_tables, self._connection, metadata, tables)

    async def start(self) -> None:
        def connect() -> None:
            check = self._check_file
            self._reader = SqliteReader(self._database.connect, self._timeout_s, check)
            self._opened.callback(self._reader.close)

        await _in_thread(connect)
        if self._connection is not None:
            self._writer = SqliteWriter(self._connection, self._check_file)

    async def close(self) -> None:
        if hasattr(self, "_writer"):
            await self._writer.close()
        await _in_thread(self._opened.close)

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        return await self._reader.rows(sql, params)

    one_row = rows

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        job = Job(
            work_of(transaction),
            deadline=deadline_of(self._timeout_s),
            is_single_statement=transaction.is_single_statement,
            between=transaction.between,
            on_settled=transaction.settle,
        )
        transaction.job = job
        return self._writer.submit(job)

    @asynccontextmanager
    async def lock(self, rows: Sequence[RowKey]) -> AsyncIterator[RowEngine]:
        deadline = deadline_of(self._timeout_s)
        lock = SqliteLock(self._writer, self.sql_dialect, rows, deadline, self._timeout_s)
        try:
            await lock.acquire()
            yield lock
        finally:
            lock.end()

    async def _run_job(self, work: Work, *, is_single_statement: bool = False) -> Any:
        deadline = deadline_of(self._timeout_s)
        return await self._writer.submit(
            Job(work, deadline=deadline, is_single_statement=is_single_statement)
        )

    async def execute(self, sql: str, params: Sequence[Any]) -> None:
        await self._run_job(lambda on: on.execute(sql, params), is_single_statement=True)

    async def execute_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for sql, params in statements:
                connection.execute(sql, params)

        await self._run_job(work)

    async def next_number(self, sequence: Numbers) -> int:
        given = (sequence.key,)
        return int(await self._run_job(lambda on: on.execute(sequence.next, given).fetchone()[0]))

    async def sweep(self, statements: Statements, now: float, limit: int) -> Sequence[Row]:
        sweep = statements.sweep
        given = sweep.params({"now_": now, "limit_": limit})
        return await self._run_job(  # type: ignore[no-any-return]
            lambda on: on.execute(sweep.sql, given).fetchall()
        )

    async def purge(self, markers: Markers, stale: float) -> None:
        purge = markers.purge
        await self.execute(purge.sql, purge.params({"stale_": stale, "limit_": PURGE_BATCH}))


async def _in_thread(work: Callable[..., None], *args: Any) -> None:
    """Run the callable in a thread; even when cancelled, return only after it has ended."""
    # A future, not a task: a loop that shuts down cancels every task and could not wait for it.
    running = asyncio.get_running_loop().run_in_executor(None, partial(work, *args))
    cancelled = False
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
    running.result()
