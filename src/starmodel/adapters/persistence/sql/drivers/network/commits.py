"""Retries of commits: after deadlocks, lock timeouts and lost connections."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AbstractAsyncContextManager

from starmodel.adapters.persistence.sql.drivers.network.failures import server_error
from starmodel.adapters.persistence.sql.drivers.network.lock_waits import (
    CommitConnection,
    LockWaits,
)
from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
from starmodel.adapters.persistence.sql.drivers.network.server import (
    Connection,
    ConnectionLostError,
    LockTimeoutError,
    SerializationError,
    Server,
    StatementError,
)
from starmodel.adapters.persistence.sql.drivers.network.transaction import (
    Attempt,
    CommitOutcome,
    outcome_of,
    roll_back,
    store,
)
from starmodel.core.errors import (
    StarModelError,
    StoreUnavailableError,
    VersionConflictError,
)

ConnectionContext = AbstractAsyncContextManager[Connection]
MAX_COLLISIONS = 8


class Commits:
    """Stores transactions on the connections of one pool.

    Shapes: waits are the connections that may wait for row locks.
    """

    def __init__(self, server: Server, pool: Pool, waits: LockWaits) -> None:
        self._server, self._pool, self.waits = server, pool, waits

    def connection(self, deadline: float, *, waits: bool = False) -> ConnectionContext:
        """Return a context manager for a connection; with `waits`, one that may wait for a lock."""
        return CommitConnection(self.waits, self._pool, deadline, waits_for_locks=waits)

    async def pause(self, error: Exception, collisions: int, deadline: float) -> bool:
        """Back off after a collision or lock timeout; True when the retry may wait for the lock.

        Raises: StoreBusyError, when no retry is left.
        """
        if isinstance(error, LockTimeoutError):
            if time.monotonic() >= deadline:
                raise self._not_stored_error(error) from error
            return await self.waits.pause()
        if collisions >= MAX_COLLISIONS or time.monotonic() >= deadline:
            raise self._not_stored_error(error) from error
        await asyncio.sleep(random.uniform(0, 0.002 * 2**collisions))  # noqa: S311 - jitter
        return False

    async def store(
        self, attempt: Attempt, deadline: float, context: ConnectionContext | None = None
    ) -> None:
        """Retry until stored or refused; the first attempt uses `context` and its transaction."""
        collisions, waits = 0, False
        while True:
            try:
                has_begun = context is not None
                await self._attempt(
                    attempt, context or self.connection(deadline, waits=waits), has_begun=has_begun
                )
                return
            except (SerializationError, LockTimeoutError) as error:
                collisions += isinstance(error, SerializationError)
                waits = await self.pause(error, collisions, deadline)
            except ConnectionLostError as error:
                doubt = attempt.is_committing and error.sent
                if doubt and await self._outcome(attempt, error, deadline) is CommitOutcome.STORED:
                    return
                attempt.was_in_doubt = attempt.was_in_doubt or doubt
                if time.monotonic() > deadline:
                    raise self._not_stored_error(error) from error
            except VersionConflictError as conflict:
                if attempt.conflicts_with_itself(conflict):
                    return
                # The conflicting version may be this very transaction, whose response was lost.
                doubt = attempt.was_in_doubt
                if (
                    not doubt
                    or await self._outcome(attempt, conflict, deadline) is CommitOutcome.NOT_STORED
                ):
                    raise
                return
            except StatementError as error:
                raise self._not_stored_error(error) from error
            context = None

    async def _attempt(
        self, attempt: Attempt, context: ConnectionContext, *, has_begun: bool
    ) -> None:
        attempt.has_begun, attempt.is_committing = has_begun, False
        async with context as connection:
            try:
                await store(connection, attempt)
            except (
                ConnectionLostError,
                StarModelError,
                SerializationError,
                LockTimeoutError,
                StatementError,
            ):
                if attempt.has_begun:
                    await roll_back(connection)
                raise
            except BaseException:
                await roll_back(connection)
                raise

    async def _outcome(self, attempt: Attempt, error: Exception, deadline: float) -> CommitOutcome:
        """Determine the outcome of a commit whose response was lost.

        Raises: StoreUnavailableError, when the outcome can't be determined.
        """
        outcome = CommitOutcome.UNKNOWN
        again = True
        while again:
            again = False
            try:
                async with self._pool.connection(
                    max(deadline, time.monotonic() + 0.05)
                ) as connection:
                    try:
                        outcome = await outcome_of(connection, attempt)
                    finally:
                        await roll_back(connection)
            except (ConnectionLostError, SerializationError, LockTimeoutError):
                again = time.monotonic() < deadline
            except StoreUnavailableError:
                again = False
        if outcome is not CommitOutcome.UNKNOWN:
            return outcome
        raise StoreUnavailableError(
            f"The connection to {self._server.where} was lost while this command was being "
            "committed, so it is not known whether it was stored. Look before you dispatch it "
            "again; the same click is safe to repeat.",
            doubtful=True,
        ) from error

    def _not_stored_error(self, error: Exception) -> StarModelError:
        what = "could not commit, so nothing of this command was stored"
        return server_error(f"{self._server.where} {what}", error)
