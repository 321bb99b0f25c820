"""Counts of attempts in a database."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starmodel.adapters.persistence.system.connection import SqlPart, SystemDatabase
from starmodel.app.ports.credentials.attempts import Limit

if TYPE_CHECKING:
    from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
    from starmodel.adapters.persistence.system.attempts.tables import AttemptTables

MAX_SWAPS = 5
BUSY_S = 1.0


class SqlAttempts:
    """The counts of one database; the first use creates their table."""

    def __init__(self, database: SystemDatabase) -> None:
        self._part = SqlPart(database, "attempts", _tables)

    async def claim(self, key: str, limit: Limit, now: float) -> float:
        for _ in range(MAX_SWAPS):
            rows = await self._part.rows(lambda to: to.find, id_=key)
            if not rows:
                start = _row(key, 0, 0.0, now, secrets.token_hex(16))
                await self._part.write(lambda to: to.add, start)
                continue
            count, free_at, last_at, was = rows[0]
            if free_at > now:
                return float(free_at) - now
            count = 1 if last_at < now - limit.forget_s else int(count) + 1
            by = secrets.token_hex(16)
            row = _row(key, count, now + limit.wait_s(count), now, by) | {"was_": was}
            await self._part.write(lambda to: to.count, row)
            if (await self._part.rows(lambda to: to.find, id_=key) or [("",)])[0][-1] == by:
                return 0.0
        return BUSY_S  # many concurrent attempts under one key

    async def forgive(self, key: str) -> None:
        given = {"id_": key, "changed_by_": secrets.token_hex(16)}
        await self._part.write(lambda to: to.forgive, given)

    async def clear(self, key: str) -> None:
        await self._part.write(lambda to: to.clear, {"id_": key})

    async def sweep(self, before: float, max_keys: int) -> None:
        await self._part.write(lambda to: to.sweep, {"before_": before})
        rows = await self._part.rows(lambda to: to.newest_dropped, most_=max_keys)
        if rows:
            await self._part.write(lambda to: to.drop, {"before_": rows[0][0]})

    async def close(self) -> None:
        await self._part.database.close()


def _row(key: str, count: int, free_at: float, last_at: float, by: str) -> dict[str, object]:
    return {
        "id_": key, "count_": count, "free_at_": free_at, "last_at_": last_at, "changed_by_": by
    }  # fmt: skip


def _tables(sql_dialect: SqlDialect) -> AttemptTables:
    from starmodel.adapters.persistence.system.attempts.tables import AttemptTables

    return AttemptTables(sql_dialect)
