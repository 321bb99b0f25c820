"""How an application that was built for a test is known."""

from __future__ import annotations

from collections.abc import Callable

from starmodel.app.application import Application
from starmodel.app.ports.repository import Repository


class InMemory:
    """Makes a store that stands in for a real one."""

    def __init__(self, make: Callable[[], Repository]) -> None:
        self._make = make

    def __call__(self) -> Repository:
        return self._make()


def is_in_memory(application: Application) -> bool:
    """Whether the application was built inside `memory_stores`."""
    return isinstance(application.persistence.stores.get("sql"), InMemory)
