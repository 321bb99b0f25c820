"""What the SQL store asks of a database, whichever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from collections.abc import Sequence as Many
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sqlalchemy import MetaData

from starmodel.adapters.persistence.sql.dialects.dialect import Flavour
from starmodel.adapters.persistence.sql.schema.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.sequences import Sequence
from starmodel.adapters.persistence.sql.schema.tables import EntityTable
from starmodel.adapters.persistence.sql.statements import Row, Statements
from starmodel.adapters.persistence.sql.write.idempotency import Markers
from starmodel.adapters.persistence.sql.write.pending import Queued
from starmodel.adapters.persistence.sql.write.plan import Step
from starmodel.app.ports.repository import Marker
from starmodel.core.entity import Entity


class RowKey(NamedTuple):
    """A row that is to be locked. Shapes: params are those of `Statements.get_locked`."""

    statements: Statements
    params: Row
    id: tuple[type[Entity], Any]

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands in the order in which locks are taken, as `Step.place`."""
        return self.statements.mapped.table.name, str(self.params[0])


Settled = Callable[[BaseException | None], None]


@dataclass(slots=True, eq=False)
class Transaction:
    """What is stored together or not at all.

    Shapes: settled is called with the error or None just before the
    caller hears of it; ids are of all entities that it is about; under
    are earlier transactions that its steps build on, and with which they
    fail; job is what stores it, where that is not the engine itself; looks
    says that a row has to be held and looked at before it is changed.
    Units: now is seconds since the epoch.
    """

    steps: Many[Step]
    marker: Marker | None
    markers: Markers
    now: float
    between: Callable[[], Awaitable[None]] | None = None
    ids: Many[tuple[type[Entity], Any]] = ()
    under: list[tuple[Step, Queued]] = field(default_factory=list)
    settled: Settled = field(default=lambda error: None)
    job: Queued | None = None
    failed: BaseException | None = None
    lost: Step | None = None
    looks: bool = field(init=False)

    def __post_init__(self) -> None:
        self.looks = any(step.looks for step in self.steps)

    @property
    def error(self) -> BaseException | None:
        """Why it was not stored; None until that is known."""
        return self.failed if self.job is None else self.job.error

    def lost_ground(self) -> Step | None:
        """The step that builds on an earlier transaction that failed; the first answer stays."""
        while self.under:  # emptied, so that no chain of transactions is kept
            step, earlier = self.under.pop()
            if earlier.error is not None:
                self.lost = step
        return self.lost

    def settle(self, error: BaseException | None) -> None:
        """Let everybody know what became of it, just before the caller hears of it."""
        if self.looks:
            for step in self.steps:
                step.settle(stored=error is None)
        self.settled(error)

    def settle_after(self, done: asyncio.Future[None]) -> None:
        """The same, from the future of its commit."""
        self.settle(asyncio.CancelledError() if done.cancelled() else done.exception())

    @property
    def told(self) -> bool:
        """True when its marker is that of a finished command, which proves that it was stored."""
        return self.marker is not None and self.marker.outcome is not None

    @property
    def alone(self) -> bool:
        """True for a single statement, which databases do or undo as a whole by themselves."""
        return self.marker is None and len(self.steps) == 1 and self.steps[0].single


class RowEngine(Protocol):
    """Rows out of one database, transactions into it."""

    @property
    def flavour(self) -> Flavour:
        """How its SQL is written; known from `connect` on."""

    async def rows(self, sql: str, params: Many[Any]) -> Many[Row]:
        """All rows of a query. Raises: StoreUnavailableError; StoreFailedError."""

    async def one_row(self, sql: str, params: Many[Any]) -> Many[Row]:
        """The rows of a query that finds one at most, maybe asked together with others."""

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        """Accept it for storing, in the order of calls for each entity.

        The future fails with VersionConflictError, ConstraintError, StoreUnavailableError,
        DuplicateCommandError, StoreFailedError, or what `between` raised.
        """

    async def next_number(self, sequence: Sequence) -> int:
        """A number that the sequence never gives again."""


class Engine(RowEngine, Protocol):
    """One database."""

    async def connect(self) -> None:
        """Reach the database. Raises: ConfigurationError, when it can't be reached or used."""

    async def columns(self, table: str, schema: str | None = None) -> FoundColumns:
        """The columns that a table has; none when it is not there."""

    async def create(self, metadata: MetaData, tables: Many[EntityTable]) -> None:
        """Create the tables that are missing; never change one that is there.

        Raises: ConfigurationError, for a table that lacks columns of its class.
        """

    async def start(self) -> None:
        """Serve from now on."""

    async def close(self) -> None:
        """Commit what was accepted, then let go of every connection."""

    def lock(self, rows: Many[RowKey]) -> AbstractAsyncContextManager[RowEngine]:
        """Hold rows for an `async with`: reads, and one commit, in a transaction of its own.

        What is not committed at the end is rolled back. Nothing may be awaited inside but the
        store. Raises: StoreBusyError, when they are not had in time.
        """

    async def run(self, sql: str, params: Many[Any]) -> None:
        """One statement, durable when this returns."""

    async def run_all(self, statements: Many[tuple[str, Many[Any]]]) -> None:
        """Statements with their parameters, in one transaction.

        They may run twice when a connection is lost, so their effect must
        be the same then. Raises: StoreUnavailableError.
        """

    async def sweep(self, statements: Statements, now: float, limit: int) -> Many[Row]:
        """Remove some expired rows. Shapes: (encoded id, version) of those removed here."""

    async def purge(self, markers: Markers, stale: float) -> None:
        """Remove some of the markers made up to then; called until none is left."""
