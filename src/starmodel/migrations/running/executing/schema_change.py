"""Changes tables from one physical schema to another, with the row of the action in the ledger."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy.exc import DBAPIError

from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.difference import Difference, difference
from starmodel.migrations.running.ddl.mysql import LOCK_NONE, MysqlDdl
from starmodel.migrations.running.ddl.online import WITH_TIMEOUT
from starmodel.migrations.running.ddl.postgresql import PostgresqlDdl
from starmodel.migrations.running.ddl.renaming import renamed_schema
from starmodel.migrations.running.ddl.sqlite import SqliteDdl, needs_rebuild
from starmodel.migrations.running.ledger.ledger import ActionKey, Ledger
from starmodel.migrations.running.planning.actions import SchemaAction
from starmodel.migrations.running.rows.works import RowWork
from starmodel.migrations.schema.editing import qualified_table

CHANGED = '"changed"'
"""The checkpoint of an action whose tables are changed, while indexes and validations are left."""
_NOT_ONLINE = {1845, 1846}
"""The errors of MySQL and MariaDB for LOCK=NONE where they can only copy the table."""


class SchemaChange:
    """One schema action. Each attempt leaves it done, or as it was."""

    def __init__(self, ledger: Ledger, action: SchemaAction, key: ActionKey) -> None:
        self._ledger, self._action, self._key = ledger, action, key

    def run(self, session: Session) -> None:
        """Change the tables; on PostgreSQL, without what `later` returns."""
        found = difference(self._action.before, self._action.after, session.sql_dialect)
        if session.kind == "mysql":
            self._run_mysql(session, found)
        elif session.kind == "postgresql":
            self._run_postgresql(session, found)
        else:
            self._run_sqlite(session, found)

    def later(self, session: Session) -> list[Callable[[Session], None]]:
        """Return what is left to do for large tables of PostgreSQL, which blocks no writer."""
        entry = self._ledger.actions(session, self._key.migration).get(self._key[1:])
        if session.is_recording:
            left = getattr(self, "_left", [])
        elif entry is None or entry.checkpoint != CHANGED:
            return []
        else:
            found = difference(self._action.before, self._action.after, session.sql_dialect)
            ddl = PostgresqlDdl(session.sql_dialect, Catalogue(session), all_large=True)
            for _ in ddl.statements(found):
                pass
            left = ddl.later
        if not left:
            return []

        def do(item: Any) -> Callable[[Session], None]:
            def work(session: Session) -> None:
                catalogue = session.catalogue or Catalogue(session)
                for sql in item.statements(catalogue, session.sql_dialect):
                    session.execute(sql)
                session.execute(WITH_TIMEOUT)

            return work

        return [*map(do, left), lambda session: self._ledger.finish(session, self._key)]

    def _run_mysql(self, session: Session, found: Difference) -> None:
        resuming = self._ledger.start_once(session, self._key)
        if not found.is_empty:
            with self._tables_locked(session, found):
                for work in self._action.first:
                    _work_first(session, work, resuming)
                catalogue = session.catalogue or Catalogue(session)
                ddl = MysqlDdl(session.sql_dialect, catalogue, resuming=resuming)
                for sql in _predicted(session, ddl.statements(found), found):
                    _execute_online(session, sql)
        self._end(session)

    @contextlib.contextmanager
    def _tables_locked(self, session: Session, found: Difference) -> Iterator[None]:
        """Keep writers away from the last rows to work on until the tables are changed."""
        renames = any(table.is_renamed for table in found.tables)
        if not self._action.first or renames or found.created or found.dropped:
            yield
            return
        preparer = session.sql_dialect.sqlalchemy.identifier_preparer
        changed = {table.old.table.fullname for table in found.tables}
        related = {
            name
            for entity in self._action.before
            for key in entity.foreign_keys
            for name in (qualified_table(entity), key.target)
            if changed & {qualified_table(entity), key.target}
        }
        tables = sorted(
            preparer.format_table(found.before[entity.name].table)
            for entity in self._action.before
            if qualified_table(entity) in changed | related
        )
        session.execute(f"LOCK TABLES {', '.join(f'{name} WRITE' for name in tables)}")
        try:
            yield
        finally:
            session.execute("UNLOCK TABLES")

    def _run_postgresql(self, session: Session, found: Difference) -> None:
        with session.transaction():
            self._ledger.start_once(session, self._key)
            left: list[Any] = []
            if not found.is_empty:
                if self._action.first:
                    self._lock(session, found)
                for work in self._action.first:
                    _work_first(session, work, False)
                ddl = PostgresqlDdl(session.sql_dialect, session.catalogue or Catalogue(session))
                for sql in _predicted(session, ddl.statements(found), found):
                    session.execute(sql)
                left = ddl.later
            self._left = left
            if left:
                for sql in _programs(session, self._action):
                    session.execute(sql)
                self._ledger.save_checkpoint(session, self._key, CHANGED)
            else:
                self._end(session)

    def _lock(self, session: Session, found: Difference) -> None:
        """Keep writers away from the last rows to work on until the tables are changed."""
        preparer = session.sql_dialect.sqlalchemy.identifier_preparer
        for table in found.tables:
            name = preparer.format_table(table.old.table)
            session.execute(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")

    def _run_sqlite(self, session: Session, found: Difference) -> None:
        rebuilds = any(needs_rebuild(table, session.sql_dialect) for table in found.tables)
        with _foreign_keys_off(session, rebuilds), session.transaction():
            self._ledger.start_once(session, self._key)
            if not found.is_empty:
                broken = _broken_keys(session) if rebuilds else set()
                for work in self._action.first:
                    _work_first(session, work, False)
                renamed = renamed_schema(self._action.before, self._action.after)
                for sql in SqliteDdl(session.sql_dialect, session, renamed).statements(found):
                    session.execute(sql)
                if rebuilds:
                    _check_keys(session, broken)
            self._end(session)

    def _end(self, session: Session) -> None:
        for sql in _programs(session, self._action):
            session.execute(sql)
        self._ledger.finish(session, self._key)


def _execute_online(session: Session, sql: str) -> None:
    """Execute a statement of MySQL or MariaDB; copy the table where it can't stay writable."""
    try:
        session.execute(sql)
    except DBAPIError as error:
        code = error.orig.args[0] if error.orig is not None and error.orig.args else None
        if code not in _NOT_ONLINE or not sql.endswith(LOCK_NONE):
            raise
        session.execute(sql.removesuffix(LOCK_NONE))


def _work_first(session: Session, work: RowWork, resuming: bool) -> None:
    """Work on rows before their columns change, unless they have changed already."""
    if session.is_recording:
        work.record(session, ", where it is left to do")
    elif not resuming or _has_columns(session, work):
        work.run_all(session)


def _has_columns(session: Session, work: RowWork) -> bool:
    table = work.table(session).defined.table
    there = Catalogue(session).columns(table.name, table.schema)
    return all(column.name in there for column in table.columns)


def _programs(session: Session, action: SchemaAction) -> Iterator[str]:
    for program in action.then:
        yield from program.creation(session.sql_dialect)


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
