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
    Upgrade,
    actor_key,
)
from starmodel.app.access.policy import Actor
from starmodel.app.ports.sessions import SessionRecord
from starmodel.core.errors import StoreFailedError, StoreUnavailableError
from starmodel.core.values.tagged_json import from_text, to_text


class SqlSessions:
    """The sessions of one open database; the first write creates its tables.

    Shapes: the engine is connected and started.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine, self._tables = engine, SessionTables(engine.sql_dialect)
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

    async def of_actor(self, actor_id: str) -> Sequence[SessionRecord]:
        await self._key_all()
        rows = await self._rows(self._tables.of_actor, actor_key_=actor_key(actor_id))
        return [_record(row) for row in rows]

    async def update(self, records: Sequence[SessionRecord]) -> None:
        update = self._tables.update
        changes = [
            (update, {"id_": r.id, "actor_": _actor_text(r.actor), "ended_at_": r.ended_at})
            for r in records
        ]
        await self._run_all([(self._tables.raise_revision, {}), *changes])

    async def _key_all(self) -> None:
        """Set the keys of rows that processes of an earlier version of StarModel have added."""
        while rows := await self._rows(self._tables.unkeyed):
            keys = [{"id_": id, "actor_key_": _key(_actor(text))} for id, text in rows]
            await self._run_all([(self._tables.set_key, key) for key in keys])

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
        await self.engine.execute(touch.sql, touch.params({"id_": id, "seen_at_": seen_at}))

    async def sweep(self, now: float, idle_s: float, absolute_s: float, keep_s: float) -> None:
        limits = {"idle_": now - idle_s, "absolute_": now - absolute_s}
        while rows := await self._rows(self._tables.expired, **limits):
            ends = [
                (self._tables.end_expired, {"now_": now, "id_": row[0], **limits}) for row in rows
            ]
            await self._run_all([(self._tables.raise_revision, {}), *ends])
        purge = self._tables.purge
        await self.engine.execute(purge.sql, purge.params({"ended_before_": now - keep_s}))

    async def close(self) -> None:
        await self.engine.close()

    async def _prepare(self, *, create: bool) -> None:
        """Prepare the tables; without `create`, only existing ones."""
        async with self._preparing:
            if self._ready:
                return
            exists = bool(await self.engine.columns(SESSIONS))
            if exists:  # first the columns, which the indexes of a new version need
                await self._upgrade()
            if exists or create:
                await self.engine.create(self._tables.metadata, ())
            if create and not exists:
                await self._upgrade()
            self._ready = exists or create

    async def _upgrade(self) -> None:
        """Migrate tables of an earlier schema version to the current one."""
        tables = self._tables
        await self.engine.execute(tables.register.sql, tables.register.params({}))
        found = int((await self._rows(tables.schema))[0][0])
        if found > SCHEMA:
            raise StoreUnavailableError(
                f"The tables of sessions have schema number {found}; this version of StarModel "
                f"knows {SCHEMA}. Install the newer version, or set system_store to another "
                "database."
            )
        if found < SCHEMA:
            for number in range(found + 1, SCHEMA + 1):
                await self._run_upgrade(UPGRADES[number])
            await self.engine.execute(tables.set_schema.sql, tables.set_schema.params({}))

    async def _run_upgrade(self, upgrade: Upgrade) -> None:
        """Run the statements of one schema version, unless another process has run them."""
        if self.engine.sql_dialect.sqlalchemy.name in ("sqlite", "postgresql"):
            statements = upgrade.statements
        else:
            statements = (upgrade.mysql,)
        try:
            if upgrade.column not in await self.engine.columns(SESSIONS):
                await self.engine.execute_all([(sql, ()) for sql in statements])
        except StoreFailedError:
            if upgrade.column not in await self.engine.columns(SESSIONS):
                raise

    async def _rows(self, statement: Any, **given: Any) -> Sequence[Any]:
        return await self.engine.rows(statement.sql, statement.params(given))

    async def _run_all(self, steps: Sequence[tuple[Any, dict[str, Any]]]) -> None:
        await self.engine.execute_all([(step.sql, step.params(given)) for step, given in steps])


def _row(record: SessionRecord) -> dict[str, Any]:
    actor = record.actor
    values = record._asdict() | {"actor": _actor_text(actor), "actor_key": _key(actor)}
    return {f"{name}_": value for name, value in values.items()}


def _record(row: Sequence[Any]) -> SessionRecord:
    id, visitor, text, *rest = row
    return SessionRecord(id, visitor, _actor(text), *rest)


def _actor(text: str | None) -> Actor | None:
    if text is None:
        return None
    who, name, roles, *claims = from_text(text)
    return Actor(who, name, frozenset(roles), *claims)


def _actor_text(actor: Actor | None) -> str | None:
    if actor is None:
        return None
    return to_text([actor.id, actor.name, sorted(actor.roles), dict(actor.claims)])


def _key(actor: Actor | None) -> str:
    return "" if actor is None else actor_key(actor.id)


def _first(rows: Sequence[Any]) -> SessionRecord | None:
    return _record(rows[0]) if rows else None
