"""One live list: its newest window, and the version sent to each viewer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, NamedTuple

from starmodel.app.access.expressions.reads import read_fields_of
from starmodel.app.access.policy import AccessPolicy
from starmodel.app.live.frames import Frames
from starmodel.app.live.invalidation import RecordChange
from starmodel.app.live.related_values import Follow
from starmodel.app.live.subscription import Subscription
from starmodel.app.live.topics import WatchedList
from starmodel.app.ports.messages import Changed
from starmodel.app.queries.listing import Listing, Window
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, AccessScanLimitError
from starmodel.core.values.log_text import log_text

log = logging.getLogger("starmodel.lists")
PAUSE_S = 0.05
LONGEST_PAUSE_S = 5.0

Pause = Callable[[float], Awaitable[None]]
Reason = Literal["denied", "scan_limit"]


class ListChanged(NamedTuple):
    """The result of a list's query changed.

    Shapes: state is the new window; before is the window of version `base`,
    None for the first. Versions count within one LiveList.
    """

    listing: Listing
    version: int
    base: int
    state: Window
    before: Window | None

    @property
    def topic(self) -> str:
        return self.listing.topic


class ListClosed(NamedTuple):
    """The list's query was refused; changes follow again after one that succeeds.

    Shapes: reason is "denied" if its reader may not read the class any more.
    """

    listing: Listing
    version: int
    base: int
    reason: Reason

    @property
    def topic(self) -> str:
        return self.listing.topic

    @property
    def state(self) -> Literal["stale"] | None:
        """None if the client must remove its rows."""
        return None if self.reason == "denied" else "stale"


class LiveList:
    """One listing with at least one viewer: its newest window, queried once for all viewers.

    In this process only. Changes are debounced into one query, so
    intermediate windows may be skipped; the last one is always delivered.

    Shapes: run_query reads the window; slot is the scheduler's context manager; policy
    filters the records, None if its read rule is one for the whole class.
    Units: pause takes seconds.
    """

    def __init__(
        self,
        watched: WatchedList,
        run_query: Callable[[], Awaitable[Window]],
        pause: Pause,
        slot: Callable[[LiveList], AbstractAsyncContextManager[None]],
        policy: AccessPolicy | None = None,
    ):
        self.listing, self._has_total = watched.listing, watched.total
        self._run_query, self._pause, self._slot = run_query, pause, slot
        self.policy = policy
        reads = None if policy is None else read_fields_of(policy, watched.listing.entity_type)
        self._read_fields = frozenset[str]() if reads is None else reads.own
        self._related = {} if reads is None else reads.related
        self.viewers: set[Subscription] = set()
        self._window: Window | None = None
        self._digest, self._version = "", 0
        self._ids: frozenset[str] = frozenset()
        self._frames: Frames | None = None
        # Viewers that the next window is sent to, with the digest of the window they show.
        self._waiting: dict[Subscription, str] = {}
        self._due = self._querying = False
        self._task: asyncio.Task[None] | None = None

    def join(self, viewer: Subscription, client_digest: str) -> None:
        """Add a viewer whose page shows the window with that digest.

        If this is not the newest window, query again: the page may be
        newer than the last query of this process.
        """
        self.viewers.add(viewer)
        if self._window is not None and client_digest == self._digest:
            viewer.mark_sent(self.listing.topic, self._version)
        else:
            self._waiting[viewer] = client_digest
            self.refresh()

    def leave(self, viewer: Subscription) -> None:
        """Remove a viewer; without viewers the background task is cancelled."""
        self.viewers.discard(viewer)
        self._waiting.pop(viewer, None)
        if not self.viewers and self._task is not None:
            self._task.cancel()

    def may_affect(self, change: RecordChange) -> bool:
        """False only if the change certainly leaves this list as it is."""
        # While the query runs, the records of its window are unknown.
        if self._querying or self._window is None:
            return True
        return change.may_affect(self.listing.query, self._ids)

    def may_affect_readable(
        self, id: Any, now: Entity | None, change: RecordChange, readable: bool
    ) -> bool:
        """`may_affect` for a list that is filtered by a read rule.

        Shapes: now is the stored record, None after a removal; readable is
        the decision of the read rule for it.
        """
        if self._querying or self._window is None or self._has_total:
            return True  # with a total, a record of any page may have left the list
        decisive = self._window.decisive
        if decisive is None:  # a record of an earlier page may have left the list
            return readable or change.touches(self._read_fields) or self.may_affect(change)
        if str(id) in decisive:
            return True
        return now is not None and readable and change.matches(self.listing.query, now)

    def follows(self, cls: type[Entity]) -> bool:
        """Whether the read rule of the list reads other records, of this class."""
        return cls in self._related

    def is_computed_from(self, follow: Follow, message: Changed) -> bool:
        """Whether the change may affect a computed value of the rows."""
        if self._querying or self._window is None:
            return True
        return follow.may_affect(message, self._window.entities)

    def shows(self, cls: type[Entity], id: Any = None) -> bool:
        """Whether the list may show the title of this record, or of any of its class."""
        if self._querying or self._window is None:
            return True
        if any(path.target is cls for path in self.listing.query.related):
            return True
        titles = self._window.titles
        return titles.has_any(cls) if id is None else titles.has(cls, id)

    def refresh(self) -> None:
        """Query again: immediately, or after the pause that follows the last query."""
        if not self.viewers:
            return
        self._due = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._refresh_until_current())

    async def _refresh_until_current(self) -> None:
        failed = 0
        while self._due:
            failed = 0 if await self._query() else failed + 1
            await self._pause(min(PAUSE_S * 2 ** min(failed, 10), LONGEST_PAUSE_S))

    async def _query(self) -> bool:
        """Query in a slot of the scheduler and send the window; False if the store failed."""
        async with self._slot(self):
            return await self._query_in_slot()

    async def _query_in_slot(self) -> bool:
        self._due, self._querying = False, True
        waiting, self._waiting = self._waiting, {}
        try:
            window = await self._run_query()
        except (AccessDeniedError, AccessScanLimitError) as error:
            self._send_closed(error, waiting)  # a query can succeed after the next change only
            return True
        except Exception:  # delivery: an unavailable store must not end the streams
            log.exception("The list %s could not be read; trying again", self.listing.topic)
            self._due, self._waiting = True, waiting | self._waiting
            return False
        finally:
            self._querying = False
        self._send(window, waiting)
        return True

    def _send(self, window: Window, waiting: dict[Subscription, str]) -> None:
        digest, topic = window.digest, self.listing.topic
        if self._frames is None or digest != self._digest:
            base, self._version = self._version, self._version + 1
            frames = Frames(ListChanged(self.listing, self._version, base, window, self._window))
            reopened = self._window is None
            self._window, self._digest, self._frames = window, digest, frames
            self._ids = frozenset(str(entity.id) for entity in window.entities)
            for viewer in self.viewers - waiting.keys() - self._waiting.keys():
                viewer.offer(topic, frames, snapshot=reopened)
        for viewer, client_digest in waiting.items():
            if viewer not in self.viewers:
                continue
            if client_digest == digest:
                viewer.mark_sent(topic, self._version)
            else:
                viewer.offer(topic, self._frames, snapshot=True)

    def _send_closed(
        self, error: AccessDeniedError | AccessScanLimitError, waiting: dict[Subscription, str]
    ) -> None:
        """Close the list for its viewers, once until a query succeeds."""
        topic, viewers, frames = self.listing.topic, self.viewers & waiting.keys(), self._frames
        reason: Reason = "denied" if isinstance(error, AccessDeniedError) else "scan_limit"
        closed = None if frames is None else frames.message
        if frames is None or not isinstance(closed, ListClosed) or closed.reason != reason:
            level = logging.INFO if reason == "denied" else logging.WARNING
            log.log(level, "The list %s is no longer live: %s", topic, log_text(error))
            base, self._version = self._version, self._version + 1
            frames = Frames(ListClosed(self.listing, self._version, base, reason))
            self._window, self._digest, self._frames = None, "", frames
            self._ids = frozenset()
            viewers = self.viewers - self._waiting.keys()
        for viewer in viewers:
            viewer.offer(topic, frames)

    @property
    def settled(self) -> bool:
        """True when no query is due or running."""
        return not (self._due or self._querying)

    async def close(self) -> None:
        """Cancel the background task and wait for it."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
