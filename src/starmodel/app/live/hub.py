"""Subscriptions of open pages to topics, and the unsent state of each subscription."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.ports.messages import Changed, Kind, SessionEnded
from starmodel.core.errors import TooManyStreamsError
from starmodel.core.values.bounded_cache import BoundedCache
from starmodel.core.values.log_text import log_text
from starmodel.texts.catalogue import Message

log = logging.getLogger("starmodel.subscriptions")
MAX_REMOVED_BYTES = 2 * 1024 * 1024


class State(Protocol):
    """One state of a topic: of an entity, or of a live list.

    Shapes: version increases within the topic; base is the version that
    this state replaces; state is None for a removed entity.
    """

    @property
    def topic(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def base(self) -> int: ...
    @property
    def state(self) -> Any: ...


class View(Protocol, Hashable):
    """Encodes a topic for one kind of subscriber; equal views share the encoded bytes."""

    def encode(self, message: Any, *, full: bool) -> bytes:
        """The bytes of a message: the full state, or the difference from its base."""


class Frames:
    """The encoded frames of one message, cached per view."""

    __slots__ = ("_made", "message")

    def __init__(self, message: State) -> None:
        self.message = message
        self._made: dict[tuple[View, bool], bytes] = {}

    def encode(self, view: View, full: bool) -> bytes:
        frame = self._made.get((view, full))
        if frame is None:
            try:
                frame = view.encode(self.message, full=full)
            except Exception:  # delivery: one broken view must not end the page's stream
                log.exception("A view of %s failed", log_text(self.message.topic))
                frame = b""
            self._made[view, full] = frame
        return frame


class Watch:
    """One topic of one subscription. Shapes: version is the last one sent or pending."""

    __slots__ = ("frames", "full", "gone", "version", "views")

    def __init__(self, views: tuple[View, ...]) -> None:
        self.views, self.version, self.full, self.gone = views, -1, True, False
        self.frames: Frames | None = None

    def offer(self, frames: Frames, *, snapshot: bool = False) -> bool:
        """Make the message pending unless its version is stale; True when it is pending.

        A message whose base is not the last version sent is sent as full state.
        """
        message = frames.message
        if message.version <= self.version:
            return False
        if self.gone and message.state is None:  # the removal was sent before
            self.version = message.version
            return False
        follows = message.base == self.version and self.frames is None and not self.gone
        self.full = snapshot or not follows
        self.frames, self.version, self.gone = frames, message.version, message.state is None
        return True

    def take(self) -> bytes:
        frames, self.frames = self.frames, None
        if frames is None:
            return b""
        return b"".join([frames.encode(view, self.full) for view in self.views])


class Subscription:
    """The topics of one open page, and its pending frames.

    In this process only. A slow consumer has one pending state per topic:
    a newer state replaces an older unsent one, so memory is bounded and the
    last state is always delivered; intermediate states may be skipped.

    Shapes: lists is the number of topics that are live lists; policies decide about the
    topics of resources with rules of their own, the application's policy about all others.
    """

    def __init__(
        self,
        watches: dict[str, tuple[View, ...]],
        *,
        visitor: str = "",
        address: str = "",
        actor: Actor | None = None,
        lists: int = 0,
        policies: Mapping[str, AccessPolicy] = MappingProxyType({}),
    ) -> None:
        self.lists, self.policies = lists, policies
        self.watches = {topic: Watch(views) for topic, views in watches.items()}
        self.visitor, self.address, self.actor = visitor, address, actor
        self.closed = False
        self._due: dict[str, None] = {}
        self._raw: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None

    @property
    def pending(self) -> int:
        """The number of topics with unsent state."""
        return len(self._due)

    def mark_sent(self, topic: str, version: int) -> None:
        """Record that the page has this version, so that the next one is sent as a diff."""
        self.watches[topic].version = version

    def offer(self, topic: str, frames: Frames, *, snapshot: bool = False) -> None:
        """Make the frames pending for this topic, and wake the stream."""
        if self.watches[topic].offer(frames, snapshot=snapshot):
            self._due[topic] = None
            self._wake()

    def send(self, data: bytes) -> None:
        """Send these bytes unencoded, such as a heartbeat; at most 8 are pending."""
        if len(self._raw) < 8:
            self._raw.append(data)
            self._wake()

    def take(self) -> bytes:
        """All pending bytes, in the order in which topics became pending; b"" without any."""
        due, self._due = self._due, {}
        raw, self._raw = self._raw, []
        parts = [self.watches[topic].take() for topic in due if topic in self.watches]
        return b"".join([*parts, *raw])

    async def wait(self) -> None:
        """Return when bytes are pending or the subscription is closed."""
        while not (self._due or self._raw or self.closed):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def close(self) -> None:
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


Allowed = Callable[[Changed, Actor | None, AccessPolicy | None], Awaitable[bool | None]]


class Hub:
    """All subscriptions of this process; a subscriber of the bus.

    Shapes: guarded names the classes whose read rule depends on the record;
    allowed(message, actor, policy) decides read access to each of their messages,
    once per actor and policy, which is None for the application's. None means that a
    newer version is committed: the message is dropped.
    Units: limits count open subscriptions, and topics and lists of all
    subscriptions of a visitor.
    """

    def __init__(
        self,
        *,
        guarded: Iterable[str] = (),
        allowed: Allowed | None = None,
        max_streams: int = 10_000,
        max_per_session: int = 64,
        max_per_address: int = 256,
        max_lists_per_session: int = 64,
        max_topics_per_session: int = 2048,
    ) -> None:
        self._topics: dict[str, set[Subscription]] = {}
        self._all: set[Subscription] = set()
        self._visitors: dict[str, set[Subscription]] = {}
        self._addresses: dict[str, int] = {}
        self._removed: BoundedCache[str, int] = BoundedCache(MAX_REMOVED_BYTES)
        self._guarded, self._allowed = frozenset(guarded), allowed
        self._limits = (max_streams, max_per_session, max_per_address)
        self._max_lists, self._max_topics = max_lists_per_session, max_topics_per_session

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Any:
        return iter(tuple(self._all))

    def watched(self) -> Iterable[str]:
        """Every topic with a subscription."""
        return tuple(self._topics)

    def is_watched(self, topic: str) -> bool:
        """Whether an open page subscribes to the topic."""
        return topic in self._topics

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
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Remove the subscription and its index entries."""
        if subscription not in self._all:
            return
        self._all.discard(subscription)
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
        topic, frames = message.topic, Frames(message)
        gone = Frames(
            Changed(message.entity, message.id, "closed", message.version, message.base, None)
        )
        decided: dict[tuple[Actor | None, int], bool | None] = {}
        for viewer in viewers:
            policy = viewer.policies.get(topic)
            key = (viewer.actor, id(policy))
            if key not in decided:
                decided[key] = await self._decide(message, viewer.actor, policy)
            may = decided[key]
            if may is not None:
                viewer.offer(topic, frames if may else gone)

    async def _decide(
        self, message: Changed, actor: Actor | None, policy: AccessPolicy | None
    ) -> bool | None:
        try:
            return self._allowed is not None and await self._allowed(message, actor, policy)
        except Exception:  # delivery: without a decision, access is denied
            log.exception("Access to %s could not be decided", log_text(message.topic))
            return False

    def close(self) -> None:
        """Close every subscription, so that the server can shut down; pages reconnect."""
        for subscription in tuple(self._all):
            subscription.close()


def snapshot_message(
    name: str, id: Any, state: Any, version: int, kind: Kind = "updated"
) -> Changed:
    """A stored state as a message, for a page that has just connected."""
    return Changed(name, id, kind, version, -1, state)
