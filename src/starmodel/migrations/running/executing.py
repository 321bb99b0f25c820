"""Executes actions, each with its row in the ledger."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

from starmodel.migrations.errors import MigrationError, UnknownOutcomeError
from starmodel.migrations.running.actions import (
    Action,
    DataAction,
    OperationsAction,
    ProgramAction,
    RowAction,
    SchemaAction,
    SqlAction,
)
from starmodel.migrations.running.connection import Link
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.difference import Difference, difference
from starmodel.migrations.running.ddl.mysql import MysqlDdl
from starmodel.migrations.running.ddl.postgresql import PostgresqlDdl
from starmodel.migrations.running.ddl.renaming import renamed_schema
from starmodel.migrations.running.ddl.sqlite import SqliteDdl, needs_rebuild
from starmodel.migrations.running.ledger import ActionEntry, ActionKey, Ledger
from starmodel.migrations.running.lock_waits import retrying
from starmodel.migrations.running.operations import run_operations
from starmodel.migrations.running.rows.table import checkpoint_key, checkpoint_text
from starmodel.migrations.running.rows.works import RowWork
from starmodel.migrations.running.session import Session

Interrupted = Literal["stop", "done", "again"]
"""What to do with a statement whose outcome is unknown: stop, take it for done, run it again."""
_OUTSIDE = re.compile(r"\b(CONCURRENTLY|VACUUM)\b", re.IGNORECASE)
_ROWS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|SET)\b", re.IGNORECASE)


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
        """Execute an action, unless it is done. Raises: MigrationError; what the database says."""
        if begun is not None and begun.is_done:
            return
        resuming = begun is not None
        if isinstance(action, SchemaAction):
            await self._retrying(lambda s: self._schema(s, action, key, resuming=resuming))
        elif isinstance(action, ProgramAction):
            await self._retrying(lambda s: self._program(s, action, key))
        elif isinstance(action, RowAction):
            await self._rows(action, key, begun)
        elif isinstance(action, SqlAction):
            await self._retrying(lambda s: self._sql(s, action, key, resuming=resuming))
        elif isinstance(action, OperationsAction):
            await self._retrying(lambda s: self._operations(s, action, key, resuming=resuming))
        else:
            await self._data(action, key, begun)

    async def _retrying(self, work: Callable[[Session], None]) -> None:
        await retrying(self._link, work)

    def _start(self, session: Session, key: ActionKey, resuming: bool) -> None:
        """Record the beginning, once; in a transaction it is visible only with the end."""
        known = self._ledger.actions(session, key.migration)
        if (key.step, key.action) not in known:
            self._ledger.start(session, key)

    def _schema(
        self, session: Session, action: SchemaAction, key: ActionKey, *, resuming: bool
    ) -> None:
        found = difference(action.before, action.after, session.sql_dialect)
        if session.kind == "mysql":
            self._start(session, key, resuming)
            if not found.is_empty:
                for work in action.first:
                    _work_first(session, work, resuming)
                for sql in schema_statements(session, action, found, resuming=resuming):
                    session.execute(sql)
            for sql in _programs(session, action):
                session.execute(sql)
            self._ledger.finish(session, key)
            return
        rebuilds = session.kind == "sqlite" and any(
            needs_rebuild(table, session.sql_dialect) for table in found.tables
        )
        with _foreign_keys_off(session, rebuilds), session.transaction():
            self._start(session, key, resuming)
            if not found.is_empty:
                broken = _broken_keys(session) if rebuilds else set()
                if session.kind == "postgresql" and action.first:
                    for table in found.tables:
                        name = session.sql_dialect.sqlalchemy.identifier_preparer.format_table(
                            table.old.table
                        )
                        session.execute(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
                for work in action.first:
                    _work_first(session, work, False)
                for sql in schema_statements(session, action, found, resuming=resuming):
                    session.execute(sql)
                if rebuilds:
                    _check_keys(session, broken)
            for sql in _programs(session, action):
                session.execute(sql)
            self._ledger.finish(session, key)

    def _program(self, session: Session, action: ProgramAction, key: ActionKey) -> None:
        if session.kind == "mysql":
            self._start(session, key, resuming=True)
            for sql in action.statements(session.sql_dialect):
                session.execute(sql)
            self._ledger.finish(session, key)
            return
        with session.transaction():
            self._start(session, key, resuming=True)
            for sql in action.statements(session.sql_dialect):
                session.execute(sql)
            self._ledger.finish(session, key)

    async def _rows(self, action: RowAction, key: ActionKey, begun: ActionEntry | None) -> None:
        work = action.work
        after = None if begun is None else checkpoint_key(begun.checkpoint)
        while True:
            after, count = await self._batch(work, key, after)
            if not count:
                return
            self._on_batch(count)

    async def _batch(self, work: Any, key: ActionKey, after: Any) -> tuple[Any, int]:
        result: list[Any] = []

        def batch(session: Session) -> None:
            result.clear()
            with session.transaction():
                self._start(session, key, resuming=True)
                if session.is_recording:
                    session.execute(f"-- {work.describe()}: row by row")
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
                self._start(session, key, resuming)
                self._ledger.finish(session, key)
            return
        outside = session.kind == "postgresql" and _OUTSIDE.search(action.sql)
        if outside or (session.kind == "mysql" and not _ROWS.match(action.sql)):
            self._outside(session, key, action.sql, resuming, lambda: session.execute(action.sql))
            return
        with session.transaction():
            self._start(session, key, resuming)
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
        self._start(session, key, resuming)
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
            self._start(session, key, resuming)
            run()
            self._ledger.finish(session, key)

    def _record_data(self, session: Session, action: DataAction, key: ActionKey) -> None:
        self._start(session, key, resuming=False)
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


def _work_first(session: Session, work: RowWork, resuming: bool) -> None:
    """Work on rows before their columns change, unless they have changed already."""
    if session.is_recording:
        session.execute(f"-- {work.describe()}, where it is left to do: row by row")
    elif not resuming or _has_columns(session, work):
        work.run_all(session)


def _has_columns(session: Session, work: RowWork) -> bool:
    table = work.table(session).defined.table
    there = Catalogue(session).columns(table.name, table.schema)
    return all(column.name in there for column in table.columns)


def schema_statements(
    session: Session, action: SchemaAction, found: Difference, *, resuming: bool = False
) -> Iterator[str]:
    """Yield the statements of a difference, each when those before it have run."""
    if session.kind == "sqlite":
        renamed = renamed_schema(action.before, action.after)
        return SqliteDdl(session.sql_dialect, session, renamed).statements(found)
    catalogue = session.catalogue or Catalogue(session)
    if session.kind == "postgresql":
        made = PostgresqlDdl(session.sql_dialect, catalogue).statements(found)
    else:
        made = MysqlDdl(session.sql_dialect, catalogue, resuming=resuming).statements(found)
    return _predicted(session, made, found)


def _predicted(session: Session, statements: Iterator[str], found: Difference) -> Iterator[str]:
    yield from statements
    if session.catalogue is not None:
        session.catalogue.apply(found)


@contextlib.contextmanager
def _foreign_keys_off(session: Session, off: bool) -> Iterator[None]:
    """Switch foreign keys off while tables of SQLite are made again.

    Otherwise DROP TABLE would delete the rows that refer to the table. The
    pragma has no effect inside a transaction.
    """
    if off:
        session.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        if off:
            session.execute("PRAGMA foreign_keys=ON")


def _broken_keys(session: Session) -> set[tuple[Any, ...]]:
    rows = session.rows('SELECT "table", rowid, parent FROM pragma_foreign_key_check')
    return {tuple(row) for row in rows}


def _check_keys(session: Session, before: set[tuple[Any, ...]]) -> None:
    """Refuse rows that refer to nothing, unless they did before. Raises: MigrationError."""
    found = _broken_keys(session) - before
    if found:
        table, row, parent = sorted(found, key=str)[0]
        raise MigrationError(
            f"{len(found)} rows would refer to rows that do not exist, such as the row {row} of "
            f"{table}, which refers to {parent}. Correct them, and run this again."
        )
