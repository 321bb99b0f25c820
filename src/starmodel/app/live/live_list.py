"""One list that is open somewhere: its newest window, and who has been sent which."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

from starmodel.app.live.hub import Frames, Subscription
from starmodel.app.live.relevance import Difference
from starmodel.app.queries.listing import Listing, Window
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessScanLimitError
from starmodel.core.values.log_text import log_text

log = logging.getLogger("starmodel.lists")
PAUSE_S = 0.05
LONGEST_PAUSE_S = 5.0

Pause = Callable[[float], Awaitable[None]]


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

    def __init__(
        self,
        listing: Listing,
        ask: Callable[[], Awaitable[Window]],
        pause: Pause,
        turn: Callable[[LiveList], AbstractAsyncContextManager[None]],
    ):
        self.listing, self._ask, self._pause, self._turn = listing, ask, pause, turn
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
        # While the query runs, the records of its window are unknown.
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
        if not self.viewers:
            return
        self._due = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        failed = 0
        while self._due:
            failed = 0 if await self._asked() else failed + 1
            await self._pause(min(PAUSE_S * 2 ** min(failed, 10), LONGEST_PAUSE_S))

    async def _asked(self) -> bool:
        """Ask and tell when it is this list's turn; False when the store did not answer."""
        async with self._turn(self):
            return await self._asked_now()

    async def _asked_now(self) -> bool:
        self._due, self._asking = False, True
        waiting, self._waiting = self._waiting, {}
        try:
            window = await self._ask()
        except AccessScanLimitError as error:  # asking again helps after the next change only
            log.warning("The list %s stays as it is: %s", self.listing.topic, log_text(error))
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
