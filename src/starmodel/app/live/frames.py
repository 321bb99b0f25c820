"""States of topics, and their frames: encoded and framed once for all streams with equal views."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from typing import Any, Protocol

from starmodel.app.ports.messages import Changed, Kind
from starmodel.app.ports.transport import Chunk, Framing, Patch
from starmodel.core.values.log_text import log_text

log = logging.getLogger("starmodel.subscriptions")


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
    """Encodes a topic for one kind of subscriber; equal views share the encoded patches."""

    def encode(self, message: Any, *, full: bool) -> Sequence[Patch]:
        """The patches of a message: the full state, or the difference from its base."""


class Frames:
    """The frames of one message, cached per view and framing."""

    __slots__ = ("_cache", "message")

    def __init__(self, message: State) -> None:
        self.message = message
        self._cache: dict[tuple[View, bool, Framing], Chunk] = {}

    def chunk(self, view: View, full: bool, frame: Framing) -> Chunk:
        """The framed patches of the message for this view; an empty chunk if the view fails."""
        chunk = self._cache.get((view, full, frame))
        if chunk is None:
            try:
                chunk = frame(view.encode(self.message, full=full))
            except Exception:  # delivery: one broken view must not end the stream
                log.exception("A view of %s failed", log_text(self.message.topic))
                chunk = frame(())
            self._cache[view, full, frame] = chunk
        return chunk


def snapshot_message(
    name: str, id: Any, state: Any, version: int, kind: Kind = "updated"
) -> Changed:
    """A stored state as a message, for a stream that has just connected."""
    return Changed(name, id, kind, version, -1, state)
