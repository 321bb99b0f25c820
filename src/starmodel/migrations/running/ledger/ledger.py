"""The tables that record which migrations, and which of their actions, a database has."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import ClauseElement, ColumnElement

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.system.parts import insert_once, system_table
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.database.session import Session, literal_sql
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.clauses import ddl

PART = "migrations"
SCHEMA = 1
"""The current schema version of the ledger; raised together with a migration of its own."""
LEDGER, STEPS = "starmodel_migration", "starmodel_migration_step"
State = Literal["applying", "applied", "adopted", "undoing"]


class Entry(NamedTuple):
    """A migration that the database has, or is getting.

    Shapes: position counts from 1 in the order of application.
    Units: at is seconds since the epoch.
    """

    id: str
    state: State
    position: int
    at: float


class ActionKey(NamedTuple):
    """One action of a migration. Shapes: step counts from 0; -1 and the last one are implicit."""

    migration: str
    step: int
    action: int


class ActionEntry(NamedTuple):
    """The progress of one action. Shapes: checkpoint is the JSON of the last key that is done."""

    is_done: bool
    checkpoint: str | None


class Ledger:
    """The statements of the ledger in one dialect."""

    def __init__(self, sql_dialect: SqlDialect) -> None:
        self._dialect, self._is_there = sql_dialect, True
        metadata = MetaData()
        options = sql_dialect.table_options
        text = sql_dialect.column_type(str, Text(), is_indexed=False)
        self._system = system_table(metadata, sql_dialect)
        self._migrations = Table(
            LEDGER,
            metadata,
            Column("id", String(191), primary_key=True),
            Column("state", String(16), nullable=False),
            Column("position", Integer, nullable=False),
            Column("at", Double, nullable=False),
            **options,
        )
        self._steps = Table(
            STEPS,
            metadata,
            Column("migration", String(191), primary_key=True),
            Column("step", BigInteger, primary_key=True, autoincrement=False),
            Column("action", BigInteger, primary_key=True, autoincrement=False),
            Column("done", Integer, nullable=False),
            Column("checkpoint", text),
            Column("at", Double, nullable=False),
            **options,
        )

    def exists(self, session: Session) -> bool:
        """True when a migration has run on this database. Raises: MigrationError."""
        self._is_there = Catalogue(session).has_table(LEDGER)
        if not self._is_there:
            return False
        number = session.value(
            session.text(select(self._system.c.schema_number).where(self._system.c.part == PART))
        )
        if number is not None and number > SCHEMA:
            raise MigrationError(
                "The migrations of this database were recorded by a newer version of StarModel. "
                "Install that version here too; nothing was changed."
            )
        return True

    def create(self, session: Session) -> None:
        """Create the tables of the ledger, unless they exist."""
        if self._is_complete(session):
            return  # the driver of MySQL logs each statement that finds what it creates
        for sql in self.creation():
            try:
                session.execute(sql)
            except DBAPIError:  # PostgreSQL: another process creates starmodel_system meanwhile
                session.execute(sql)
        self._is_there = self._is_there or not session.is_recording

    def _is_complete(self, session: Session) -> bool:
        catalogue = Catalogue(session)
        tables = (self._system, self._migrations, self._steps)
        if not all(catalogue.has_table(table.name) for table in tables):
            return False
        part = select(self._system.c.part).where(self._system.c.part == PART)
        self._is_there = session.value(session.text(part)) is not None
        return self._is_there

    def creation(self) -> list[str]:
        """Return the statements that create the ledger where it is missing."""
        tables = (self._system, self._migrations, self._steps)
        made = [ddl(CreateTable(table, if_not_exists=True), self._dialect) for table in tables]
        return [*made, self._text(insert_once(self._system, self._dialect, PART, SCHEMA))]

    def entries(self, session: Session) -> list[Entry]:
        """Return the migrations in the order of application."""
        if not self._is_there:
            return []
        table = self._migrations
        query = select(table.c.id, table.c.state, table.c.position, table.c.at)
        rows = session.rows(self._text(query.order_by(table.c.position)))
        return [Entry(*row) for row in rows]

    def actions(self, session: Session, migration: str) -> dict[tuple[int, int], ActionEntry]:
        """Return the actions of a migration that were begun, by step and number."""
        if not self._is_there:
            return {}
        table = self._steps
        query = select(table.c.step, table.c.action, table.c.done, table.c.checkpoint)
        rows = session.rows(self._text(query.where(table.c.migration == migration)))
        return {(row[0], row[1]): ActionEntry(bool(row[2]), row[3]) for row in rows}

    def begin(self, session: Session, id: str, state: State, position: int) -> None:
        """Record that a migration is begun, or ended in this state."""
        table = self._migrations
        session.execute(self._text(delete(table).where(table.c.id == id)))
        values = {"id": id, "state": state, "position": position, "at": _now()}
        session.execute(self._text(insert(table).values(values)))

    def set_state(self, session: Session, id: str, state: State) -> None:
        table = self._migrations
        changed = update(table).where(table.c.id == id).values(state=state, at=_now())
        session.execute(self._text(changed))

    def remove(self, session: Session, ids: Iterable[str]) -> None:
        """Forget migrations that were undone."""
        steps, migrations = self._steps, self._migrations
        with session.transaction():
            for id in ids:
                session.execute(self._text(delete(steps).where(steps.c.migration == id)))
                session.execute(self._text(delete(migrations).where(migrations.c.id == id)))

    def forget_actions(self, session: Session, id: str) -> None:
        session.execute(self._text(delete(self._steps).where(self._steps.c.migration == id)))

    def start(self, session: Session, key: ActionKey) -> None:
        """Record that an action is begun."""
        values = {"migration": key.migration, "step": key.step, "action": key.action}
        session.execute(
            self._text(insert(self._steps).values(**values, done=0, checkpoint=None, at=_now()))
        )

    def start_once(self, session: Session, key: ActionKey) -> bool:
        """Record that an action is begun, unless it was before; return True if it was.

        In a transaction, the row is visible only with the end of the action.
        """
        known = (key.step, key.action) in self.actions(session, key.migration)
        if not known:
            self.start(session, key)
        return known

    def finish(self, session: Session, key: ActionKey) -> None:
        """Record that an action is done."""
        changed = update(self._steps).where(self._is(key))
        session.execute(self._text(changed.values(done=1, checkpoint=None, at=_now())))

    def save_checkpoint(self, session: Session, key: ActionKey, checkpoint: str) -> None:
        """Record how far an action over rows is, in the transaction of its batch."""
        changed = update(self._steps).where(self._is(key))
        session.execute(self._text(changed.values(checkpoint=checkpoint)))

    def _is(self, key: ActionKey) -> ColumnElement[bool]:
        table = self._steps
        return and_(
            table.c.migration == key.migration,
            table.c.step == key.step,
            table.c.action == key.action,
        )

    def _text(self, statement: ClauseElement) -> str:
        return literal_sql(statement, self._dialect)


def _now() -> float:
    return round(time.time(), 3)
