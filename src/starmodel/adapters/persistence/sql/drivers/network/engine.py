"""Engine for database servers: pooled connections, one transaction per commit."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import MetaData

from starmodel.adapters.persistence.sql.dialects.dialect import Flavour
from starmodel.adapters.persistence.sql.drivers.network.failures import server_error
from starmodel.adapters.persistence.sql.drivers.network.locks import LockWaits, NetworkLock
from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
from starmodel.adapters.persistence.sql.drivers.network.read_batching import Reads
from starmodel.adapters.persistence.sql.drivers.network.server import (
    CollidedError,
    FailedError,
    Link,
    LockedError,
    LostError,
    Server,
)
from starmodel.adapters.persistence.sql.drivers.network.tables import create_tables
from starmodel.adapters.persistence.sql.drivers.network.transaction import (
    Attempt,
    Fate,
    fate_of,
    roll_back,
    store,
)
from starmodel.adapters.persistence.sql.drivers.network.turns import Turn, Turns
from starmodel.adapters.persistence.sql.engine import RowEngine, RowKey, Transaction
from starmodel.adapters.persistence.sql.schema.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.adapters.persistence.sql.schema.tables import EntityTable
from starmodel.adapters.persistence.sql.statements import Row, Statements
from starmodel.adapters.persistence.sql.write.idempotency import Markers
from starmodel.app.commit.deadlines import deadline_of
from starmodel.core.errors import (
    ConfigurationError,
    StarModelError,
    StoreUnavailableError,
    VersionConflictError,
)

COLLISIONS = 8
T = TypeVar("T")
Place = AbstractAsyncContextManager[Link]


class NetworkEngine:
    """PostgreSQL, MySQL or MariaDB.

    Commits that share an entity are serialised in the order of submission,
    so writers of this process don't conflict; all other commits run
    concurrently. A statement that meets a lock times out quickly and
    releases its connection. The retry uses one of the few connections that
    may wait longer, so locked rows never exhaust the pool.

    Units: timeout_s limits a whole command: its turn, the connection, the
    server and the locks.
    """

    def __init__(self, server: Server, *, pool_size: int, timeout_s: float) -> None:
        self._server, self._pool_size, self._timeout_s = server, pool_size, timeout_s
        self._pool: Pool | None = None
        self._turns = Turns()
        self._waits = LockWaits(pool_size)
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def flavour(self) -> Flavour:
        return self._server.flavour

    async def connect(self) -> None:
        self._closed = False
        self._pool = Pool(self._server, self._pool_size, self._timeout_s)
        self._reads = Reads(self._pool)
        try:
            async with self._pool.link() as link:
                await self._server.prepare(link)
        except (StoreUnavailableError, LostError, LockedError, FailedError) as error:
            raise ConfigurationError(str(error)) from error

    async def columns(self, table: str, schema: str | None = None) -> FoundColumns:
        try:
            async with self._open.link() as link:
                return await self._server.columns(link, table, schema)
        except (
            StoreUnavailableError, LostError, CollidedError, LockedError, FailedError,
        ) as error:  # fmt: skip
            raise ConfigurationError(f"The table {table!r} can't be looked at: {error}") from error

    async def create(self, metadata: MetaData, tables: Sequence[EntityTable]) -> None:
        async with self._open.link() as link:
            await create_tables(self._server, link, metadata, tables)

    async def start(self) -> None:
        """Do nothing: the pool opens connections on demand."""

    async def close(self) -> None:
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)
        if self._pool is not None:
            await self._reads.settle()
            await self._pool.empty()

    @property
    def _open(self) -> Pool:
        if self._pool is None:
            raise StoreUnavailableError("The SQL store is not open, so nothing was read or stored.")
        return self._pool

    async def rows(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        return await self._repeated("could not be read", lambda link: link.rows(sql, params))

    async def one_row(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        rows = await self._reads.ask(sql, params, deadline_of(self._timeout_s))
        return await self.rows(sql, params) if rows is None else rows

    async def run(self, sql: str, params: Sequence[Any]) -> None:
        """Execute a statement; it must be idempotent, since it may be retried."""
        await self._repeated("could not be written", lambda link: link.run(sql, params))

    async def run_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        async def work(link: Link) -> None:
            try:
                await link.run("BEGIN")
                for sql, params in statements:
                    await link.run(sql, params)
                await link.run("COMMIT")
            except BaseException:
                await roll_back(link)
                raise

        await self._repeated("could not be written", work)

    async def next_number(self, sequence: Numbers) -> int:
        return await self._repeated(  # a lost number leaves a gap in the sequence
            "could not give a number", lambda link: self._server.next_number(link, sequence)
        )

    async def _repeated(self, what: str, work: Callable[[Link], Awaitable[T]]) -> T:
        deadline = deadline_of(self._timeout_s)
        place: Place = self._open.link(deadline)
        while True:
            try:
                async with place as link:
                    return await work(link)
            except (LostError, CollidedError, LockedError) as error:
                if time.monotonic() > deadline:
                    raise self._failed(what, error) from error
                waits = isinstance(error, LockedError) and await self._waits.pause()
                place = self.place(deadline, waits=waits)
            except FailedError as error:
                raise self._failed(what, error) from error
            await asyncio.sleep(random.uniform(0, 0.01))  # noqa: S311 - jitter

    async def purge(self, markers: Markers, stale: float) -> None:
        await self.run(markers.purge_all, (stale,))

    async def sweep(self, statements: Statements, now: float, limit: int) -> Sequence[Row]:
        held = statements.hold_dead
        try:
            async with self._open.link() as link:
                await link.run("BEGIN")
                try:
                    found = await link.rows(held.sql, held.params({"now_": now, "limit_": limit}))
                    for row in found:
                        await link.run(statements.remove_dead, (row[0], now))
                    await link.run("COMMIT")
                except BaseException:
                    await roll_back(link)
                    raise
        except (LostError, CollidedError, LockedError, FailedError) as error:
            raise self._failed("could not be swept", error) from error
        return found

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        self._refuse_when_closed()
        turn, deadline = self._turns.take(transaction.ids), deadline_of(self._timeout_s)
        task = self.spawn(self._store(transaction, turn, deadline))

        def settle(done: asyncio.Task[None]) -> None:
            transaction.settle_after(done)
            turn.end()

        task.add_done_callback(settle)
        # Cancelling the caller must not interrupt the transaction.
        return asyncio.shield(task)

    @asynccontextmanager
    async def lock(self, rows: Sequence[RowKey]) -> AsyncIterator[RowEngine]:
        self._refuse_when_closed()
        deadline = deadline_of(self._timeout_s)
        turn = self._turns.take([row.id for row in rows])
        lock = NetworkLock(self, self._server, rows, deadline, turn)
        try:
            await turn.wait(deadline)
            await lock.acquire()
            yield lock
        finally:
            # Cancelling the caller must not leave the transaction open.
            ended = self.spawn(lock.end())
            ended.add_done_callback(lambda _: turn.end())
            await asyncio.shield(ended)

    @property
    def waits_at_once(self) -> bool:
        """True when a first attempt may wait for locks, since one was met recently."""
        return self._waits.at_once

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run the coroutine as a task that outlives its caller and the closing of the engine."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def place(self, deadline: float, *, waits: bool = False) -> Place:
        """Return a context manager for a connection; with `waits`, one that may wait for a lock."""
        return self._waits.place(self._open, deadline, patient=waits)

    async def pause(self, error: Exception, collisions: int, deadline: float) -> bool:
        """Back off after a collision or lock timeout; True when the retry may wait for the lock.

        Raises: StoreBusyError, when no retry is left.
        """
        if isinstance(error, LockedError):
            if time.monotonic() >= deadline:
                raise self._not_stored(error) from error
            return await self._waits.pause()
        if collisions >= COLLISIONS or time.monotonic() >= deadline:
            raise self._not_stored(error) from error
        await asyncio.sleep(random.uniform(0, 0.002 * 2**collisions))  # noqa: S311 - jitter
        return False

    async def _store(self, transaction: Transaction, turn: Turn, deadline: float) -> None:
        try:
            await turn.wait(deadline)
            step = transaction.find_step_without_base()
            if step is not None:
                rows = await self.rows(step.statements.version, step.key_params)
                raise step.conflict(rows[0] if rows else None)
            await self.store_until(Attempt(transaction), deadline)
        except BaseException as error:
            transaction.failure = error  # before commits that build on this one continue
            raise

    async def store_until(
        self, attempt: Attempt, deadline: float, place: Place | None = None
    ) -> None:
        """Retry until stored or refused; the first attempt uses `place` and its transaction."""
        collisions, waits = 0, False
        while True:
            try:
                begun = place is not None
                await self._try(attempt, place or self.place(deadline, waits=waits), begun=begun)
                return
            except (CollidedError, LockedError) as error:
                collisions += isinstance(error, CollidedError)
                waits = await self.pause(error, collisions, deadline)
            except LostError as error:
                doubt = attempt.committing and error.sent
                if doubt and await self._fate(attempt, error, deadline) is Fate.STORED:
                    return
                attempt.doubted = attempt.doubted or doubt
                if time.monotonic() > deadline:
                    raise self._not_stored(error) from error
            except VersionConflictError as conflict:
                if attempt.was_first(conflict):
                    return
                # The conflicting version may be this very transaction, whose response was lost.
                doubt = attempt.doubted
                if not doubt or await self._fate(attempt, conflict, deadline) is Fate.LOST:
                    raise
                return
            except FailedError as error:
                raise self._not_stored(error) from error
            place = None

    async def _try(self, attempt: Attempt, place: Place, *, begun: bool) -> None:
        attempt.begun, attempt.committing = begun, False
        async with place as link:
            try:
                await store(link, attempt)
            except (LostError, StarModelError, CollidedError, LockedError, FailedError):
                if attempt.begun:
                    await roll_back(link)
                raise
            except BaseException:
                await roll_back(link)
                raise

    async def _fate(self, attempt: Attempt, error: Exception, deadline: float) -> Fate:
        """Determine the outcome of a commit whose response was lost.

        Raises: StoreUnavailableError, when the outcome can't be determined.
        """
        fate = Fate.UNKNOWN
        again = True
        while again:
            again = False
            try:
                async with self._open.link(max(deadline, time.monotonic() + 0.05)) as link:
                    try:
                        fate = await fate_of(link, attempt)
                    finally:
                        await roll_back(link)
            except (LostError, CollidedError, LockedError):
                again = time.monotonic() < deadline
            except StoreUnavailableError:
                again = False
        if fate is not Fate.UNKNOWN:
            return fate
        raise StoreUnavailableError(
            f"The connection to {self._server.where} was lost while this command was being "
            "committed, so it is not known whether it was stored. Look before you dispatch it "
            "again; the same click is safe to repeat.",
            doubtful=True,
        ) from error

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreUnavailableError(
                "The SQL store is closed, and this command was not stored. Dispatch it again "
                "once the application has started."
            )

    def _not_stored(self, error: Exception) -> StarModelError:
        return self._failed("could not commit, so nothing of this command was stored", error)

    def _failed(self, what: str, error: Exception) -> StarModelError:
        return server_error(f"{self._server.where} {what}", error)
