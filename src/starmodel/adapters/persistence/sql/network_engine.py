"""A database behind a network: a pool of connections, a transaction of its own for each commit."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import MetaData

from starmodel.adapters.persistence.sql.engine import Transaction
from starmodel.adapters.persistence.sql.flavour import Flavour
from starmodel.adapters.persistence.sql.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.markers import Markers
from starmodel.adapters.persistence.sql.network_schema import create_tables
from starmodel.adapters.persistence.sql.network_transaction import Attempt, Fate, fate_of, store
from starmodel.adapters.persistence.sql.pool import Pool
from starmodel.adapters.persistence.sql.reads import Reads
from starmodel.adapters.persistence.sql.sequences import Sequence as Numbers
from starmodel.adapters.persistence.sql.server import (
    CollidedError,
    FailedError,
    LostError,
    Server,
)
from starmodel.adapters.persistence.sql.statements import Row, Statements
from starmodel.adapters.persistence.sql.tables import EntityTable
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConfigurationError,
    StarModelError,
    StoreUnavailableError,
    VersionConflictError,
)

COLLISIONS = 8


class NetworkEngine:
    """PostgreSQL, MySQL or MariaDB.

    Commits that touch one entity are done one after another, in the order
    in which they were accepted, so that writers in this process don't
    conflict with each other; the others go side by side.
    """

    def __init__(self, server: Server, *, pool_size: int, timeout_s: float) -> None:
        self._server, self._pool_size, self._timeout_s = server, pool_size, timeout_s
        self._pool: Pool | None = None
        self._last: dict[tuple[type[Entity], Any], asyncio.Task[None]] = {}
        self._running: set[asyncio.Task[None]] = set()
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
        except (StoreUnavailableError, LostError, FailedError) as error:
            raise ConfigurationError(str(error)) from error

    async def columns(self, table: str, schema: str | None = None) -> FoundColumns:
        try:
            async with self._open.link() as link:
                return await self._server.columns(link, table, schema)
        except (StoreUnavailableError, LostError, CollidedError, FailedError) as error:
            raise ConfigurationError(f"The table {table!r} can't be looked at: {error}") from error

    async def create(self, metadata: MetaData, tables: Sequence[EntityTable]) -> None:
        async with self._open.link() as link:
            await create_tables(self._server, link, metadata, tables)

    async def start(self) -> None:
        """Nothing is left to do: connections are made when they are needed."""

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
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                async with self._open.link() as link:
                    return await link.rows(sql, params)
            except (LostError, CollidedError) as error:
                if time.monotonic() > deadline:
                    raise self._unavailable("could not be read", error) from error
            except FailedError as error:
                raise self._unavailable("can't be read", error) from error

    async def one_row(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        rows = await self._reads.ask(sql, params)
        return await self.rows(sql, params) if rows is None else rows

    async def run(self, sql: str, params: Sequence[Any]) -> None:
        """Safe to be repeated: what runs here has the same effect twice as once."""
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                async with self._open.link() as link:
                    await link.run(sql, params)
                return
            except (LostError, CollidedError) as error:
                if time.monotonic() > deadline:
                    raise self._unavailable("could not be written", error) from error
            except FailedError as error:
                raise self._unavailable("can't be written", error) from error

    async def next_number(self, sequence: Numbers) -> int:
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                async with self._open.link() as link:
                    return await self._server.next_number(link, sequence)
            except (LostError, CollidedError) as error:  # a number that is lost is left out
                if time.monotonic() > deadline:
                    raise self._unavailable("could not give a number", error) from error
            except FailedError as error:
                raise self._unavailable("can't give a number", error) from error

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
                    await _undo(link)
                    raise
        except (LostError, CollidedError, FailedError) as error:
            raise self._unavailable("could not be swept", error) from error
        return found

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        if self._closed:
            raise StoreUnavailableError(
                "The SQL store is closed, and this command was not stored. Dispatch it again "
                "once the application has started."
            )
        before = {last for id in transaction.ids if (last := self._last.get(id)) is not None}
        task = asyncio.ensure_future(self._store(transaction, before))
        self._running.add(task)
        for id in transaction.ids:
            self._last[id] = task

        def settle(done: asyncio.Task[None]) -> None:
            self._running.discard(done)
            for id in transaction.ids:
                if self._last.get(id) is done:
                    del self._last[id]
            error = asyncio.CancelledError() if done.cancelled() else done.exception()
            transaction.settle(error)

        task.add_done_callback(settle)
        # A caller that is cancelled must not leave a transaction half done.
        return asyncio.shield(task)

    async def _store(self, transaction: Transaction, before: set[asyncio.Task[None]]) -> None:
        if before:
            await asyncio.wait(before)
        try:
            await self._store_once(transaction)
        except BaseException as error:
            transaction.failed = error  # before those that build on it go on
            raise

    async def _store_once(self, transaction: Transaction) -> None:
        lost = transaction.lost_ground()
        if lost is not None:
            rows = await self.rows(lost.statements.version, lost.find)
            raise lost.conflict(lost.statements.version_in(rows[0]) if rows else None)
        attempt, collisions = Attempt(transaction), 0
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                await self._try(attempt)
                return
            except CollidedError as error:
                collisions += 1
                if collisions == COLLISIONS:
                    raise self._not_stored(error) from error
                await asyncio.sleep(random.uniform(0, 0.002 * 2**collisions))  # noqa: S311 - jitter
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
                # What came before may be this transaction, whose answer was lost.
                doubt = attempt.doubted
                if not doubt or await self._fate(attempt, conflict, deadline) is Fate.LOST:
                    raise
                return
            except FailedError as error:
                raise self._not_stored(error) from error

    async def _try(self, attempt: Attempt) -> None:
        attempt.begun = attempt.committing = False
        async with self._open.link() as link:
            try:
                await store(link, attempt)
            except (LostError, StarModelError, CollidedError, FailedError):
                if attempt.begun:
                    await _undo(link)
                raise
            except BaseException:
                await _undo(link)
                raise

    async def _fate(self, attempt: Attempt, error: Exception, deadline: float) -> Fate:
        """What became of a commit whose answer never came.

        Raises: StoreUnavailableError, when nobody can tell.
        """
        fate = Fate.UNKNOWN
        again = True
        while again:
            again = False
            try:
                async with self._open.link() as link:
                    try:
                        fate = await fate_of(link, attempt)
                    finally:
                        await _undo(link)
            except (LostError, CollidedError):
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

    def _not_stored(self, error: Exception) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"{self._server.where} could not commit, so nothing of this command was stored: "
            f"{error}. Dispatch it again."
        )

    def _unavailable(self, what: str, error: Exception) -> StoreUnavailableError:
        return StoreUnavailableError(f"{self._server.where} {what}: {error}.")


async def _undo(link: Any) -> None:
    """Roll back; a connection that can't is closed, which does so too."""
    try:
        if not link.closed:
            await link.run("ROLLBACK")
    except (LostError, CollidedError, FailedError):
        await link.end()
