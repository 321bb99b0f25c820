"""Executes actions, each with its row in the ledger."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

from starmodel.migrations.errors import UnknownOutcomeError
from starmodel.migrations.running.database.connection import Link
from starmodel.migrations.running.database.lock_waits import retrying
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.executing.operations import run_operations
from starmodel.migrations.running.executing.schema_change import SchemaChange
from starmodel.migrations.running.ledger.ledger import ActionEntry, ActionKey, Ledger
from starmodel.migrations.running.planning.actions import (
    Action,
    DataAction,
    OperationsAction,
    ProgramAction,
    RowAction,
    SchemaAction,
    SqlAction,
)
from starmodel.migrations.running.rows.table import checkpoint_key, checkpoint_text

Interrupted = Literal["stop", "done", "again"]
"""What to do with a statement whose outcome is unknown: stop, take it for done, run it again."""
_OUTSIDE = re.compile(r"\b(CONCURRENTLY|VACUUM)\b", re.IGNORECASE)
_ROWS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|SET)\b", re.IGNORECASE)


SLICE_S, PAUSE_S = 0.4, 0.12
"""SQLite has no queue of writers: each tries again after at most 0.1 s. So batches leave a pause of
PAUSE_S after each SLICE_S of work, while another process uses the file."""


class Executor:
    """Executes the actions of one migration.

    Shapes: begun are the ledger's rows of its actions, by step and number.
    """

    def __init__(
        self,
        link: Link,
        ledger: Ledger,
        *,
        interrupted: Interrupted = "stop",
        on_batch: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._link, self._ledger = link, ledger
        self._interrupted, self._on_batch = interrupted, on_batch

    async def run(self, action: Action, key: ActionKey, begun: ActionEntry | None) -> None:
        """Execute an action, unless it is done; events have to wait for all tables.

        Raises: MigrationError; what the database says.
        """
        if begun is not None and begun.is_done:
            return
        resuming = begun is not None
        if isinstance(action, SchemaAction):
            await self._schema(action, key, begun)
        elif isinstance(action, ProgramAction):
            await self._retrying(lambda s: self._program(s, action, key))
        elif isinstance(action, RowAction):
            await self._rows(action, key, begun)
        elif isinstance(action, SqlAction):
            await self._retrying(lambda s: self._sql(s, action, key, resuming=resuming))
        elif isinstance(action, OperationsAction):
            await self._retrying(lambda s: self._operations(s, action, key, resuming=resuming))
        elif isinstance(action, DataAction):
            await self._data(action, key, begun)

    async def _retrying(self, work: Callable[[Session], None]) -> None:
        await retrying(self._link, work)

    async def _schema(
        self, action: SchemaAction, key: ActionKey, begun: ActionEntry | None
    ) -> None:
        change = SchemaChange(self._ledger, action, key)
        if begun is None or begun.checkpoint is None:
            await self._retrying(change.run)
        for statements in await self._link.run(change.later):
            await self._retrying(statements)

    def _start(self, session: Session, key: ActionKey) -> None:
        self._ledger.start_once(session, key)

    def _program(self, session: Session, action: ProgramAction, key: ActionKey) -> None:
        if session.kind == "mysql":
            self._start(session, key)
            for sql in action.statements(session.sql_dialect):
                session.execute(sql)
            self._ledger.finish(session, key)
            return
        with session.transaction():
            self._start(session, key)
            for sql in action.statements(session.sql_dialect):
                session.execute(sql)
            self._ledger.finish(session, key)

    async def _rows(self, action: RowAction, key: ActionKey, begun: ActionEntry | None) -> None:
        work = action.work
        after = None if begun is None else checkpoint_key(begun.checkpoint)
        gives_way = await self._link.run(lambda s: s.kind == "sqlite" and s.is_shared())
        began = time.monotonic()
        while True:
            after, count = await self._batch(work, key, after)
            if not count:
                return
            self._on_batch(count)
            if gives_way and time.monotonic() - began >= SLICE_S:
                await asyncio.sleep(PAUSE_S)
                began = time.monotonic()

    async def _batch(self, work: Any, key: ActionKey, after: Any) -> tuple[Any, int]:
        result: list[Any] = []

        def batch(session: Session) -> None:
            result.clear()
            with session.transaction():
                self._start(session, key)
                if session.is_recording:
                    work.record(session)
                    self._ledger.finish(session, key)
                    result.extend((None, 0))
                    return
                table = work.table(session)
                rows = work.batch(table, after)
                last = table.decode_key(rows[-1][0]) if rows else None
                if rows:
                    self._ledger.save_checkpoint(session, key, checkpoint_text(last))
                else:
                    self._ledger.finish(session, key)
                result.extend((last, len(rows)))

        await self._retrying(batch)
        return result[0], result[1]

    def _sql(self, session: Session, action: SqlAction, key: ActionKey, *, resuming: bool) -> None:
        if action.table is not None and not Catalogue(session).has_table(action.table):
            with session.transaction():
                self._start(session, key)
                self._ledger.finish(session, key)
            return
        outside = session.kind == "postgresql" and _OUTSIDE.search(action.sql)
        if outside or (session.kind == "mysql" and not _ROWS.match(action.sql)):
            self._outside(session, key, action.sql, resuming, lambda: session.execute(action.sql))
            return
        with session.transaction():
            self._start(session, key)
            session.execute(action.sql)
            self._ledger.finish(session, key)

    def _outside(
        self,
        session: Session,
        key: ActionKey,
        what: str,
        resuming: bool,
        run: Callable[[], Any],
    ) -> None:
        """Run what commits by itself; after an interruption its outcome is unknown."""
        if resuming and self._interrupted == "stop":
            raise UnknownOutcomeError(
                f"{what!r} was interrupted, and {session.sql_dialect.title} can't tell whether it "
                "took effect. Look at the database, then run `starmodel db upgrade` with "
                "--interrupted done, or with --interrupted again."
            )
        self._start(session, key)
        if not (resuming and self._interrupted == "done"):
            run()
        self._ledger.finish(session, key)

    def _operations(
        self, session: Session, action: OperationsAction, key: ActionKey, *, resuming: bool
    ) -> None:
        def run() -> None:
            run_operations(session, action.do)

        if session.kind == "mysql":
            self._outside(session, key, action.about, resuming, run)
            return
        with session.transaction():
            self._start(session, key)
            run()
            self._ledger.finish(session, key)

    def _record_data(self, session: Session, action: DataAction, key: ActionKey) -> None:
        self._start(session, key)
        session.execute("BEGIN IMMEDIATE" if session.kind == "sqlite" else "BEGIN")
        session.execute(f"-- {action.about}")
        self._ledger.finish(session, key)
        session.execute("COMMIT")

    async def _data(self, action: DataAction, key: ActionKey, begun: ActionEntry | None) -> None:
        if await self._link.run(lambda session: session.is_recording):
            await self._link.run(lambda s: self._record_data(s, action, key))
            return
        from starmodel.migrations.running.rows.data import run_data

        await run_data(self._link, self._ledger, action.do, action.schema, key, begun)


def _programs(session: Session, action: SchemaAction) -> Iterator[str]:
    for program in action.then:
        yield from program.creation(session.sql_dialect)
