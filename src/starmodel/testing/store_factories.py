"""Factories of in-memory stores, which identify an application that was built for a test."""

from __future__ import annotations

from collections.abc import Callable

from starmodel.app.application import Application
from starmodel.app.ports.repository import Repository


class InMemoryFactory:
    """A repository factory that `memory_stores` registers in place of a configured one."""

    def __init__(self, factory: Callable[[], Repository]) -> None:
        self._factory = factory

    def __call__(self) -> Repository:
        return self._factory()


def has_memory_stores(application: Application) -> bool:
    """Whether the application was built inside `memory_stores`."""
    return isinstance(application.persistence.stores.get("sql"), InMemoryFactory)
