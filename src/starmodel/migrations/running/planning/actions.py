"""Actions: the units of a migration, of which each is done or not done after an interruption."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.running.programs.program import Program
from starmodel.migrations.running.rows.works import RowWork
from starmodel.migrations.schema.definitions import Schema


@dataclass(frozen=True)
class SchemaAction:
    """Bring the tables from one physical schema to another.

    Shapes: first is work on rows in the same transaction, before the tables
    change, such as filling rows that were inserted meanwhile; then are
    programs that are created right after.
    """

    before: Schema
    after: Schema
    about: str
    first: tuple[RowWork, ...] = ()
    then: tuple[Program, ...] = ()


@dataclass(frozen=True)
class ProgramAction:
    """Create a program of the database, or remove it. It may run again."""

    program: Program
    create: bool
    about: str

    def statements(self, sql_dialect: SqlDialect) -> list[str]:
        """Return the statements in one dialect; none where it has no such program."""
        program = self.program
        return program.creation(sql_dialect) if self.create else program.removal(sql_dialect)


@dataclass(frozen=True)
class RowAction:
    """Work on rows in batches, each in a transaction of its own."""

    work: RowWork
    about: str


@dataclass(frozen=True)
class SqlAction:
    """One statement of the developer. Shapes: table, when given, has to exist."""

    sql: str
    about: str
    table: str | None = None


@dataclass(frozen=True)
class OperationsAction:
    """Alembic's operations in a function of the developer."""

    do: Callable[[Any], None]
    about: str


@dataclass(frozen=True)
class DataAction:
    """An async function of `Data`. Shapes: schema is physical."""

    do: Callable[[Any], Awaitable[None]]
    schema: Schema
    about: str


@dataclass(frozen=True)
class EventsAction:
    """An async function of `Events`, which runs once all tables are those of the classes."""

    do: Callable[[Any], Awaitable[None]]
    about: str


Action = (
    SchemaAction
    | ProgramAction
    | RowAction
    | SqlAction
    | OperationsAction
    | DataAction
    | EventsAction
)


@dataclass(frozen=True)
class PlannedStep:
    """The actions of one step. Shapes: number is that in the file; the last one has no step."""

    number: int
    about: str
    actions: tuple[Action, ...]
