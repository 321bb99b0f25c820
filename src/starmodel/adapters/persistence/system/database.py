"""The database of the system store, opened on first use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from starmodel.adapters.persistence.system.connection import SystemDatabase
from starmodel.app.ports.sessions import SessionRecord
from starmodel.core.errors import ConfigurationError, StoreUnavailableError

if TYPE_CHECKING:
    from starmodel.adapters.persistence.system.sql_sessions import SqlSessions


class DatabaseSessions:
    """Sessions in the database of a URL.

    An SQLite file is neither created nor opened before the first sign-in,
    and SQLAlchemy is not imported until then.
    """

    def __init__(
        self, url: str, *, synchronous: Literal["NORMAL", "FULL"], timeout_s: float
    ) -> None:
        self._database = SystemDatabase(url, synchronous=synchronous, timeout_s=timeout_s)
        self._sessions: SqlSessions | None = None

    async def exists(self) -> bool:
        if self._sessions is None and not self._database.may_have("starmodel_session"):
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
        self._sessions = None
        await self._database.close()

    async def _open(self) -> SqlSessions:
        from starmodel.adapters.persistence.system.sql_sessions import SqlSessions

        engine = await self._database.engine()
        if self._sessions is None or self._sessions.engine is not engine:
            self._sessions = SqlSessions(engine)
        return self._sessions
