"""Server stores in memory, for as long as a test runs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import Repository
from starmodel.testing.stand_ins import InMemory

if TYPE_CHECKING:
    from starmodel.config import Settings

TEST_KEY = "a key for tests that guards nothing at all"
_numbers = itertools.count(1)


@contextmanager
def memory_stores() -> Iterator[None]:
    """Keep every server store in memory, for applications that are built meanwhile.

    Each application has stores of its own: `memory` and `redis` are dicts,
    `sql` is SQLite's own database in memory, so that its queries and
    constraints are real. Not a file is written: the applications get a
    key for tests too. At the end, those that visitors started are closed.

    An application that was built before has real stores: to visit it raises
    ConfigurationError. Stores of plugins and `persistence_backend=` stay as they are.
    """
    from starmodel import bootstrap
    from starmodel.testing.running import close_all, keep_new

    with keep_new() as started:
        before, bootstrap.stand_ins = bootstrap.stand_ins, _in_memory
        try:
            yield
        finally:
            bootstrap.stand_ins = before
            close_all(started)


def _in_memory(
    settings: Settings, clock: Clock
) -> tuple[Settings, dict[str, Callable[[], Repository]]]:
    from pydantic import SecretStr

    given: dict[str, object] = {"secret_key": settings.secret_key or SecretStr(TEST_KEY)}
    if settings.event_bus == "redis":
        given["event_bus"] = "memory"

    def memory() -> Repository:
        return MemoryRepository(
            max_entries=settings.memory_max_entries,
            max_bytes=settings.memory_max_bytes,
            clock=clock,
        )

    def sql() -> Repository:
        from starmodel.adapters.persistence.sql.repository import SqlRepository

        where = f"sqlite:///file:/starmodel-test-{next(_numbers)}?vfs=memdb&uri=true"
        return SqlRepository(where, clock=clock)

    stores = {"memory": memory, "redis": memory, "sql": sql}
    return settings.model_copy(update=given), {k: InMemory(make) for k, make in stores.items()}
