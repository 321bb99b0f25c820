"""Lists that are open somewhere: each is asked again when a change may concern it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from starmodel.app.access import TRUSTED, AccessPolicy, Actor, permits
from starmodel.app.listing import Listing, Window
from starmodel.app.messages import Changed
from starmodel.app.relevance import Difference, Matches
from starmodel.app.subscriptions import Frames, Subscription
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessScanLimitError
from starmodel.core.registry import EntityType

log = logging.getLogger("starmodel.lists")
PAUSE_S = 0.05
LONGEST_PAUSE_S = 5.0

Ask = Callable[[Listing, Actor | None], Awaitable[Window]]
Pause = Callable[[float], Awaitable[None]]
Read = Callable[[EntityType, Any], Awaitable[Entity | None]]


class ListChanged(NamedTuple):
    """A list has another answer than before.

    Shapes: state is the window now; before is the one that version `base`
    had, None for the first. Versions count within one LiveList.
    """

    listing: Listing
    version: int
    base: int
    state: Window
    before: Window | None

    @property
    def topic(self) -> str:
        return self.listing.topic


class LiveList:
    """One list while somebody watches it: its newest window, asked once for all its viewers.

    In this process only. Changes that come together are answered together,
    so states between may never be seen; the last one always is.

    Units: pause takes seconds.
    """

    def __init__(self, listing: Listing, ask: Callable[[], Awaitable[Window]], pause: Pause):
        self.listing, self._ask, self._pause = listing, ask, pause
        self.viewers: set[Subscription] = set()
        self._window: Window | None = None
        self._digest, self._version = "", 0
        self._ids: frozenset[str] = frozenset()
        self._frames: Frames | None = None
        # Viewers that are to be told what the next question brings, with the digest they show.
        self._waiting: dict[Subscription, str] = {}
        self._due = self._asking = False
        self._task: asyncio.Task[None] | None = None

    def join(self, viewer: Subscription, shown: str) -> None:
        """Keep a viewer up to date, whose page shows the window of that digest.

        Unless that is the newest window known here, the list is asked again:
        the page may be newer than what this process knows.
        """
        self.viewers.add(viewer)
        if self._window is not None and shown == self._digest:
            viewer.knows(self.listing.topic, self._version)
        else:
            self._waiting[viewer] = shown
            self.refresh()

    def leave(self, viewer: Subscription) -> None:
        """Forget a viewer; with the last one all work ends."""
        self.viewers.discard(viewer)
        self._waiting.pop(viewer, None)
        if not self.viewers and self._task is not None:
            self._task.cancel()

    def may_concern(self, difference: Difference) -> bool:
        """False only when this list certainly shows what it did before the change."""
        # While the question is being asked nobody knows which of its records are in the answer.
        if self._asking or self._window is None:
            return True
        return difference.may_concern(self.listing.query, self._ids)

    def may_concern_readable(
        self, id: Any, now: Entity | None, difference: Difference, readable: bool
    ) -> bool:
        """`may_concern` for a list whose window was cut from readable records only.

        Shapes: now is the stored record, None when it was removed; readable
        is the read rule's answer for it.
        """
        if self._asking or self._window is None or str(id) in self._window.decisive:
            return True
        return now is not None and readable and difference.matches(self.listing.query, now)

    def refresh(self) -> None:
        """Ask again: at once, or after the pause that follows on the last time."""
        self._due = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        failed = 0
        while self._due:
            failed = 0 if await self._asked() else failed + 1
            await self._pause(min(PAUSE_S * 2 ** min(failed, 10), LONGEST_PAUSE_S))

    async def _asked(self) -> bool:
        """Ask and tell; False when the store did not answer."""
        self._due, self._asking = False, True
        waiting, self._waiting = self._waiting, {}
        try:
            window = await self._ask()
        except AccessScanLimitError as error:  # asking again helps after the next change only
            log.warning("The list %s stays as it is: %s", self.listing.topic, error)
            still = {viewer: had for viewer, had in waiting.items() if viewer in self.viewers}
            self._waiting = still | self._waiting
            return True
        except Exception:  # delivery: a store that is away for a while must not end the streams
            log.exception("The list %s could not be read; trying again", self.listing.topic)
            self._due, self._waiting = True, waiting | self._waiting
            return False
        finally:
            self._asking = False
        self._tell(window, waiting)
        return True

    def _tell(self, window: Window, waiting: dict[Subscription, str]) -> None:
        digest, topic = window.digest, self.listing.topic
        if self._frames is None or digest != self._digest:
            base, self._version = self._version, self._version + 1
            frames = Frames(ListChanged(self.listing, self._version, base, window, self._window))
            self._window, self._digest, self._frames = window, digest, frames
            self._ids = frozenset(str(entity.id) for entity in window.entities)
            for viewer in self.viewers - waiting.keys() - self._waiting.keys():
                viewer.offer(topic, frames)
        for viewer, shown in waiting.items():
            if viewer not in self.viewers:
                continue
            if shown == digest:
                viewer.knows(topic, self._version)
            else:
                viewer.offer(topic, self._frames, snapshot=True)

    @property
    def settled(self) -> bool:
        """True when all its viewers have been told what the store held last."""
        return not (self._due or self._asking)

    async def close(self) -> None:
        """End all work."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


class Lists:
    """Every list that somebody watches in this process; fed by the bus.

    Viewers who may read the same records share one LiveList. Where reading
    depends on a record's fields, each actor has one of its own.
    """

    def __init__(
        self,
        ask: Ask,
        policy: AccessPolicy,
        matches: Matches,
        read: Read,
        *,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._ask, self._policy, self._matches, self._pause = ask, policy, matches, pause
        self._read = read
        self._lists: dict[str, dict[tuple[Listing, Actor | None], LiveList]] = {}
        self._joined: dict[Subscription, dict[tuple[Listing, Actor | None], None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._lists.values()))

    def join(self, viewer: Subscription, listing: Listing, shown: str = "") -> None:
        """Bring the list to a viewer that has its topic among its watches.

        Access to the class has been checked. Shapes: shown is the digest of
        the window that the viewer's page has, "" for none.
        """
        reads_fields = self._policy.reads_fields(listing.type)
        key = (listing, viewer.actor if reads_fields else None)
        # Whoever may read the class at all is shown the same, so nobody in particular asks.
        asker = viewer.actor if reads_fields else TRUSTED
        lists = self._lists.setdefault(listing.type.name, {})
        if key not in lists:
            lists[key] = LiveList(listing, lambda: self._ask(listing, asker), self._pause)
        self._joined.setdefault(viewer, {})[key] = None
        lists[key].join(viewer, shown)

    def leave(self, viewer: Subscription) -> None:
        """Forget a viewer; of a list that nobody watches nothing stays."""
        for key in self._joined.pop(viewer, ()):
            name = key[0].type.name
            lists = self._lists[name]
            lists[key].leave(viewer)
            if not lists[key].viewers:
                del lists[key]
            if not lists:
                del self._lists[name]

    async def deliver(self, message: Any) -> None:
        """Take one message of the bus to all lists that it may concern."""
        if not isinstance(message, Changed) or message.entity not in self._lists:
            return
        type = next(iter(self._lists[message.entity].values())).listing.type
        difference = Difference(type.cls, message, self._matches)
        if self._policy.reads_fields(type):
            await self._deliver_guarded(type, message.id, difference)
            return
        for each in tuple(self._lists[message.entity].values()):
            if each.may_concern(difference):
                each.refresh()

    async def _deliver_guarded(self, type: EntityType, id: Any, difference: Difference) -> None:
        """Refresh the lists of those who may read the record or had it in their window.

        A change of an unreadable record costs one read, shared by all lists, and no scan.
        """
        try:
            now = await self._read(type, id)
        except Exception:  # delivery: the lists themselves try until the store is back
            log.exception("%s %r could not be read", type.name, id)
            for each in tuple(self._lists.get(type.name, {}).values()):
                each.refresh()
            return
        for (_, actor), each in tuple(self._lists.get(type.name, {}).items()):
            readable = now is not None and self._permits(type, actor, now)
            if each.may_concern_readable(id, now, difference, readable):
                each.refresh()

    def _permits(self, type: EntityType, actor: Actor | None, entity: Entity) -> bool:
        try:
            return permits(self._policy, type, actor, entity=entity)
        except Exception:  # delivery: one actor's failing rule must not end the others' lists
            log.exception("The read rule of %s failed", type.name)
            return False

    @property
    def settled(self) -> bool:
        """True when every list has been told to its viewers as it is in the store."""
        return all(each.settled for lists in self._lists.values() for each in lists.values())

    async def close(self) -> None:
        """End all work; viewers leave by themselves."""
        for lists in tuple(self._lists.values()):
            for each in tuple(lists.values()):
                await each.close()
