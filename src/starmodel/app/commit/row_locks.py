"""Commits that keep losing to other processes lock their rows first."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager

from starmodel.app.persistence import PersistenceManager, Repositories
from starmodel.app.ports.repository import LocksRows, RecordKey, Repository
from starmodel.core.entity import Entity

OPTIMISTIC_ATTEMPTS = 2
"""After so many version conflicts in a row a command locks its rows."""


class RowLocks:
    """Locks rows in the stores that support it, and counts the commands that contend for each.

    While a command holds or waits for the lock of a row, the next one on
    it queues for the lock at once: without it, it would meet a conflict.
    """

    def __init__(self) -> None:
        self.contended: Counter[RecordKey] = Counter()

    @asynccontextmanager
    async def locked(
        self, keys: Collection[RecordKey], persistence: PersistenceManager
    ) -> AsyncIterator[Repositories]:
        """The repositories, those that can lock rows inside a transaction that holds the keys.

        Raises: StoreBusyError; TransactionAbortedError.
        """
        self.contended.update(keys)
        try:
            async with AsyncExitStack() as stack:
                held: dict[Repository, Repository] = {}
                for repository in persistence.repositories():  # in one order for everybody
                    own = [key for key in keys if persistence.for_class(key[0]) is repository]
                    if own and isinstance(repository, LocksRows):
                        held[repository] = await stack.enter_async_context(
                            repository.lock_rows(own)
                        )
                yield _Locked(persistence, held)
        finally:
            self.contended.subtract(keys)
            for key in keys:
                if self.contended[key] <= 0:
                    del self.contended[key]


class _Locked:
    """Each class's repository; inside a transaction, where one is held."""

    def __init__(self, persistence: Repositories, held: dict[Repository, Repository]) -> None:
        self._persistence, self._held = persistence, held

    def for_class(self, entity: type[Entity]) -> Repository:
        repository = self._persistence.for_class(entity)
        return self._held.get(repository, repository)
