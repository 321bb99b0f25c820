"""SQLite: reads at once, writes in groups by one thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Literal

from sqlalchemy import MetaData
from sqlalchemy.engine import URL

from starmodel.adapters.persistence.sql.engine import Transaction
from starmodel.adapters.persistence.sql.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.markers import PURGED_AT_ONCE, Markers
from starmodel.adapters.persistence.sql.sequences import Sequence as Numbers
from starmodel.adapters.persistence.sql.sqlite_database import (
    SqliteDatabase,
    columns_of,
    create_tables,
)
from starmodel.adapters.persistence.sql.sqlite_flavour import SqliteFlavour
from starmodel.adapters.persistence.sql.sqlite_reader import PATIENT_S, SqliteReader
from starmodel.adapters.persistence.sql.sqlite_steps import conflict, do
from starmodel.adapters.persistence.sql.sqlite_writer import Job, SqliteWriter
from starmodel.adapters.persistence.sql.statements import Row, Statements
from starmodel.adapters.persistence.sql.tables import EntityTable
from starmodel.core.errors import DuplicateCommandError


class SqliteEngine:
    """One file that other processes may use too; "sqlite://" is a private one."""

    flavour = SqliteFlavour()
    _reader: SqliteReader
    _writer: SqliteWriter

    def __init__(self, url: URL, synchronous: Literal["NORMAL", "FULL"]) -> None:
        self._database = SqliteDatabase(url, synchronous)
        self._opened = ExitStack()
        self._connection: sqlite3.Connection | None = None

    async def connect(self) -> None:
        self._opened.callback(self._database.close)

        def connect() -> None:
            self._connection = self._database.connect(PATIENT_S)
            self._opened.callback(self._connection.close)

        await _in_thread(connect)

    async def columns(self, table: str, schema: str | None = None) -> FoundColumns:
        found: FoundColumns = {}

        def look() -> None:
            if self._connection is not None:
                found.update(columns_of(self._connection, table))

        await _in_thread(look)
        return found

    async def create(self, metadata: MetaData, tables: Sequence[EntityTable]) -> None:
        if self._connection is not None:
            await _in_thread(create_tables, self._connection, metadata, tables)

    async def start(self) -> None:
        def connect() -> None:
            self._reader = SqliteReader(self._database.connect)
            self._opened.callback(self._reader.close)

        await _in_thread(connect)
        if self._connection is not None:
            self._writer = SqliteWriter(self._connection)

    async def close(self) -> None:
        if hasattr(self, "_writer"):
            await self._writer.close()
        await _in_thread(self._opened.close)

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        return await self._reader.rows(sql, params)

    one_row = rows

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        marker, markers, now = transaction.marker, transaction.markers, transaction.now
        steps = transaction.steps

        def work(connection: sqlite3.Connection) -> None:
            lost = transaction.lost_ground()
            if lost is not None:
                raise conflict(lost, connection)
            if marker is not None:
                _put(connection, markers.put_sql, markers.row(marker, now))
            for step in steps:
                do(step, connection)

        job = Job(
            work,
            alone=transaction.alone,
            between=transaction.between,
            settled=transaction.settle,
        )
        transaction.job = job
        return self._writer.submit(job)

    async def run(self, sql: str, params: Sequence[Any]) -> None:
        await self._writer.submit(Job(lambda on: on.execute(sql, params), alone=True))

    async def next_number(self, sequence: Numbers) -> int:
        given = (sequence.key,)
        work = Job(lambda connection: connection.execute(sequence.next, given).fetchone()[0])
        return int(await self._writer.submit(work))

    async def sweep(self, statements: Statements, now: float, limit: int) -> Sequence[Row]:
        sweep = statements.sweep
        given = sweep.params({"now_": now, "limit_": limit})
        work = Job(lambda connection: connection.execute(sweep.sql, given).fetchall())
        return await self._writer.submit(work)  # type: ignore[no-any-return]

    async def purge(self, markers: Markers, stale: float) -> None:
        purge = markers.purge
        await self.run(purge.sql, purge.params({"stale_": stale, "limit_": PURGED_AT_ONCE}))


async def _in_thread(work: Callable[..., None], *args: Any) -> None:
    """Do it in a thread; also when cancelled, only return when the thread is done with it."""
    # A future and no task: a loop that ends cancels every task, and could not wait for this one.
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


def _put(connection: sqlite3.Connection, sql: str | None, row: Row) -> None:
    """Put a marker, or replace one of the same run. Raises: DuplicateCommandError."""
    if sql is not None and connection.execute(sql, row).rowcount != 1:
        raise DuplicateCommandError(row[0])
