"""Access of open pages and lists, decided again after a change of a record that a rule reads.

A rule such as `record.order.customer_id == actor.id` depends on records of another class. Their
changes are no messages of the class with the rule, so this subscriber follows them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from starmodel.app.access.expressions.reads import read_fields_of
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import AccessPolicy, Actor, RelatedFields
from starmodel.app.live.frames import Frames, snapshot_message
from starmodel.app.live.hub import Hub
from starmodel.app.live.live_lists import LiveLists
from starmodel.app.live.message_access import for_viewer
from starmodel.app.live.scheduler import FairScheduler
from starmodel.app.live.subscription import Subscription
from starmodel.app.ports.messages import Changed
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import NOTHING, version_of

log = logging.getLogger("starmodel.access")
PAUSE_S = 0.05
LONGEST_PAUSE_S = 5.0

Readable = Callable[
    [EntityType, Sequence[Any], Actor | None, AccessPolicy], Awaitable[Iterable[Entity]]
]
Pause = Callable[[float], Awaitable[None]]


class _Watched(NamedTuple):
    """One topic of one subscription, with the version that it had before the query."""

    viewer: Subscription
    topic: str
    version: int


class RelatedAccess:
    """Asks again for the lists and pages whose read rules read a record that has changed.

    Changes are coalesced: while a round runs, and in a pause after it, each class is noted
    once. A list costs one query, and so do all open pages of an actor on one class.

    Shapes: related_fields has the fields of other records that decisions on each class depend on;
    readable(entity_type, ids, actor, policy) returns the readable records; id_of parses an id.
    """

    def __init__(
        self,
        registry: Registry,
        related_fields: Iterable[tuple[EntityType, RelatedFields]],
        policy: AccessPolicy,
        hub: Hub,
        lists: LiveLists,
        readable: Readable,
        id_of: Callable[[type[Entity], Any], Any],
        *,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._registry, self._policy, self._id_of = registry, policy, id_of
        self._hub, self._lists, self._readable, self._pause = hub, lists, readable, pause
        self._dependants: dict[str, dict[str, frozenset[str]]] = {}
        for entity_type, related in related_fields:
            for cls, fields in related.items():
                other = registry.get(cls)
                if other is not None:
                    of = self._dependants.setdefault(other.name, {})
                    of[entity_type.name] = of.get(entity_type.name, frozenset()) | fields
        self._pending: dict[tuple[str, str], None] = {}
        self._scheduler = FairScheduler()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_needed(self) -> bool:
        """Whether a read rule reads other records than the one that it is about."""
        return bool(self._dependants)

    def is_watched(self, topic: str) -> bool:
        """Whether the access of an open page or list may depend on the topic's entity."""
        return bool(self._watching(topic.partition(":")[0]))

    async def deliver(self, message: Any) -> None:
        """Note the classes whose access may depend on the change."""
        if not isinstance(message, Changed) or message.entity not in self._dependants:
            return
        changed = self._registry.named(message.entity)
        private = changed.cls.__entity__.private  # messages do not name these
        names = {*message.fields, *private}
        for name in self._watching(message.entity):
            fields = self._dependants[message.entity][name]
            if message.kind != "updated" or not fields.isdisjoint(names):
                self._pending[name, message.entity] = None
        if self._pending and self.settled:
            self._task = asyncio.create_task(self._ask_again())

    @property
    def settled(self) -> bool:
        """True when no access is being decided again."""
        return self._task is None or self._task.done()

    async def close(self) -> None:
        """Cancel the background task."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _watching(self, changed: str) -> list[str]:
        """The classes with open lists or pages whose rules read records of the changed class."""
        return [
            name
            for name in self._dependants.get(changed, ())
            if self._lists.is_watched(name) or self._hub.has_viewers(name)
        ]

    async def _ask_again(self) -> None:
        failed = 0
        while self._pending:
            noted, self._pending, failed = self._pending, {}, failed + 1
            try:
                for name, changed in noted:
                    related = self._registry.named(changed).cls
                    await self._refresh(self._registry.named(name), related)
                failed = 0
            except Exception:  # delivery: an unavailable store must not end the streams
                log.exception("Access by related records could not be decided; trying again")
                self._pending |= noted
            await self._pause(min(PAUSE_S * 2 ** min(failed, 10), LONGEST_PAUSE_S))

    async def _refresh(self, entity_type: EntityType, changed: type[Entity]) -> None:
        """Query the lists again, and decide about the pages, whose rules read the changed class."""
        await self._lists.refresh_following(entity_type.name, changed)
        groups: dict[tuple[Actor | None, int], tuple[AccessPolicy, list[_Watched]]] = {}
        for topic, viewers in self._hub.viewers(entity_type.name).items():
            for viewer in viewers:
                policy = viewer.policies.get(topic, self._policy)
                if changed in read_fields_of(policy, entity_type).related:
                    watched = _Watched(viewer, topic, viewer.watches[topic].version)
                    groups.setdefault((viewer.actor, id(policy)), (policy, []))[1].append(watched)
        for (actor, _), (policy, all_watched) in groups.items():
            texts = {watched.topic.partition(":")[2] for watched in all_watched}
            ids = [self._id_of(entity_type.cls, text) for text in texts]
            async with self._scheduler.slot(all_watched[0].viewer.visitor):
                found = await self._readable(entity_type, ids, actor, policy)
            readable = {str(entity.id): entity for entity in found}
            for watched in all_watched:
                await self._tell(entity_type, changed, watched, policy, readable)

    async def _tell(
        self,
        entity_type: EntityType,
        changed: type[Entity],
        watched: _Watched,
        policy: AccessPolicy,
        readable: Mapping[str, Entity],
    ) -> None:
        """Close the page of a record that its viewer may read no longer, or open it again."""
        viewer, topic, version = watched
        watch, entity = viewer.watches[topic], readable.get(topic.partition(":")[2])
        message = None
        if entity is not None and watch.gone:
            state, stored = public_state(entity, NOTHING), version_of(entity)
            message = snapshot_message(entity_type.name, entity.id, state, stored, "reopened")
            fields = readable_fields(policy, entity_type, viewer.actor)
            message = await for_viewer(message, fields, entity)
        if watch.version != version:  # another message was delivered meanwhile
            self._pending[entity_type.name, self._registry[changed].name] = None
        elif message is not None:
            viewer.offer(topic, Frames(message), snapshot=True)
        elif entity is None:
            id = topic.partition(":")[2]
            gone = snapshot_message(entity_type.name, id, None, version, "closed")
            viewer.revoke(topic, Frames(gone))
