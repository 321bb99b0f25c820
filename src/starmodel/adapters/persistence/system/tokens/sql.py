"""Bearer tokens in a database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from starmodel.adapters.persistence.system.connection import SqlPart, SystemDatabase
from starmodel.app.access.policy import Actor
from starmodel.app.ports.credentials.tokens import TokenRecord
from starmodel.core.values.tagged_json import from_text, to_text

if TYPE_CHECKING:
    from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
    from starmodel.adapters.persistence.system.tokens.tables import TokenTables


class SqlTokens:
    """The tokens of one database; the first one creates their table."""

    def __init__(self, database: SystemDatabase) -> None:
        self._part = SqlPart(database, "tokens", _tables)

    async def exists(self) -> bool:
        return await self._part.exists("starmodel_token")

    async def issue(self, record: TokenRecord) -> None:
        row = _row(record)
        await self._part.run(
            lambda to: [(to.raise_revision, {}), (to.remove, {"id_": record.id}), (to.add, row)]
        )

    async def find(self, id: str) -> TokenRecord | None:
        rows = await self._part.rows(lambda to: to.find, id_=id)
        return _record(rows[0]) if rows else None

    async def of_actor(self, actor_id: str) -> Sequence[TokenRecord]:
        rows = await self._part.rows(lambda to: to.of_owner, owner_=_owner(actor_id))
        return [_record(row) for row in rows]

    async def update(self, records: Sequence[TokenRecord]) -> None:
        rows = [_row(record) for record in records]
        await self._part.run(
            lambda to: [(to.raise_revision, {}), *((to.change, row) for row in rows)]
        )

    async def changes(
        self, since: int | None, limit: int
    ) -> tuple[int, Sequence[TokenRecord] | None]:
        rows = await self._part.rows(lambda to: to.schema)
        revision = int(rows[0][1]) if rows else 0
        if since is None or since == revision:
            return revision, ()
        if not 0 < revision - since <= limit:
            return revision, None
        changed = await self._part.rows(lambda to: to.changes, since_=since, until_=revision)
        return revision, [_record(row) for row in changed]

    async def touch(self, id: str, used_at: float) -> None:
        await self._part.write(lambda to: to.touch, {"id_": id, "used_at_": used_at})

    async def sweep(self, before: float) -> None:
        await self._part.write(lambda to: to.sweep, {"before_": before})

    async def close(self) -> None:
        await self._part.database.close()


def _owner(actor_id: str) -> str:
    """A hash of fixed length, which every database compares alike."""
    return hashlib.sha256(actor_id.encode("utf-8", "surrogatepass")).hexdigest()


def _row(record: TokenRecord) -> dict[str, Any]:
    actor = record.actor
    values = record._asdict() | {
        "owner": _owner(actor.id),
        "actor": to_text([actor.id, actor.name, sorted(actor.roles), dict(actor.claims)]),
        "name": to_text(record.name),
        "grants": to_text(list(record.grants)),
    }
    return {f"{name}_": value for name, value in values.items()}


def _record(row: Sequence[Any]) -> TokenRecord:
    id, actor, name, grants, *times = row
    who, shown, roles, claims = from_text(actor)
    owner = Actor(who, shown, frozenset(roles), claims)
    return TokenRecord(id, owner, from_text(name), tuple(from_text(grants)), *times)


def _tables(sql_dialect: SqlDialect) -> TokenTables:
    from starmodel.adapters.persistence.system.tokens.tables import TokenTables

    return TokenTables(sql_dialect)
