"""Live lists of open pages: each is queried again after a change that may affect it.

Delivery only queues the message. Invalidation and queries run in background
tasks, so no commit waits for a list.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Any

from starmodel.app.access.decisions import permits
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor
from starmodel.app.live.invalidation import Matches, RecordChange
from starmodel.app.live.live_list import LiveList, Pause
from starmodel.app.live.related_values import Follow
from starmodel.app.live.scheduler import FairScheduler
from starmodel.app.live.subscription import Subscription
from starmodel.app.live.topics import WatchedList
from starmodel.app.ports.messages import Changed
from starmodel.app.queries.listing import Listing, Window
from starmodel.app.queries.related_titles import ShownTitles, titles_vary
from starmodel.app.queries.shown_fields import shown_related
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, ListQueryError
from starmodel.core.snapshot import NOTHING, as_seen

log = logging.getLogger("starmodel.lists")
MAX_MESSAGES = 64  # with more in the queue, every list of the class is queried again
MAX_COMPARED = 32  # viewers of a list that are compared to find the payer
LISTS_PER_STEP = 16  # invalidated between two yields to the event loop

RunQuery = Callable[[Listing, Actor | None, AccessPolicy, bool], Awaitable[Window]]
# Adds the titles of related records that the reader may see.
AddTitles = Callable[[Window, Listing, ShownTitles, Actor | None, AccessPolicy], Awaitable[Window]]
# With the identity of the policy that filters the list, whether it has a total, the fields
# that are hidden on every record, and the related classes that are shown.
Key = tuple[Listing, Actor | None, int, bool, frozenset[str], tuple[Any, ...]]
Read = Callable[[EntityType, Any], Awaitable[Entity | None]]
Affects = Callable[[LiveList, Actor | None], Awaitable[bool]]


async def _affects_every(each: LiveList, actor: Actor | None) -> bool:
    return True


class LiveLists:
    """The live lists of this process; a subscriber of the bus.

    Viewers with equal read access share one LiveList. If the read rule of the class or of a field
    depends on the record, there is one LiveList per actor and policy.

    Shapes: followed has the rows that are computed from the records of a class, by its name.
    """

    def __init__(
        self,
        run_query: RunQuery,
        policy: AccessPolicy,
        matches: Matches,
        read: Read,
        followed: Mapping[str, Collection[Follow]] = MappingProxyType({}),
        *,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._followed = followed
        self._run_query, self._policy = run_query, policy
        self._matches, self._pause = matches, pause
        self.add_titles: AddTitles | None = None  # set by the application
        self._read = read
        self._lists: dict[str, dict[Key, LiveList]] = {}
        self._joined: dict[Subscription, dict[Key, None]] = {}
        # By the name of a link class: classes with lists that it filters, now or earlier.
        self._linking: dict[str, set[str]] = {}
        self._scheduler = FairScheduler()
        self._messages: dict[str, list[Changed]] = {}
        self._invalidation: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._lists.values()))

    def join(self, viewer: Subscription, watched: WatchedList) -> None:
        """Add a viewer whose subscription includes the list's topic.

        Access to the class is checked by the caller.
        """
        listing, total = watched.listing, watched.total
        policy = viewer.policies.get(listing.topic, self._policy)
        # A class rule gives every reader the same window, so one query serves all of them.
        fields = readable_fields(policy, listing.entity_type, viewer.actor)
        titled = tuple([(name, may_read) for name, _, may_read in watched.titled])
        key: Key = (listing, None, 0, total, fields.closed, titled)
        reader: Actor | None = TRUSTED
        guard = policy if policy.reads_fields(listing.entity_type) else None
        if (
            guard is not None
            or fields.depends_on_record
            or _titles_vary(policy, watched)
            or listing.query.related
            or listing.query.linked
        ):
            key = (listing, viewer.actor, id(policy), total, NOTHING, titled)
            reader = viewer.actor

        async def run_query() -> Window:
            try:
                window = await self._run_query(listing, reader, policy, total)
            except ListQueryError as error:  # a related field that the reader may read no longer
                raise AccessDeniedError(str(error)) from error
            if reader is TRUSTED and listing.entity_type.cls.__entity__.guarded:
                seen = [as_seen(entity, fields.closed) for entity in window.entities]
                window = replace(window, entities=tuple(seen))
            if self.add_titles is not None and titled:
                window = await self.add_titles(window, listing, watched.titled, reader, policy)
            return window

        lists = self._lists.setdefault(listing.entity_type.name, {})
        if key not in lists:
            lists[key] = LiveList(watched, run_query, self._pause, self._slot, guard)
        for link in listing.query.linked:
            self._linking.setdefault(link.link.__entity__.name, set()).add(listing.entity_type.name)
        self._joined.setdefault(viewer, {})[key] = None
        lists[key].join(viewer, watched.digest)

    def leave(self, viewer: Subscription) -> None:
        """Remove a viewer, and each list without viewers."""
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
        name = topic.partition(":")[0]
        others = (
            *(each.owner for each in self._followed.get(name, ())),
            *self._linking.get(name, ()),
        )
        return name in self._lists or any(other in self._lists for other in others)

    async def deliver(self, message: Any) -> None:
        """Queue one message of the bus for the lists of its class."""
        if not isinstance(message, Changed):
            return
        for follow in self._followed.get(message.entity, ()):
            for each in tuple(self._lists.get(follow.owner, {}).values()):
                if each.is_computed_from(follow, message):
                    each.refresh()
        for name in self._linking.get(message.entity, ()):
            for each in tuple(self._lists.get(name, {}).values()):
                if any(f.link.__entity__.name == message.entity for f in each.listing.query.linked):
                    each.refresh()
        if message.entity not in self._lists:
            return
        messages = self._messages.setdefault(message.entity, [])
        if len(messages) <= MAX_MESSAGES:
            messages.append(message)
        if self._invalidation is None or self._invalidation.done():
            self._invalidation = asyncio.create_task(self._invalidate())

    async def _invalidate(self) -> None:
        """Refresh every list that the queued messages may affect."""
        while self._messages:
            name, messages = self._messages.popitem()
            try:
                affects = await self._affects(name, messages)
                for at, (key, each) in enumerate(tuple(self._lists.get(name, {}).items()), 1):
                    if await affects(each, key[1]):
                        each.refresh()
                    if not at % LISTS_PER_STEP:
                        await asyncio.sleep(0)
            except Exception:  # delivery: without a comparison, every list is affected
                log.exception("Changes of %s could not be read for the open lists", name)
                for each in tuple(self._lists.get(name, {}).values()):
                    each.refresh()

    async def _affects(self, name: str, messages: list[Changed]) -> Affects:
        """Whether the messages may affect a list of an actor, as a function."""
        lists = self._lists.get(name)
        if not lists or len(messages) > MAX_MESSAGES:
            return _affects_every
        entity_type = next(iter(lists.values())).listing.entity_type
        changes = [RecordChange(entity_type.cls, message, self._matches) for message in messages]
        if any(each.policy is not None for each in lists.values()):
            return await self._affects_readable(entity_type, changes)

        async def affects(each: LiveList, actor: Actor | None) -> bool:
            return any(map(each.may_affect, changes))

        return affects

    async def _affects_readable(
        self, entity_type: EntityType, changes: list[RecordChange]
    ) -> Affects:
        """As `_affects`, for lists that are filtered by a read rule.

        A change of an unreadable record costs one read, shared by all lists, and no scan.
        """
        latest = {change.message.id: change for change in changes}
        stored = {id: await self._read(entity_type, id) for id in latest}
        decided: dict[tuple[Actor | None, int, Any], bool] = {}

        async def readable(policy: AccessPolicy, actor: Actor | None, record: Any) -> bool:
            now, key = stored[record], (actor, id(policy), record)
            if key not in decided:
                decided[key] = now is not None and await _permits(policy, entity_type, actor, now)
            return decided[key]

        async def is_denied(policy: AccessPolicy, actor: Actor | None) -> bool:
            key = (actor, id(policy), None)
            if key not in decided:
                decided[key] = await _permits(policy, entity_type, actor, None)
            return not decided[key]

        async def affects(each: LiveList, actor: Actor | None) -> bool:
            if each.policy is None:
                return any(map(each.may_affect, changes))
            for record, change in latest.items():
                may_read = await readable(each.policy, actor, record)
                if each.may_affect_readable(record, stored[record], change, may_read):
                    return True
                if not may_read and await is_denied(each.policy, actor):
                    return True  # the query closes the list
            return False

        return affects

    async def refresh_following(self, name: str, cls: type[Entity]) -> None:
        """Query the lists of a class again whose read rule reads records of another class."""
        for at, each in enumerate(tuple(self._lists.get(name, {}).values()), 1):
            if each.follows(cls):
                each.refresh()
            if not at % LISTS_PER_STEP:
                await asyncio.sleep(0)

    async def refresh_showing(self, name: str, cls: type[Entity], id: Any = None) -> None:
        """Query the lists of a class again that may show the title of a record of another class.

        Shapes: id is None for any record of that class.
        """
        for at, each in enumerate(tuple(self._lists.get(name, {}).values()), 1):
            if each.shows(cls, id):
                each.refresh()
            if not at % LISTS_PER_STEP:
                await asyncio.sleep(0)

    def compares(self, name: str, cls: type[Entity], fields: Set[str]) -> bool:
        """Whether the query of a list of a class compares these fields of related records."""
        return any(
            path.target is cls and path.field in fields
            for each in self._lists.get(name, {}).values()
            for path in each.listing.query.related
        )

    def _slot(self, live_list: LiveList) -> AbstractAsyncContextManager[None]:
        """The scheduler slot of a list's query; its payer is the viewer with the fewest lists."""
        viewers = islice(live_list.viewers, MAX_COMPARED)
        payer = min(viewers, key=lambda viewer: len(self._joined.get(viewer, ())), default=None)
        return self._scheduler.slot("" if payer is None else payer.visitor)

    @property
    def settled(self) -> bool:
        """True when every list has delivered its stored state to its viewers."""
        if self._invalidation is not None and not self._invalidation.done():
            return False
        return all(each.settled for lists in self._lists.values() for each in lists.values())

    async def close(self) -> None:
        """Cancel every background task."""
        if self._invalidation is not None:
            self._invalidation.cancel()
        for lists in tuple(self._lists.values()):
            for each in tuple(lists.values()):
                await each.close()


def _titles_vary(policy: AccessPolicy, watched: WatchedList) -> bool:
    references = {name: target for name, target, may_read in watched.titled if may_read}
    own, columns = watched.listing.entity_type, watched.listing.columns
    return titles_vary(policy, own, references, shown_related(own, columns) if references else ())


async def _permits(
    policy: AccessPolicy, entity_type: EntityType, actor: Actor | None, entity: Entity | None
) -> bool:
    try:
        return await permits(policy, entity_type, actor, entity=entity)
    except Exception:  # delivery: one actor's failing rule must not end the lists of others
        log.exception("The read rule of %s failed", entity_type.name)
        return False
