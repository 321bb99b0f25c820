"""Deletes and announces expired entities, about every second."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from starmodel.adapters.persistence.sql.engine import Engine
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.adapters.persistence.sql.write.idempotency import Markers
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import MARKER_TTL_S, Expired
from starmodel.core.entity import Entity

log = logging.getLogger("starmodel.sql")
SWEEP_S = 1.0
PURGE_S = 60.0
SWEEP_BATCH = 500


class Sweeper:
    """Queries for expired rows first, and writes only when there are any.

    Among several processes on one database, exactly one announces each entity.
    """

    def __init__(
        self,
        statements: Mapping[type[Entity], Statements],
        markers: Markers,
        engine: Engine,
        clock: Clock,
        expired: Expired,
    ) -> None:
        self._expiring = [own for own in statements.values() if own.has_ttl]
        self._markers, self._engine = markers, engine
        self._clock, self._expired = clock, expired
        self._purged_at = clock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._sweep_for_ever())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def sweep(self) -> None:
        """Delete and announce every expired entity; purge old markers at longer intervals."""
        now = self._clock()
        for statements in self._expiring:
            look = statements.any_expired
            while await self._engine.rows(look.sql, look.params({"now_": now, "limit_": 1})):
                await self._sweep_some(statements, now)
        if now - self._purged_at >= PURGE_S:
            self._purged_at = now
            stale = now - MARKER_TTL_S
            look = self._markers.any_stale
            while await self._engine.rows(look.sql, look.params({"stale_": stale, "limit_": 1})):
                await self._engine.purge(self._markers, stale)

    async def _sweep_some(self, statements: Statements, now: float) -> None:
        decode = statements.mapped.key.codec.decode
        for id, version in await self._engine.sweep(statements, now, SWEEP_BATCH):
            await self._expired(statements.cls, decode(id) if decode else id, version)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S if self._expiring else PURGE_S)
            try:
                await self.sweep()
            except Exception:  # a background task, which has no caller and must retry
                log.exception("The sweep of expired entities failed; it is tried again")
