"""Lists that are open somewhere: each is asked again when a change may concern it.

A commit only leaves its message here. Which lists it concerns and what these
show now is worked out afterwards, in turns, so no write waits for a list.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any

from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor, permits
from starmodel.app.live.hub import Subscription
from starmodel.app.live.live_list import LiveList, Pause
from starmodel.app.live.relevance import Difference, Matches
from starmodel.app.live.turns import Turns
from starmodel.app.ports.messages import Changed
from starmodel.app.queries.listing import Listing, Window
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity

log = logging.getLogger("starmodel.lists")
MAX_MESSAGES = 64  # more that wait at once concern every list of their class
MAX_COMPARED = 32  # viewers of one list among whom the one with the fewest lists pays
LISTS_PER_STEP = 16  # are compared with a change before requests get the loop again

Ask = Callable[[Listing, Actor | None], Awaitable[Window]]
Read = Callable[[EntityType, Any], Awaitable[Entity | None]]


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
        self._turns = Turns()
        self._messages: dict[str, list[Changed]] = {}
        self._sorting: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._lists.values()))

    def join(self, viewer: Subscription, listing: Listing, shown: str = "") -> None:
        """Bring the list to a viewer that has its topic among its watches.

        Access to the class has been checked. Shapes: shown is the digest of
        the window that the viewer's page has, "" for none.
        """
        reads_fields = self._policy.reads_fields(listing.entity_type)
        key = (listing, viewer.actor if reads_fields else None)
        # A class rule gives every reader the same window, so one query serves all of them.
        asker = viewer.actor if reads_fields else TRUSTED
        lists = self._lists.setdefault(listing.entity_type.name, {})
        if key not in lists:
            lists[key] = LiveList(
                listing, lambda: self._ask(listing, asker), self._pause, self._turn
            )
        self._joined.setdefault(viewer, {})[key] = None
        lists[key].join(viewer, shown)

    def leave(self, viewer: Subscription) -> None:
        """Forget a viewer; of a list that nobody watches nothing stays."""
        for key in self._joined.pop(viewer, ()):
            name = key[0].entity_type.name
            lists = self._lists[name]
            lists[key].leave(viewer)
            if not lists[key].viewers:
                del lists[key]
            if not lists:
                del self._lists[name]

    def is_watched(self, topic: str) -> bool:
        """Whether an open page shows a list of the topic's entity class."""
        return topic.partition(":")[0] in self._lists

    async def deliver(self, message: Any) -> None:
        """Keep one message of the bus for all lists that it may concern."""
        if not isinstance(message, Changed) or message.entity not in self._lists:
            return
        messages = self._messages.setdefault(message.entity, [])
        if len(messages) <= MAX_MESSAGES:
            messages.append(message)
        if self._sorting is None or self._sorting.done():
            self._sorting = asyncio.create_task(self._sort())

    async def _sort(self) -> None:
        """Let every list be asked again that the messages may concern."""
        while self._messages:
            name, messages = self._messages.popitem()
            try:
                concerns = await self._comparison(name, messages)
                for at, (key, each) in enumerate(tuple(self._lists.get(name, {}).items()), 1):
                    if concerns(each, key[1]):
                        each.refresh()
                    if not at % LISTS_PER_STEP:
                        await asyncio.sleep(0)
            except Exception:  # delivery: what can't be compared may concern everybody
                log.exception("Changes of %s could not be read for the open lists", name)
                for each in tuple(self._lists.get(name, {}).values()):
                    each.refresh()

    async def _comparison(
        self, name: str, messages: list[Changed]
    ) -> Callable[[LiveList, Actor | None], bool]:
        """Whether the messages may concern a list that is cut for an actor."""
        lists = self._lists.get(name)
        if not lists or len(messages) > MAX_MESSAGES:
            return lambda each, actor: True
        entity_type = next(iter(lists.values())).listing.entity_type
        changes = [Difference(entity_type.cls, message, self._matches) for message in messages]
        if self._policy.reads_fields(entity_type):
            return await self._readable_comparison(entity_type, changes)
        return lambda each, actor: any(map(each.may_concern, changes))

    async def _readable_comparison(
        self, entity_type: EntityType, changes: list[Difference]
    ) -> Callable[[LiveList, Actor | None], bool]:
        """The lists of those who may read a record or had it in their window.

        A change of an unreadable record costs one read, shared by all lists, and no scan.
        """
        latest = {change.message.id: change for change in changes}
        stored = {id: await self._read(entity_type, id) for id in latest}
        known: dict[tuple[Actor | None, Any], bool] = {}

        def readable(actor: Actor | None, id: Any) -> bool:
            now = stored[id]
            if (actor, id) not in known:
                known[actor, id] = now is not None and self._permits(entity_type, actor, now)
            return known[actor, id]

        def concerns(each: LiveList, actor: Actor | None) -> bool:
            return any(
                each.may_concern_readable(id, stored[id], change, readable(actor, id))
                for id, change in latest.items()
            )

        return concerns

    def _permits(self, entity_type: EntityType, actor: Actor | None, entity: Entity) -> bool:
        try:
            return permits(self._policy, entity_type, actor, entity=entity)
        except Exception:  # delivery: one actor's failing rule must not end the others' lists
            log.exception("The read rule of %s failed", entity_type.name)
            return False

    def _turn(self, asking: LiveList) -> AbstractAsyncContextManager[None]:
        """The turn in which a list is asked, paid by the viewer who watches the fewest lists."""
        viewers = islice(asking.viewers, MAX_COMPARED)
        payer = min(viewers, key=lambda viewer: len(self._joined.get(viewer, ())), default=None)
        return self._turns.turn("" if payer is None else payer.visitor)

    @property
    def settled(self) -> bool:
        """True when every list has been told to its viewers as it is in the store."""
        if self._sorting is not None and not self._sorting.done():
            return False
        return all(each.settled for lists in self._lists.values() for each in lists.values())

    async def close(self) -> None:
        """End all work; viewers leave by themselves."""
        if self._sorting is not None:
            self._sorting.cancel()
        for lists in tuple(self._lists.values()):
            for each in tuple(lists.values()):
                await each.close()
