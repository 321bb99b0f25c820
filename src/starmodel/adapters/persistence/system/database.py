"""The database of the system store, opened on first use."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from starmodel.adapters.persistence.system.connection import connect
from starmodel.app.ports.sessions import SessionRecord
from starmodel.core.errors import ConfigurationError, StoreUnavailableError

if TYPE_CHECKING:
    from starmodel.adapters.persistence.system.sql_sessions import SqlSessions

POOL_SIZE = 2


class DatabaseSessions:
    """Sessions in the database of a URL.

    An SQLite file is neither created nor opened before the first sign-in,
    and SQLAlchemy is not imported until then.
    """

    def __init__(
        self, url: str, *, synchronous: Literal["NORMAL", "FULL"], timeout_s: float
    ) -> None:
        self._url, self._synchronous, self._timeout_s = url, synchronous, timeout_s
        self._sessions: SqlSessions | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()

    async def exists(self) -> bool:
        if self._sessions is None and not _may_have_sessions(self._url):
            return False
        try:
            return await (await self._open()).exists()
        except ConfigurationError as error:
            raise StoreUnavailableError(str(error)) from error

    async def find(self, id: str) -> SessionRecord | None:
        return await (await self._open()).find(id)

    async def latest(self, visitor: str) -> SessionRecord | None:
        return await (await self._open()).latest(visitor)

    async def replace(self, visitor: str, at: float, records: Sequence[SessionRecord]) -> None:
        try:
            await (await self._open()).replace(visitor, at, records)
        except ConfigurationError as error:  # the tables can't be created
            raise StoreUnavailableError(str(error)) from error

    async def of_actor(self, actor_id: str) -> Sequence[SessionRecord]:
        return await (await self._open()).of_actor(actor_id) if await self.exists() else ()

    async def update(self, records: Sequence[SessionRecord]) -> None:
        await (await self._open()).update(records)

    async def changes(
        self, since: int | None, limit: int
    ) -> tuple[int, Sequence[SessionRecord] | None]:
        return await (await self._open()).changes(since, limit)

    async def touch(self, id: str, seen_at: float) -> None:
        await (await self._open()).touch(id, seen_at)

    async def sweep(self, now: float, idle_s: float, absolute_s: float, keep_s: float) -> None:
        await (await self._open()).sweep(now, idle_s, absolute_s, keep_s)

    async def close(self) -> None:
        sessions, self._sessions = self._sessions, None
        if sessions is not None:
            with contextlib.suppress(RuntimeError):  # connections of a closed event loop
                await sessions.close()

    async def _open(self) -> SqlSessions:
        loop = asyncio.get_running_loop()
        if self._sessions is not None and self._loop is loop:
            return self._sessions
        if self._loop is not loop:
            self._loop, self._opening = loop, asyncio.Lock()
            await self.close()
        async with self._opening:
            if self._sessions is None:
                self._sessions = await self._connected()
        return self._sessions

    async def _connected(self) -> SqlSessions:
        from starmodel.adapters.persistence.sql.engines import engine_for
        from starmodel.adapters.persistence.system.sql_sessions import SqlSessions

        try:
            engine = engine_for(
                self._url,
                synchronous=self._synchronous,
                pool_size=POOL_SIZE,
                timeout_s=self._timeout_s,
            )
            await connect(engine)
        except ConfigurationError as error:
            raise StoreUnavailableError(f"Sessions can't be stored: {error}") from error
        return SqlSessions(engine)


def _may_have_sessions(url: str) -> bool:
    """False for an SQLite file without session tables; uses the standard library's driver alone."""
    if not url.startswith("sqlite"):
        return True
    path, _, options = url.partition(":///")[2].partition("?")
    if options:
        return True
    if path in ("", ":memory:") or not os.path.exists(path):
        return False
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=1)
        ) as connection:
            found = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'starmodel_session'"
            )
            return found.fetchone() is not None
    except sqlite3.Error:
        return True
