"""The lock that lets one process at a time migrate a database."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from starmodel.adapters.persistence.sql.engines import parsed_url
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.database.connection import Link, sqlite_file
from starmodel.migrations.running.database.session import Session

POLL_S = 0.1
KEY = 7_823_549_018
"""An arbitrary key of the advisory lock; that of `lock_schema` is another."""


@contextlib.asynccontextmanager
async def migration_lock(
    link: Link, url: str, *, wait_s: float, on_wait: Callable[[], None]
) -> AsyncIterator[None]:
    """Hold the lock of this database until the exit, or until the process ends.

    A session waits by polling: a statement that waits inside PostgreSQL would
    keep a snapshot open, for which CREATE INDEX CONCURRENTLY waits.

    Units: wait_s limits the wait for another process.
    Raises: MigrationError, after wait_s.
    """
    parsed, kind = parsed_url(url)
    if kind == "sqlite":
        from filelock import FileLock

        path = sqlite_file(parsed)
        lock = FileLock(path.with_name(f"{path.name}.migrating"), blocking=False)
        acquire: Callable[[], Any] = lambda: _try_file(lock)  # noqa: E731
        await _until(acquire, wait_s, on_wait)
        try:
            yield
        finally:
            lock.release()
    else:
        await _until(lambda: link.run(_try), wait_s, on_wait)
        try:
            yield
        finally:
            await link.run(_release)


async def _try_file(lock: Any) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


def _try(session: Session) -> bool:
    if session.kind == "postgresql":
        return bool(session.value("SELECT pg_try_advisory_lock($1)", (KEY,)))
    return bool(session.value("SELECT GET_LOCK(%s, 0)", (_name(session),)))


def _release(session: Session) -> None:
    if session.connection.invalidated or session.connection.closed:
        return
    if session.kind == "postgresql":
        session.value("SELECT pg_advisory_unlock($1)", (KEY,))
    else:
        session.value("SELECT RELEASE_LOCK(%s)", (_name(session),))


def _name(session: Session) -> str:
    """Return the name of the lock, which is one for the whole server."""
    database = str(session.value("SELECT DATABASE()"))
    return "starmodel_migrate_" + hashlib.blake2b(database.encode(), digest_size=16).hexdigest()


async def _until(acquire: Callable[[], Any], wait_s: float, on_wait: Callable[[], None]) -> None:
    deadline = asyncio.get_running_loop().time() + wait_s
    waits = False
    while not await acquire():
        if not waits:
            waits = True
            on_wait()
        if asyncio.get_running_loop().time() > deadline:
            raise MigrationError(
                f"Another process has been migrating this database for more than {wait_s:g} s. "
                "Wait until it ends, and run this again; nothing was changed here."
            )
        await asyncio.sleep(POLL_S)
