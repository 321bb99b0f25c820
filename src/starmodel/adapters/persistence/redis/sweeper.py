"""Announces and deletes expired records each second, and removes entries without a record."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection

from starmodel.adapters.persistence.redis.query.ranges import id_text_of
from starmodel.adapters.persistence.redis.records import Records
from starmodel.adapters.persistence.redis.scripts import PRUNE, SWEEP
from starmodel.adapters.persistence.redis.server.connection import LostReplyError, RedisLink
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import Expired
from starmodel.core.errors import StoreError

log = logging.getLogger("starmodel.redis")
SWEEP_S = 1.0
SWEEP_BATCH = 500
SECOND_VERSIONS = 1_000_000
"""Versions that are seeded from the clock in one second."""


class Sweeper:
    """Sweeps the classes with a ttl. Of several processes, one announces each record."""

    def __init__(
        self, link: RedisLink, records: Collection[Records], clock: Clock, expired: Expired
    ) -> None:
        self._link, self._clock, self._expired = link, clock, expired
        self._expiring = [each for each in records if each.ttl_s is not None]
        self._unpruned: set[str] = set()
        self._records = {each.name: each for each in records}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._expiring:
            self._task = asyncio.create_task(self._sweep_for_ever())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def sweep(self) -> None:
        """Delete and announce every expired record."""
        for records in self._expiring:
            await self.sweep_class(records)
        for name in sorted(self._unpruned):
            await self.prune(self._records[name])
            self._unpruned.discard(name)

    async def sweep_class(self, records: Records) -> None:
        """Delete and announce the expired records of one class."""
        now = self._clock()
        while True:
            ids = await self._link.call(
                "ZRANGEBYSCORE", records.expiry_key, "-inf", now, "LIMIT", 0, SWEEP_BATCH
            )
            if not ids:
                return
            texts = [id.decode() for id in ids]
            keys = [records.key(records.id_of_entry(text)) for text in texts]
            command = SWEEP.command([records.index_key, records.expiry_key, *keys], [now, *ids])
            try:
                swept = await self._link.send(command)
            except LostReplyError:  # announced twice rather than never
                for text in texts:
                    await self._announce(records, text, int(now * SECOND_VERSIONS))
                continue
            for id, version in zip(swept[::2], swept[1::2], strict=True):
                if not version:  # removed by the server, long after its expiry
                    self._unpruned.add(records.name)
                found = int(version) if version else int(now * SECOND_VERSIONS)
                await self._announce(records, id.decode(), found)

    async def _announce(self, records: Records, text: str, version: int) -> None:
        try:
            await self._expired(records.cls, records.id_of_entry(text), version)
        except Exception:  # delivery: one failing handler must not stop the sweep
            log.exception("The expiry of a %s was not announced", records.name)

    async def prune(self, records: Records) -> int:
        """Remove the index entries whose records are gone; the number of those removed."""
        low, removed = b"-", 0
        while True:
            members = await self._link.call(
                "ZRANGEBYLEX", records.index_key, low, b"+", "LIMIT", 0, SWEEP_BATCH
            )
            if not members:
                return removed
            arguments, keys = [], []
            for member in members:
                text = id_text_of(records, member)
                keys.append(records.key(records.id_of_entry(text)))
                arguments += [member, text]
            removed += await self._link.script(PRUNE, [records.index_key, *keys], *arguments)
            low = b"(" + members[-1]

    async def _sweep_for_ever(self) -> None:
        failed = False
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self.sweep()
                if failed:
                    log.warning("Expired records are swept again")
                failed = False
            except StoreError as error:
                if not failed:  # one warning, instead of one each second
                    log.warning("The sweep of expired records fails until Redis is back: %s", error)
                failed = True
            except Exception:  # a background task, which has no caller and must retry
                log.exception("The sweep of expired records failed; it is tried again")
