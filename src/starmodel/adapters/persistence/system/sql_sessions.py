"""Server-side sessions in a database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from starmodel.adapters.persistence.sql.engine import Engine
from starmodel.adapters.persistence.system.session_tables import (
    SCHEMA,
    SESSIONS,
    UPGRADES,
    SessionTables,
)
from starmodel.app.access.policy import Actor
from starmodel.app.ports.sessions import SessionRecord
from starmodel.core.errors import StoreUnavailableError
from starmodel.core.values.tagged_json import from_text, to_text


class SqlSessions:
    """The sessions of one open database; the first write creates its tables.

    Shapes: the engine is connected and started.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self._tables = engine, SessionTables(engine.sql_dialect)
        self._ready, self._preparing = False, asyncio.Lock()

    async def exists(self) -> bool:
        if not self._ready:
            await self._prepare(create=False)
        return self._ready

    async def find(self, id: str) -> SessionRecord | None:
        return _first(await self._rows(self._tables.find, id_=id))

    async def latest(self, visitor: str) -> SessionRecord | None:
        return _first(await self._rows(self._tables.latest, visitor_=visitor))

    async def replace(self, visitor: str, at: float, records: Sequence[SessionRecord]) -> None:
        if not self._ready:
            await self._prepare(create=True)
        tables = self._tables
        steps = [
            (tables.raise_revision, {}),
            (tables.end_all, {"now_": at, "visitor_": visitor}),
        ]
        for record in records:
            steps += [(tables.remove, {"id_": record.id}), (tables.add, _row(record))]
        await self._run_all(steps)

    async def changes(
        self, since: int | None, limit: int
    ) -> tuple[int, Sequence[SessionRecord] | None]:
        rows = await self._rows(self._tables.schema)
        revision = int(rows[0][1]) if rows else 0
        if since is None or since == revision:
            return revision, ()
        if not 0 < revision - since <= limit:
            return revision, None
        changed = await self._rows(self._tables.changes, since_=since, until_=revision)
        return revision, [_record(row) for row in changed]

    async def touch(self, id: str, seen_at: float) -> None:
        touch = self._tables.touch
        await self._engine.execute(touch.sql, touch.params({"id_": id, "seen_at_": seen_at}))

    async def sweep(self, now: float, idle_s: float, absolute_s: float, keep_s: float) -> None:
        limits = {"idle_": now - idle_s, "absolute_": now - absolute_s}
        while rows := await self._rows(self._tables.expired, **limits):
            ends = [
                (self._tables.end_expired, {"now_": now, "id_": row[0], **limits}) for row in rows
            ]
            await self._run_all([(self._tables.raise_revision, {}), *ends])
        purge = self._tables.purge
        await self._engine.execute(purge.sql, purge.params({"ended_before_": now - keep_s}))

    async def close(self) -> None:
        await self._engine.close()

    async def _prepare(self, *, create: bool) -> None:
        """Prepare the tables; without `create`, only existing ones."""
        async with self._preparing:
            if not self._ready and (create or await self._engine.columns(SESSIONS)):
                await self._engine.create(self._tables.metadata, ())
                await self._upgrade()
                self._ready = True

    async def _upgrade(self) -> None:
        """Migrate tables of an earlier schema version to the current one."""
        tables = self._tables
        await self._engine.execute(tables.register.sql, tables.register.params({}))
        found = int((await self._rows(tables.schema))[0][0])
        if found > SCHEMA:
            raise StoreUnavailableError(
                f"The tables of sessions have schema number {found}; this version of StarModel "
                f"knows {SCHEMA}. Install the newer version, or set system_store to another "
                "database."
            )
        if found < SCHEMA:
            upgrades = [sql for number in range(found + 1, SCHEMA + 1) for sql in UPGRADES[number]]
            last = (tables.set_schema.sql, tables.set_schema.params({}))
            await self._engine.execute_all([*((sql, ()) for sql in upgrades), last])

    async def _rows(self, statement: Any, **given: Any) -> Sequence[Any]:
        return await self._engine.rows(statement.sql, statement.params(given))

    async def _run_all(self, steps: Sequence[tuple[Any, dict[str, Any]]]) -> None:
        await self._engine.execute_all([(step.sql, step.params(given)) for step, given in steps])


def _row(record: SessionRecord) -> dict[str, Any]:
    actor = record.actor
    text = (
        None
        if actor is None
        else to_text([actor.id, actor.name, sorted(actor.roles), dict(actor.claims)])
    )
    values = record._replace(actor=None)._asdict() | {"actor": text}
    return {f"{name}_": value for name, value in values.items()}


def _record(row: Sequence[Any]) -> SessionRecord:
    id, visitor, text, provider, created_at, seen_at, ended_at = row
    actor = None
    if text is not None:
        who, name, roles, *claims = from_text(text)
        actor = Actor(who, name, frozenset(roles), *claims)
    return SessionRecord(id, visitor, actor, provider, created_at, seen_at, ended_at)


def _first(rows: Sequence[Any]) -> SessionRecord | None:
    return _record(rows[0]) if rows else None
