"""Bearer tokens as one process sees them: cached, and at most a second old."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from starmodel.app.credentials.tokens.polling import Polling
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.credentials.tokens import TokenRecord, TokenStore
from starmodel.core.errors import StoreError

V = TypeVar("V")
log = logging.getLogger("starmodel.credentials")
MAX_TOKENS, MAX_UNKNOWN, MAX_REVISIONS = 10_000, 1_000, 1_000
TOUCH_S = 600.0
SWEEP_S = 600.0
KEEP_S = 31 * 24 * 3600.0


class TokenCache:
    """Caches each token after one read of the store, then follows the store's changes.

    `ended` is called with each cached token that is revoked, changed or expired, also by another
    process.
    """

    def __init__(
        self,
        store: TokenStore,
        *,
        clock: Clock,
        ended: Callable[[TokenRecord], Awaitable[None]],
        watched: Callable[[], bool],
    ) -> None:
        self._store, self._clock, self._ended = store, clock, ended
        self._polling = Polling(self._read_changes, reset=self._reset, watched=watched)
        self._records: OrderedDict[str, TokenRecord] = OrderedDict()
        self._unknown: OrderedDict[str, None] = OrderedDict()
        self._touching: set[asyncio.Task[None]] = set()
        self._reset()

    def _reset(self) -> None:
        self._records.clear()
        self._unknown.clear()
        self._revision: int | None = None
        self._exists = False
        self._applied = 0
        self._next_expiry = float("inf")
        self._sweep_at = time.monotonic() + random.uniform(0, SWEEP_S)  # noqa: S311 - jitter

    async def find(self, id: str) -> TokenRecord | None:
        """The valid token with this id. Raises: StoreUnavailableError."""
        await self._polling.fresh()
        record = self._records.get(id)
        while record is None:
            if not self._exists:
                await self._read_changes()  # another process may have stored the first token
            if not self._exists or id in self._unknown:
                return None
            applied = self._applied
            found = await self._store.find(id)
            if applied != self._applied:  # else a newer change may have passed this answer
                record = self._records.get(id)
            elif found is None:
                _put(self._unknown, id, None, MAX_UNKNOWN)
            else:
                record = self._put(found)
        self._records.move_to_end(id)
        now = self._clock()
        if record.ended_at is not None or record.expires_at <= now:
            return None
        if record.used_at is None or record.used_at + TOUCH_S < now:
            self._touch(record, now)
        return record

    async def issue(self, record: TokenRecord) -> None:
        """Store a new token. Raises: StoreUnavailableError."""
        self._polling.start()
        await self._store.issue(record)
        self._exists = True
        self._put(record)

    async def of_actor(self, actor_id: str) -> Sequence[TokenRecord]:
        """The valid tokens of an owner, the newest first. Raises: StoreUnavailableError."""
        if not await self._store.exists():
            return []
        now = self._clock()
        return [each for each in await self._store.of_actor(actor_id) if each.expires_at > now]

    async def update(self, records: Sequence[TokenRecord]) -> None:
        """Store actor and end of tokens; holds in this process as soon as it returns."""
        if not records:
            return
        self._polling.start()
        await self._store.update(records)
        self._exists = True
        for record in records:
            self._put(record)
            await self._ended(record)

    async def close(self) -> None:
        """Stop polling, and release the connections of the store."""
        await self._polling.stop()
        for task in [*self._touching]:
            if task.get_loop() is asyncio.get_running_loop():
                await asyncio.gather(task, return_exceptions=True)
        self._touching.clear()
        await self._store.close()

    def _put(self, record: TokenRecord) -> TokenRecord:
        self._applied += 1
        self._unknown.pop(record.id, None)
        self._next_expiry = min(self._next_expiry, record.expires_at)
        _put(self._records, record.id, record, MAX_TOKENS)
        return record

    def _touch(self, record: TokenRecord, now: float) -> None:
        self._records[record.id] = record._replace(used_at=now)

        async def touch() -> None:
            try:
                await self._store.touch(record.id, now)
            except StoreError as error:
                log.warning("The use of a token could not be recorded: %s", error)

        task = asyncio.create_task(touch())
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)

    async def _read_changes(self) -> None:
        if not self._exists:
            self._exists = await self._store.exists()
        if self._exists:
            before = self._revision
            self._revision, changed = await self._store.changes(before, MAX_REVISIONS)
            if changed is None:
                await self._forget()
            else:
                await self._apply(changed)
            if time.monotonic() > self._sweep_at:
                self._sweep_at = time.monotonic() + SWEEP_S
                await self._store.sweep(self._clock() - KEEP_S)
        await self._end_expired()

    async def _apply(self, changed: Sequence[TokenRecord]) -> None:
        for record in changed:
            known = self._records.get(record.id)
            self._unknown.pop(record.id, None)
            self._applied += 1
            if known is not None:
                self._put(record)
                if (known.actor, known.ended_at is None) != (
                    record.actor, record.ended_at is None,
                ):  # fmt: skip
                    await self._ended(record)

    async def _forget(self) -> None:
        """Drop the cache after too many changes; tokens are loaded again."""
        known = [*self._records.values()]
        self._records.clear()
        self._unknown.clear()
        self._applied += 1
        for record in known:
            await self._ended(record)

    async def _end_expired(self) -> None:
        now = self._clock()
        if now < self._next_expiry:
            return
        expired = [each for each in self._records.values() if each.expires_at <= now]
        for record in expired:
            del self._records[record.id]
        self._next_expiry = min(
            (each.expires_at for each in self._records.values()), default=float("inf")
        )
        for record in expired:
            await self._ended(record)


def _put(cache: OrderedDict[str, V], id: str, value: V, size: int) -> None:
    cache[id] = value
    cache.move_to_end(id)
    if len(cache) > size:
        cache.popitem(last=False)
