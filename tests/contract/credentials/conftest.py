"""The system store on each database, as one process or several see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from databases import DATABASES, empty_database
from starmodel.adapters.persistence.system.connection import SystemDatabase


@pytest.fixture
def run() -> Iterator[Callable[[Any], Any]]:
    """Runs a coroutine in the event loop of the test."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(params=["memory", *DATABASES])
def databases(
    request: pytest.FixtureRequest, tmp_path: Path, run: Callable[[Any], Any]
) -> Iterator[Callable[[], SystemDatabase | None]]:
    """`databases()`: a connection of one more process to an empty database; None in memory."""
    if request.param == "memory":
        yield lambda: None
    else:
        yield from _connections(empty_database(request, tmp_path), run)


@pytest.fixture(params=DATABASES)
def sql_databases(
    request: pytest.FixtureRequest, tmp_path: Path, run: Callable[[Any], Any]
) -> Iterator[Callable[[], SystemDatabase]]:
    """`sql_databases()`: the same without the store in memory."""
    yield from _connections(empty_database(request, tmp_path), run)


def _connections(url: str, run: Callable[[Any], Any]) -> Iterator[Callable[[], SystemDatabase]]:
    opened: list[SystemDatabase] = []

    def make() -> SystemDatabase:
        opened.append(SystemDatabase(url, synchronous="NORMAL", timeout_s=10))
        return opened[-1]

    yield make
    for database in opened:
        run(database.close())
