"""Who is watching what, and the newest state that each of them has not been sent yet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any, Protocol

from starmodel.app.access.policy import Actor
from starmodel.app.ports.messages import Changed, Kind, SessionEnded
from starmodel.core.errors import TooManyStreamsError
from starmodel.core.values.bounded_cache import BoundedCache
from starmodel.core.values.log_text import log_text
from starmodel.texts.catalogue import Message

log = logging.getLogger("starmodel.subscriptions")
MAX_REMOVED_BYTES = 2 * 1024 * 1024


class State(Protocol):
    """One state of what a topic names: an entity, or the answer to a list's question.

    Shapes: version counts up within the topic; base is the version that
    this state replaced; state is None for what is gone.
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
    """How one kind of viewer is shown a topic; equal views share their bytes."""

    def encode(self, message: Any, *, full: bool) -> bytes:
        """The bytes for a change: all of the state, or only what is new in it."""


class Frames:
    """The bytes of one change, made at most once per view."""

    __slots__ = ("_made", "message")

    def __init__(self, message: State) -> None:
        self.message = message
        self._made: dict[tuple[View, bool], bytes] = {}

    def encode(self, view: View, full: bool) -> bytes:
        made = self._made.get((view, full))
        if made is None:
            try:
                made = view.encode(self.message, full=full)
            except Exception:  # delivery: one broken view must not end the page's stream
                log.exception("A view of %s failed", log_text(self.message.topic))
                made = b""
            self._made[view, full] = made
        return made


class Watch:
    """One topic of one subscription. Shapes: version is the last one sent or waiting."""

    __slots__ = ("frames", "full", "gone", "version", "views")

    def __init__(self, views: tuple[View, ...]) -> None:
        self.views, self.version, self.full, self.gone = views, -1, True, False
        self.frames: Frames | None = None

    def offer(self, frames: Frames, *, snapshot: bool = False) -> bool:
        """Keep the change for sending unless it is older than what is there; True when kept.

        A change that does not follow directly on the last state sent goes out as full state.
        """
        message = frames.message
        if message.version <= self.version:
            return False
        if self.gone and message.state is None:  # the viewer has been told, and learns no more
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
    """What one page watches.

    In this process only. A slow viewer holds one state per topic: newer
    replaces older unsent state, so memory stays bounded and the last
    state always arrives; states between may never be seen.
    """

    def __init__(
        self,
        watches: dict[str, tuple[View, ...]],
        *,
        visitor: str = "",
        address: str = "",
        actor: Actor | None = None,
        lists: int = 0,
    ) -> None:
        self.lists = lists  # how many of the topics are lists, which cost more than a state
        self.watches = {topic: Watch(views) for topic, views in watches.items()}
        self.visitor, self.address, self.actor = visitor, address, actor
        self.closed = False
        self._due: dict[str, None] = {}
        self._notes: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None

    @property
    def pending(self) -> int:
        """How many topics have state that was not taken yet."""
        return len(self._due)

    def knows(self, topic: str, version: int) -> None:
        """The viewer has this state already: what follows on it can go out as a diff."""
        self.watches[topic].version = version

    def offer(self, topic: str, frames: Frames, *, snapshot: bool = False) -> None:
        """Keep the newest state of a topic ready for this viewer."""
        if self.watches[topic].offer(frames, snapshot=snapshot):
            self._due[topic] = None
            self._wake()

    def note(self, data: bytes) -> None:
        """Send these bytes as they are; for heartbeats and notices."""
        if len(self._notes) < 8:
            self._notes.append(data)
            self._wake()

    def take(self) -> bytes:
        """All that is due, in the order in which topics first changed; b"" when nothing is."""
        due, self._due = self._due, {}
        notes, self._notes = self._notes, []
        parts = [self.watches[topic].take() for topic in due if topic in self.watches]
        return b"".join([*parts, *notes])

    async def wait(self) -> None:
        """Return when something is due or the subscription is closed."""
        while not (self._due or self._notes or self.closed):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def close(self) -> None:
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


Allowed = Callable[[Changed, Actor | None], Awaitable[bool | None]]


class Hub:
    """All subscriptions of this process; fed by the bus.

    Shapes: allowed(message, actor) is asked again for each viewer of a class
    whose read rule looks at fields (`guarded` names those classes); None
    means that a newer state is on its way, so that this one is not sent.
    Units: limits count open subscriptions, and topics and lists in all those of a visitor.
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
        """Every topic that somebody is watching now."""
        return tuple(self._topics)

    def is_watched(self, topic: str) -> bool:
        """Whether an open page shows the topic."""
        return topic in self._topics

    def subscribe(self, subscription: Subscription) -> Subscription:
        """Feed the subscription from now on. Raises: TooManyStreamsError."""
        most, per_session, per_address = self._limits
        mine = self._visitors.get(subscription.visitor, ())
        if len(self._all) >= most:
            raise TooManyStreamsError(Message("streams.server", most=most))
        if len(mine) >= per_session:
            raise TooManyStreamsError(Message("streams.session", most=per_session))
        if subscription.lists + sum(other.lists for other in mine) > self._max_lists:
            raise TooManyStreamsError(Message("streams.lists", most=self._max_lists))
        watches = len(subscription.watches) + sum(len(other.watches) for other in mine)
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
        """Forget the subscription; nothing of it stays."""
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
        """Take one message of the bus to all who watch its topic."""
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
        """True for a change that was overtaken on the bus by the removal that followed it.

        A page that connected in between knows no version and would show it for ever.
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
        decided: dict[Actor | None, bool | None] = {}  # once for all tabs of one actor
        for viewer in viewers:
            if viewer.actor not in decided:
                decided[viewer.actor] = await self._decide(message, viewer.actor)
            may = decided[viewer.actor]
            if may is not None:
                viewer.offer(topic, frames if may else gone)

    async def _decide(self, message: Changed, actor: Actor | None) -> bool | None:
        try:
            return self._allowed is not None and await self._allowed(message, actor)
        except Exception:  # delivery: what nobody could decide is not shown
            log.exception("Access to %s could not be decided", log_text(message.topic))
            return False

    def close(self) -> None:
        """End every stream, so that the server can stop; pages come back by themselves."""
        for subscription in tuple(self._all):
            subscription.close()


def snapshot_message(
    name: str, id: Any, state: Any, version: int, kind: Kind = "updated"
) -> Changed:
    """A stored state in the shape of a change, for a page that has just connected."""
    return Changed(name, id, kind, version, -1, state)
