"""One-time secrets in a database."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starmodel.adapters.persistence.system.connection import SqlPart, SystemDatabase
from starmodel.app.ports.credentials.one_time import OneTimeRecord

if TYPE_CHECKING:
    from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
    from starmodel.adapters.persistence.system.one_time.tables import OneTimeTables


class SqlOneTime:
    """The secrets of one database; the first use creates their table."""

    def __init__(self, database: SystemDatabase) -> None:
        self._part = SqlPart(database, "one-time secrets", _tables)

    async def issue(self, record: OneTimeRecord) -> None:
        values = {f"{name}_": value for name, value in record._asdict().items()}
        await self._part.run(lambda to: [(to.remove, {"id_": record.id}), (to.add, values)])

    async def find(self, id: str, purpose: str, now: float) -> OneTimeRecord | None:
        rows = await self._part.rows(lambda to: to.find, id_=id, purpose_=purpose, now_=now)
        return OneTimeRecord(*rows[0]) if rows else None

    async def use(
        self, id: str, purpose: str, code: str, now: float, *, max_attempts: int
    ) -> OneTimeRecord | None:
        by = secrets.token_hex(16)
        given = {
            "id_": id, "purpose_": purpose, "code_": code, "now_": now, "by_": by,
            "most_": max_attempts,
        }  # fmt: skip
        await self._part.write(lambda to: to.use, given)
        rows = await self._part.rows(lambda to: to.used, id_=id, by_=by)
        return OneTimeRecord(*rows[0]) if rows else None

    async def revoke(self, purpose: str, subject: str) -> None:
        given = {"purpose_": purpose, "subject_": subject}
        await self._part.write(lambda to: to.revoke, given)

    async def sweep(self, now: float) -> None:
        await self._part.write(lambda to: to.sweep, {"now_": now})

    async def close(self) -> None:
        await self._part.database.close()


def _tables(sql_dialect: SqlDialect) -> OneTimeTables:
    from starmodel.adapters.persistence.system.one_time.tables import OneTimeTables

    return OneTimeTables(sql_dialect)
