"""Counts of attempts in a database."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from starmodel.adapters.persistence.system.connection import SqlPart, SystemDatabase
from starmodel.app.ports.credentials.attempts import Limit

if TYPE_CHECKING:
    from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
    from starmodel.adapters.persistence.system.attempts.tables import AttemptTables

MAX_SWAPS = 5
MARK_CHARS, MAX_MARKS_CHARS = 16, 240
_State = tuple[int, float, float]
"""The count, when the next attempt is free, and when the last one was made."""
BUSY_S = 1.0


class SqlAttempts:
    """The counts of one database; the first use creates their table."""

    def __init__(self, database: SystemDatabase) -> None:
        self._part = SqlPart(database, "attempts", _tables)

    async def claim(self, key: str, limit: Limit, now: float) -> float:
        def counted(count: int, free_at: float, last_at: float) -> _State | float:
            if free_at > now:
                return free_at - now
            count = 1 if last_at < now - limit.forget_s else count + 1
            return count, now + limit.wait_s(count), now

        start = 0, 0.0, now
        refused = await self._change(key, counted, start)
        return BUSY_S if refused is None else refused

    async def forgive(self, key: str) -> None:
        await self._change(
            key, lambda count, free_at, last_at: (max(0, count - 1), 0.0, last_at), None
        )

    async def clear(self, key: str) -> None:
        await self._part.write(lambda to: to.clear, {"id_": key})

    async def sweep(self, before: float, max_keys: int) -> None:
        await self._part.write(lambda to: to.sweep, {"before_": before})
        rows = await self._part.rows(lambda to: to.newest_dropped, most_=max_keys)
        if rows:
            await self._part.write(lambda to: to.drop, {"before_": rows[0][0]})

    async def close(self) -> None:
        await self._part.database.close()

    async def _change(
        self, key: str, change: Callable[[int, float, float], _State | float], start: _State | None
    ) -> float | None:
        """Replace the state of a key by a compare-and-swap; 0.0 when it is stored.

        A number that `change` returns is the result, and nothing is stored. None after too many
        concurrent changes.

        Shapes: start is the state of a new key, None to add none.
        """
        for _ in range(MAX_SWAPS):
            rows = await self._part.rows(lambda to: to.find, id_=key)
            if not rows:
                if start is None:
                    return 0.0
                first = _row(key, start, _new_mark())
                await self._part.write(lambda to: to.add, first)
                continue
            count, free_at, last_at, was = rows[0]
            made = change(int(count), float(free_at), float(last_at))
            if isinstance(made, float):
                return made
            mark = _new_mark()
            row = _row(key, made, (mark + was)[:MAX_MARKS_CHARS]) | {"was_": was}
            await self._part.write(lambda to: to.count, row)
            found = await self._part.rows(lambda to: to.find, id_=key)
            if not found or mark in found[0][-1]:
                return 0.0
        return None


def _new_mark() -> str:
    return secrets.token_hex(MARK_CHARS // 2)


def _row(key: str, state: _State, marks: str) -> dict[str, object]:
    count, free_at, last_at = state
    return {
        "id_": key, "count_": count, "free_at_": free_at, "last_at_": last_at, "marks_": marks
    }  # fmt: skip


def _tables(sql_dialect: SqlDialect) -> AttemptTables:
    from starmodel.adapters.persistence.system.attempts.tables import AttemptTables

    return AttemptTables(sql_dialect)
