"""Protocols between the SQL store and its database engines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from collections.abc import Sequence as Many
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sqlalchemy import MetaData

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable
from starmodel.adapters.persistence.sql.schema.existing.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.sequences import Sequence
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.adapters.persistence.sql.write.idempotency import Markers
from starmodel.adapters.persistence.sql.write.pending import PendingCommit
from starmodel.adapters.persistence.sql.write.plan import Step
from starmodel.app.ports.repository import Marker
from starmodel.core.entity import Entity


class RowKey(NamedTuple):
    """A row to lock. Shapes: params are those of `Statements.get_locked`."""

    statements: Statements
    params: Row
    id: tuple[type[Entity], Any]

    @property
    def lock_order(self) -> tuple[str, str]:
        """Its sort key in the lock order, as in `Step.lock_order`."""
        return self.statements.mapped.table.name, str(self.params[0])


Settled = Callable[[BaseException | None], None]


@dataclass(slots=True, eq=False)
class Transaction:
    """Changes that are stored as a whole or not at all.

    Shapes: on_settled is called with the error or None just before the future
    resolves; ids are those of all entities in the batch; bases are the
    earlier commits that its steps build on, and with which they fail; job is
    the writer's job, on engines that have one; needs_row_check, a row must
    be locked and compared before it is changed.
    Units: now is seconds since the epoch.
    """

    steps: Many[Step]
    marker: Marker | None
    markers: Markers
    now: float
    between: Callable[[], Awaitable[None]] | None = None
    ids: Many[tuple[type[Entity], Any]] = ()
    bases: list[tuple[Step, PendingCommit]] = field(default_factory=list)
    on_settled: Settled = field(default=lambda error: None)
    job: PendingCommit | None = None
    failure: BaseException | None = None
    step_without_base: Step | None = None
    needs_row_check: bool = field(init=False)

    def __post_init__(self) -> None:
        self.needs_row_check = any(step.statements.external is not None for step in self.steps)

    @property
    def error(self) -> BaseException | None:
        """The exception with which it failed; None until that is known."""
        return self.failure if self.job is None else self.job.error

    def find_step_without_base(self) -> Step | None:
        """Return a step that builds on a failed commit, if any; the first result is final."""
        while self.bases:  # emptied, so that no chain of transactions stays in memory
            step, earlier = self.bases.pop()
            if earlier.error is not None:
                self.step_without_base = step
        return self.step_without_base

    def settle(self, error: BaseException | None) -> None:
        """Notify everything that depends on the outcome, just before the future resolves."""
        if self.needs_row_check:
            for step in self.steps:
                step.settle(stored=error is None)
        self.on_settled(error)

    def settle_after(self, done: asyncio.Future[None]) -> None:
        """Do the same, from the future of its commit."""
        self.settle(asyncio.CancelledError() if done.cancelled() else done.exception())

    @property
    def is_finished(self) -> bool:
        """True when it stores the marker of a finished command, which proves the commit."""
        return self.marker is not None and self.marker.outcome is not None

    @property
    def is_single_statement(self) -> bool:
        """True for a single statement, which databases commit or roll back implicitly."""
        return self.marker is None and len(self.steps) == 1 and self.steps[0].is_single_statement


class RowEngine(Protocol):
    """Queries on one database, and transactions into it."""

    @property
    def sql_dialect(self) -> SqlDialect:
        """The SQL dialect; available after `connect`."""

    async def rows(self, sql: str, params: Many[Any]) -> Many[Row]:
        """Return all rows of a query. Raises: StoreUnavailableError; StoreFailedError."""

    async def one_row(self, sql: str, params: Many[Any]) -> Many[Row]:
        """Return at most one row; concurrent queries may be batched."""

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        """Queue the transaction for storing, in the order of calls for each entity.

        The future fails with VersionConflictError, ConstraintError, StoreUnavailableError,
        DuplicateCommandError, StoreFailedError, or what `between` raised.
        """

    async def next_number(self, sequence: Sequence) -> int:
        """Return a number that the sequence never returns again."""


class Engine(RowEngine, Protocol):
    """One database."""

    async def connect(self) -> None:
        """Connect. Raises: ConfigurationError, when the database is unreachable or unsuitable."""

    async def columns(self, table: str, schema: str | None = None) -> FoundColumns:
        """Return the columns of a table; empty when the table does not exist."""

    async def create(self, metadata: MetaData, tables: Many[EntityTable]) -> None:
        """Create missing tables; never alter an existing one.

        Raises: ConfigurationError, for a table that lacks columns of its class.
        """

    async def start(self) -> None:
        """Start serving queries and transactions."""

    async def close(self) -> None:
        """Commit all queued transactions, then close every connection."""

    def lock(self, rows: Many[RowKey]) -> AbstractAsyncContextManager[RowEngine]:
        """Return a context manager that locks rows, for queries and one commit in a transaction.

        Uncommitted changes are rolled back on exit. Only the store may be awaited inside.
        Raises: StoreBusyError, when the locks are not acquired in time.
        """

    async def execute(self, sql: str, params: Many[Any]) -> None:
        """Execute one statement; it is durable on return."""

    async def execute_all(self, statements: Many[tuple[str, Many[Any]]]) -> None:
        """Execute statements with their parameters, in one transaction.

        They may be retried after a lost connection, so they must be idempotent.
        Raises: StoreUnavailableError.
        """

    async def sweep(self, statements: Statements, now: float, limit: int) -> Many[Row]:
        """Delete some expired rows. Shapes: (encoded id, version) of those deleted here."""

    async def purge(self, markers: Markers, stale: float) -> None:
        """Delete some of the markers up to that time; called until none is left."""
