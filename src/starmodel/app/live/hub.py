"""All subscriptions of a process, by topic, visitor and address."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.live.class_topics import SUFFIX, ClassChanged, class_topic
from starmodel.app.live.frames import Frames
from starmodel.app.live.subscription import Subscription
from starmodel.app.ports.messages import Changed, SessionEnded, closed
from starmodel.core.errors import TooManyStreamsError
from starmodel.core.values.bounded_cache import BoundedCache
from starmodel.core.values.log_text import log_text
from starmodel.texts.catalogue import Message

log = logging.getLogger("starmodel.subscriptions")
MAX_REMOVED_BYTES = 2 * 1024 * 1024


Seen = Callable[[Changed, Actor | None, AccessPolicy | None], Awaitable[Changed | None]]


class Hub:
    """All subscriptions of this process; a subscriber of the bus.

    Shapes: guarded names the classes whose read rule depends on the record, and those with
    read rules of fields; seen(message, actor, policy) is each of their messages as an actor
    may see it, once per actor and policy, which is None for the application's. None means that
    a newer version is committed: the message is dropped.
    Units: limits count open subscriptions, and topics and lists of all
    subscriptions of a visitor.
    """

    def __init__(
        self,
        *,
        guarded: Iterable[str] = (),
        seen: Seen | None = None,
        max_streams: int = 10_000,
        max_per_session: int = 64,
        max_per_address: int = 256,
        max_lists_per_session: int = 64,
        max_topics_per_session: int = 2048,
    ) -> None:
        self._topics: dict[str, set[Subscription]] = {}
        self._classes: Counter[str] = Counter()  # watched class topics
        self._entities: Counter[str] = Counter()  # topics by the part before their id
        self._class_changes = 0
        self._all: set[Subscription] = set()
        self._visitors: dict[str, set[Subscription]] = {}
        self._addresses: dict[str, int] = {}
        self._removed: BoundedCache[str, int] = BoundedCache(MAX_REMOVED_BYTES)
        self._guarded, self._seen = frozenset(guarded), seen
        self._limits = (max_streams, max_per_session, max_per_address)
        self._max_lists, self._max_topics = max_lists_per_session, max_topics_per_session

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Any:
        return iter(tuple(self._all))

    def watched(self) -> Iterable[str]:
        """Every topic with a subscription."""
        return tuple(self._topics)

    def has_viewers(self, entity: str) -> bool:
        """Whether an open page subscribes to an entity of the class."""
        return entity in self._entities

    def viewers(self, entity: str) -> dict[str, tuple[Subscription, ...]]:
        """The subscriptions to each entity of a class, by topic."""
        prefix = f"{entity}:"
        return {
            topic: tuple(viewers)
            for topic, viewers in self._topics.items()
            if topic.startswith(prefix)
        }

    def is_watched(self, topic: str) -> bool:
        """Whether an open page subscribes to the topic."""
        if topic in self._topics:
            return True
        return bool(self._classes) and class_topic(topic.partition(":")[0]) in self._classes

    def subscribe(self, subscription: Subscription) -> Subscription:
        """Deliver messages to the subscription from now on. Raises: TooManyStreamsError."""
        most, per_session, per_address = self._limits
        streams = self._visitors.get(subscription.visitor, ())
        if len(self._all) >= most:
            raise TooManyStreamsError(Message("streams.server", most=most))
        if len(streams) >= per_session:
            raise TooManyStreamsError(Message("streams.session", most=per_session))
        if subscription.lists + sum(other.lists for other in streams) > self._max_lists:
            raise TooManyStreamsError(Message("streams.lists", most=self._max_lists))
        watches = len(subscription.watches) + sum(len(other.watches) for other in streams)
        if watches > self._max_topics:
            raise TooManyStreamsError(Message("streams.topics", most=self._max_topics))
        if self._addresses.get(subscription.address, 0) >= per_address:
            raise TooManyStreamsError(Message("streams.address", most=per_address))
        self._all.add(subscription)
        self._visitors.setdefault(subscription.visitor, set()).add(subscription)
        self._addresses[subscription.address] = self._addresses.get(subscription.address, 0) + 1
        for topic in subscription.watches:
            self._topics.setdefault(topic, set()).add(subscription)
            self._entities[topic.partition(":")[0]] += 1
            if topic.endswith(SUFFIX):
                self._classes[topic] += 1
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Remove the subscription and its index entries."""
        if subscription not in self._all:
            return
        self._all.discard(subscription)
        for topic in subscription.watches:
            name = topic.partition(":")[0]
            self._entities[name] -= 1
            if not self._entities[name]:
                del self._entities[name]
            if topic.endswith(SUFFIX):
                self._classes[topic] -= 1
                if not self._classes[topic]:
                    del self._classes[topic]
        self._addresses[subscription.address] -= 1
        if not self._addresses[subscription.address]:
            del self._addresses[subscription.address]
        for index, keys in (
            (self._visitors, (subscription.visitor,)),
            (self._topics, tuple(subscription.watches)),
        ):
            for key in keys:
                index[key].discard(subscription)
                if not index[key]:
                    del index[key]

    async def deliver(self, message: Any) -> None:
        """Offer one message of the bus to the subscriptions of its topic."""
        if isinstance(message, Changed):
            if self._classes:
                self._deliver_to_class(message.entity)
            topic = message.topic
            viewers = self._topics.get(topic, ())
            removes = message.kind in ("deleted", "expired")
            if (removes or self._removed) and self._is_late(message, topic):
                return
            if not viewers:
                return
            if message.entity in self._guarded and message.state is not None:
                await self._deliver_guarded(message, tuple(viewers))
                return
            frames = Frames(message)
            for viewer in viewers:
                viewer.offer(topic, frames)
        elif isinstance(message, SessionEnded):
            for viewer in tuple(self._visitors.get(message.visitor, ())):
                viewer.close()

    def _deliver_to_class(self, entity: str) -> None:
        topic = class_topic(entity)
        if topic in self._classes:
            self._class_changes += 1
            frames = Frames(ClassChanged(topic, self._class_changes))
            for viewer in self._topics[topic]:
                viewer.offer(topic, frames)

    def _is_late(self, message: Changed, topic: str) -> bool:
        """True for an update that arrives after the removal of its entity.

        A page that connected in between has no version to compare with and
        would show the removed entity until it is reloaded.
        """
        if message.kind in ("deleted", "expired"):
            self._removed.put(topic, max(message.version, self._removed.get(topic, 0)))
            return False
        return message.version < self._removed.get(topic, 0)

    async def _deliver_guarded(self, message: Changed, viewers: tuple[Subscription, ...]) -> None:
        topic = message.topic
        decided: dict[tuple[Actor | None, int], Changed | None] = {}
        frames: dict[tuple[Any, ...], Frames] = {}  # viewers who see the same share an encoding
        for viewer in viewers:
            policy = viewer.policies.get(topic)
            key = (viewer.actor, id(policy))
            if key not in decided:
                decided[key] = await self._as_seen(message, viewer.actor, policy)
            seen = decided[key]
            if seen is None:
                continue
            if viewer.watches[topic].gone and seen.kind != "closed":
                seen = seen._replace(kind="reopened")
            content = (seen.kind, seen.base, seen.hidden, seen.emptied)
            if content not in frames:
                frames[content] = Frames(seen)
            viewer.offer(topic, frames[content])

    async def _as_seen(
        self, message: Changed, actor: Actor | None, policy: AccessPolicy | None
    ) -> Changed | None:
        try:
            if self._seen is not None:
                return await self._seen(message, actor, policy)
        except Exception:  # delivery: without a decision, access is denied
            log.exception("Access to %s could not be decided", log_text(message.topic))
        return closed(message)

    def close(self) -> None:
        """Close every subscription, so that the server can shut down; pages reconnect."""
        for subscription in tuple(self._all):
            subscription.close()
