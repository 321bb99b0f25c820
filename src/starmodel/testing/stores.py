"""In-memory replacements for the server stores of an application."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import Repository
from starmodel.core.fields.stores import SYSTEM
from starmodel.testing.store_factories import InMemoryFactory

if TYPE_CHECKING:
    from starmodel.config import Settings

TEST_KEY = "a signing key for tests that protects no data"
_database_numbers = itertools.count(1)


@contextmanager
def memory_stores() -> Iterator[None]:
    """Replace the server stores of applications that are built inside this context manager.

    Each application gets separate stores: `memory` and `redis` are dicts,
    `sql` and the store of users are an in-memory SQLite database, with real queries,
    transactions and constraints. No file is written: the applications get a test signing key.
    On exit, applications that visitors started are closed. Stores of plugins
    and `persistence_backend=` are not replaced.

    An application that was built before keeps its configured stores; visiting
    it raises ConfigurationError.
    """
    from starmodel import bootstrap
    from starmodel.testing.lifespan import close_all, collect_started

    with collect_started() as started:
        before, bootstrap.test_stores = bootstrap.test_stores, _in_memory
        try:
            yield
        finally:
            bootstrap.test_stores = before
            close_all(started)


def _in_memory(
    settings: Settings, clock: Clock
) -> tuple[Settings, dict[str, Callable[[], Repository]]]:
    from pydantic import SecretStr

    overrides: dict[str, object] = {"secret_key": settings.secret_key or SecretStr(TEST_KEY)}
    if settings.event_bus == "redis":
        overrides["event_bus"] = "memory"

    def memory() -> Repository:
        return MemoryRepository(
            max_entries=settings.memory_max_entries,
            max_bytes=settings.memory_max_bytes,
            clock=clock,
        )

    def sql() -> Repository:
        from starmodel.adapters.persistence.sql.repository import SqlRepository

        url = f"sqlite:///file:/starmodel-test-{next(_database_numbers)}?vfs=memdb&uri=true"
        return SqlRepository(url, clock=clock)

    database = InMemoryFactory(functools.cache(sql))  # one for both, as outside of tests
    return settings.model_copy(update=overrides), {
        "memory": InMemoryFactory(memory), "redis": InMemoryFactory(memory), "sql": database,
        SYSTEM: database,
    }  # fmt: skip
