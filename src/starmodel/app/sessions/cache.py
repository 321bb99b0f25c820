"""Server-side sessions as one process sees them: cached, and at most a second old."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from starmodel.app.ports.clock import Clock
from starmodel.app.ports.sessions import SessionRecord, SessionStore
from starmodel.app.sessions.actors import ActorSessions
from starmodel.app.sessions.recent import MISSING, RecentSessions
from starmodel.core.errors import StoreError

log = logging.getLogger("starmodel.sessions")
POLL_S, FRESH_S = 0.4, 1.0
QUIET_S = 5.0
TOUCH_S = 3600.0
SWEEP_S = 600.0
KEEP_S = 31 * 24 * 3600.0
"""How long ended sessions are kept: longer than a cookie lives, so that no copy outlives them."""
MAX_REVISIONS = 1_000


class SessionCache:
    """Caches each session after one read of the store, then follows the store's changes.

    A background task polls the store's revision while requests arrive or
    pages are open. After a pause the next request waits for one poll.
    `changed` is called with the visitor of each session that another
    process created or ended.

    Units: idle_s and absolute_s are seconds since the last request, and
    since sign-in, after which a session is refused.
    """

    def __init__(
        self,
        store: SessionStore,
        *,
        clock: Clock,
        idle_s: float,
        absolute_s: float,
        changed: Callable[[str], Awaitable[None]] | None = None,
        watched: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store, self._clock = store, clock
        self._idle_s, self._absolute_s = idle_s, absolute_s
        self._touch_s = min(TOUCH_S, idle_s / 100)
        self._changed, self._watched = changed, watched
        self.actors = ActorSessions(store, clock, self._update, idle_s, absolute_s)
        self._recent = RecentSessions()
        self._records, self._visitors = self._recent.by_id, self._recent.by_visitor
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poller: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._replacing: set[str] = set()
        self._reset()

    def _reset(self) -> None:
        self._recent.clear()
        self._revision: int | None = None
        self._exists = False
        self._polled_at = self._asked_at = self._failed_at = float("-inf")
        self._sweep_at = time.monotonic() + random.uniform(0, SWEEP_S)  # noqa: S311 - jitter

    async def find(self, id: str) -> SessionRecord | None:
        """The session with this hashed id; one that expired counts as ended.

        Raises: StoreUnavailableError, when its validity is unknown.
        """
        self._watch()
        # A session of another process may be the first that was ever stored.
        if not self._exists or self._asked_at - self._polled_at >= FRESH_S:
            await self._refresh()
        record = await self._cached(self._records, id, self._store.find, self._recent.put_id)
        if record is None or record.ended_at is not None:
            return record
        now = self._clock()
        if record.seen_at + self._idle_s < now:  # another process may have seen it since
            record = await self._store.find(id)
            self._recent.put_id(id, record)
            if record is None or record.ended_at is not None:
                return record
        idle, absolute = record.seen_at + self._idle_s, record.created_at + self._absolute_s
        if min(idle, absolute) < now:
            return record._replace(ended_at=min(idle, absolute))
        if record.seen_at + self._touch_s < now:
            self._touch(record, now)
        return record

    async def latest(self, visitor: str) -> SessionRecord | None:
        """The visitor's newest session; once there is one, anonymous cookies are refused.

        Also None for an uncached visitor while the store is unreachable.
        """
        self._watch()
        if self._asked_at - self._failed_at < FRESH_S:
            return self._visitors.get(visitor)
        try:
            if self._asked_at - self._polled_at >= FRESH_S:
                await self._refresh()
            if not self._exists:
                return None
            return await self._cached(
                self._visitors, visitor, self._store.latest, self._recent.put_visitor
            )
        except StoreError:
            return self._visitors.get(visitor)

    def current(self, id: str) -> SessionRecord | None:
        """The session, when it is cached and `find` would return it unchanged; the store is not
        read. None where `find` has to decide.
        """
        record = self._records.get(id)
        if record is None or record.ended_at is not None or not self._follows_store():
            return None
        now = self._clock()
        if now - record.created_at > self._absolute_s or now - record.seen_at > self._touch_s:
            return None
        self._records.move_to_end(id)
        return record

    def is_anonymous(self, visitor: str) -> bool:
        """Whether the visitor has no server-side session; the store is not read.

        False also where `latest` has to decide.
        """
        if not self._follows_store():
            return False
        if self._exists:
            if self._visitors.get(visitor, MISSING) is not None:
                return False
            self._visitors.move_to_end(visitor)
        return True

    def _follows_store(self) -> bool:
        """Whether the cache is at most FRESH_S old, in the running event loop."""
        if self._poller is None or self._poller.done():
            return False
        if self._loop is not asyncio.get_running_loop():
            return False
        self._asked_at = now = time.monotonic()
        return now - self._polled_at < FRESH_S and now - self._failed_at >= FRESH_S

    def is_ended(self, id: str) -> bool:
        """Whether the session is cached as ended; the store is not read."""
        record = self._records.get(id)
        return record is not None and record.ended_at is not None

    def is_superseded(self, visitor: str) -> bool:
        """Whether a server-side session of the visitor is cached; the store is not read."""
        return self._visitors.get(visitor) is not None

    async def replace(self, visitor: str, records: Sequence[SessionRecord]) -> None:
        """End every session of the visitor and add `records`; holds here as soon as this returns.

        Raises: StoreUnavailableError, when it is not stored.
        """
        self._watch()
        now = self._clock()
        self._replacing.add(visitor)
        try:
            await self._store.replace(visitor, now, records)
        finally:
            self._replacing.discard(visitor)
        self._exists = True
        for record in [r for r in self._records.values() if r is not None]:
            if record.visitor == visitor and record.ended_at is None:
                self._recent.accept(record._replace(ended_at=now))
        for record in records:
            self._recent.accept(record)
        for record in records:
            await self.actors.started(record)

    async def _update(self, records: Sequence[SessionRecord]) -> None:
        """Store the actor and the end of these sessions, and announce them."""
        if not records:
            return
        self._watch()
        await self._store.update(records)
        for record in records:
            self._recent.accept(record)
        for visitor in dict.fromkeys(record.visitor for record in records):
            await self._announce(visitor)

    async def close(self) -> None:
        """Stop polling and close the store."""
        for task in [self._poller, self._refreshing, *self._background]:
            if task is not None and task.get_loop() is asyncio.get_running_loop():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, StoreError):
                    await task
        self._poller = self._refreshing = self._loop = None
        self._background.clear()
        await self._store.close()
        self._reset()

    # The cache

    async def _cached(
        self,
        cache: OrderedDict[str, SessionRecord | None],
        name: str,
        load: Callable[[str], Awaitable[SessionRecord | None]],
        put: Callable[[str, SessionRecord | None], None],
    ) -> SessionRecord | None:
        """The record from the cache, or from the store, which is then cached."""
        while True:
            record = cache.get(name, MISSING)
            if record is not MISSING:
                cache.move_to_end(name)
                return record
            if not self._exists:
                return None
            changes = self._recent.changes
            found = await load(name)
            if changes == self._recent.changes:  # else a newer one may have passed this answer
                put(name, found)
                return found

    def _touch(self, record: SessionRecord, now: float) -> None:
        self._records[record.id] = record._replace(seen_at=now)

        async def touch() -> None:
            try:
                await self._store.touch(record.id, now)
            except StoreError as error:
                log.warning("The use of a session could not be recorded: %s", error)

        task = asyncio.create_task(touch())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # The poll

    def _watch(self) -> None:
        """Poll in the background from now on, in the running event loop."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._reset()
            self._loop, self._poller, self._refreshing = loop, None, None
            self._background.clear()
        self._asked_at = time.monotonic()
        if self._poller is None or self._poller.done():
            self._poller = loop.create_task(self._poll())

    async def _refresh(self) -> None:
        """Wait for a poll that begins now, or for the one under way."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._read_changes())
        await asyncio.shield(self._refreshing)

    async def _poll(self) -> None:
        reported = False
        while time.monotonic() - self._asked_at < QUIET_S or self._watched():
            await asyncio.sleep(POLL_S)
            try:
                await self._refresh()
                if self._exists and time.monotonic() > self._sweep_at:
                    self._sweep_at = time.monotonic() + SWEEP_S
                    await self._store.sweep(self._clock(), self._idle_s, self._absolute_s, KEEP_S)
            except StoreError as error:
                if not reported:
                    log.error("The store of sessions can't be read: %s", error)
                reported = True
            else:
                reported = False

    async def _read_changes(self) -> None:
        started = time.monotonic()
        try:
            if not self._exists:
                self._exists = await self._store.exists()
                if self._exists:
                    self._visitors.clear()
            if self._exists:
                before = self._revision
                self._revision, records = await self._store.changes(before, MAX_REVISIONS)
                if before is None:  # what was cached until now may have changed since
                    records = await self._read_again()
                if records is None or (before is not None and self._revision < before):
                    await self._forget()
                else:
                    await self._apply(records)
        except StoreError:
            self._failed_at = time.monotonic()
            raise
        self._failed_at, self._polled_at = float("-inf"), started

    async def _read_again(self) -> list[SessionRecord]:
        ids = [id for id, record in self._records.items() if record is not None]
        self._recent.forget_missing()
        found = [await self._store.find(id) for id in ids]
        return [record for record in found if record is not None]

    async def _apply(self, records: Sequence[SessionRecord]) -> None:
        visitors = {record.visitor: None for record in records if self._recent.accept(record)}
        for visitor in visitors:
            if visitor not in self._replacing:  # announced by the caller of `replace`
                await self._announce(visitor)

    async def _forget(self) -> None:
        """Drop the cache after too many changes; sessions are loaded again."""
        visitors = {record.visitor for record in self._records.values() if record is not None}
        self._recent.clear()
        self._recent.changes += 1
        for visitor in visitors:
            await self._announce(visitor)

    async def _announce(self, visitor: str) -> None:
        if self._changed is not None:
            await self._changed(visitor)
