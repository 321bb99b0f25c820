"""Connections that the server ends, and Ctrl+C, in the middle of a migration."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from integration.migrations.killed import check, history, prepare
from starmodel.core.errors import StarModelError

QUERIES = ("SELECT", "PRAGMA", "SHOW", "SET")


@contextmanager
def before_statement(number: int, do: Callable[[], None]) -> Iterator[None]:
    """Call a function before the statement with this number; queries don't count."""
    count = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def listen(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal count
        if not statement.lstrip().upper().startswith(QUERIES):
            count += 1
            if count == number:
                do()

    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


def end_other_connections(url: str) -> None:
    """End the other connections to the database, as a server that restarts does."""

    async def postgresql() -> None:
        import asyncpg

        link = await asyncpg.connect(url)
        await link.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await link.close()

    async def mysql() -> None:
        import asyncmy

        place = urlsplit(url)
        link = await asyncmy.connect(
            host=place.hostname, port=place.port, user=place.username,
            password=place.password or "", autocommit=True,
        )  # fmt: skip
        async with link.cursor() as cursor:
            await cursor.execute(
                "SELECT id FROM information_schema.processlist "
                "WHERE db = 'test' AND id <> CONNECTION_ID()"
            )
            for (id,) in await cursor.fetchall():
                await cursor.execute(f"KILL {id}")
        await link.ensure_closed()

    work = postgresql if url.startswith("postgresql") else mysql
    thread = threading.Thread(target=lambda: asyncio.run(work()))  # the loop of this one is busy
    thread.start()
    thread.join()


@pytest.mark.parametrize("number", [1, 4, 9, 16, 23, 31, 40])
def test_lost_connection_is_explained_and_the_migration_continues(url: str, number: int) -> None:
    if url.startswith("sqlite"):
        return  # it has no connection to lose
    made = history()
    prepare(url, made)
    with (
        before_statement(number, lambda: end_other_connections(url)),
        pytest.raises(StarModelError) as caught,
    ):
        made.up(url)
    assert "run this again" in str(caught.value), caught.value
    check(url, made)


@pytest.fixture
def keyboard() -> Iterator[None]:
    """Python's handler of Ctrl+C, which a process in the background does not have."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.parametrize("number", [2, 5, 9, 16, 23, 31, 40])
@pytest.mark.usefixtures("keyboard")
def test_migration_that_is_stopped_by_the_keyboard_continues(url: str, number: int) -> None:
    made = history()
    prepare(url, made)
    with (
        before_statement(number, lambda: os.kill(os.getpid(), signal.SIGINT)),
        pytest.raises(KeyboardInterrupt),
    ):
        made.up(url)
    check(url, made)
