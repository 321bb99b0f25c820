"""One stream's subscription: its topics, and the latest unsent state of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.live.frames import Frames, View
from starmodel.app.ports.transport import Chunk, Framing, Transport

MAX_HEARTBEATS = 8


class Watch:
    """One topic of one subscription. Shapes: version is the last one sent or pending."""

    __slots__ = ("frames", "full", "gone", "version", "views")

    def __init__(self, views: tuple[View, ...]) -> None:
        self.views, self.version, self.full, self.gone = views, -1, True, False
        self.frames: Frames | None = None

    def offer(self, frames: Frames, *, snapshot: bool = False) -> bool:
        """Make the message pending unless its version is stale; True when it is pending.

        A message whose base is not the last version sent is sent as full state. After a loss
        of access the same version may follow again.
        """
        message = frames.message
        reopens = self.gone and message.state is not None and message.version == self.version
        if message.version <= self.version and not reopens:
            return False
        if self.gone and message.state is None:  # the removal was sent before
            self.version = message.version
            return False
        follows = message.base == self.version and self.frames is None and not self.gone
        self.full = snapshot or not follows
        self.frames, self.version, self.gone = frames, message.version, message.state is None
        return True

    def revoke(self, frames: Frames) -> bool:
        """Make the loss of access to the version that is shown pending; True if it is news."""
        if self.gone:
            return False
        self.frames, self.full, self.gone = frames, True, True
        return True

    def take(self, chunks: list[Chunk], frame: Framing) -> None:
        """Append the chunks of the pending message, which is pending no longer."""
        frames, self.frames = self.frames, None
        if frames is not None:
            for view in self.views:
                chunks.append(frames.chunk(view, self.full, frame))


class Subscription:
    """The topics of one stream, and its pending frames.

    In this process only. A slow consumer has one pending state per topic:
    a newer state replaces an older unsent one, so memory is bounded and the
    last state is always delivered; intermediate states may be skipped.

    Shapes: lists is the number of topics that are live lists; policies decide about the
    topics of resources with rules of their own, the application's policy about all others.
    """

    def __init__(
        self,
        topics: dict[str, tuple[View, ...]],
        transport: Transport,
        *,
        visitor: str = "",
        address: str = "",
        actor: Actor | None = None,
        lists: int = 0,
        policies: Mapping[str, AccessPolicy] = MappingProxyType({}),
    ) -> None:
        self.lists, self.policies, self._transport = lists, policies, transport
        self.watches = {topic: Watch(views) for topic, views in topics.items()}
        self.visitor, self.address, self.actor = visitor, address, actor
        self.closed = False
        self._due: dict[str, None] = {}
        self._heartbeats: list[Chunk] = []
        self._waiter: asyncio.Future[None] | None = None

    @property
    def pending(self) -> int:
        """The number of topics with unsent state."""
        return len(self._due)

    def mark_sent(self, topic: str, version: int) -> None:
        """Record that the client has this version, so that the next one is sent as a diff."""
        self.watches[topic].version = version

    def offer(self, topic: str, frames: Frames, *, snapshot: bool = False) -> None:
        """Make the frames pending for this topic, and wake the stream."""
        if self.watches[topic].offer(frames, snapshot=snapshot):
            self._due[topic] = None
            self._wake()

    def revoke(self, topic: str, frames: Frames) -> None:
        """Make the loss of access to this topic pending, whatever the version that is shown."""
        if self.watches[topic].revoke(frames):
            self._due[topic] = None
            self._wake()

    def send_heartbeat(self) -> None:
        """Make a heartbeat pending, unless the client has stopped reading."""
        if len(self._heartbeats) < MAX_HEARTBEATS:
            self._heartbeats.append(self._transport.heartbeat)
            self._wake()

    def take(self) -> list[Chunk]:
        """All pending chunks, in the order in which topics became pending."""
        due, self._due = self._due, {}
        heartbeats, self._heartbeats = self._heartbeats, []
        chunks: list[Chunk] = []
        frame = self._transport.frame
        for topic in due:
            self.watches[topic].take(chunks, frame)
        chunks += heartbeats
        return chunks

    async def wait(self) -> None:
        """Return when a chunk is pending or the subscription is closed."""
        while not (self._due or self._heartbeats or self.closed):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def close(self) -> None:
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
