"""The in-process event bus."""

from __future__ import annotations

import logging

from starmodel.app.ports.bus import Handler, Wants
from starmodel.app.ports.codec import decode, encode
from starmodel.app.ports.messages import Message

log = logging.getLogger("starmodel.bus")


class InProcessBus:
    """Awaits each subscriber in turn, in order of subscription, within one process.

    Shapes: with `serialise` subscribers receive a copy of each message that
    went through the codec, as they do from a bus between processes; for tests.
    """

    process_local = True

    def __init__(self, *, serialise: bool = False) -> None:
        self._handlers: tuple[tuple[Handler, Wants | None], ...] = ()
        self._serialise = serialise

    async def publish(self, message: Message) -> None:
        if self._serialise:
            message = decode(encode(message))
        for handler, _ in self._handlers:
            try:
                await handler(message)
            except Exception:  # delivery: one broken subscriber must not harm the others
                log.exception("A subscriber failed on %s", type(message).__name__)

    def subscribe(self, handler: Handler, *, wants: Wants | None = None) -> None:
        self._handlers = (*self._handlers, (handler, wants))

    def unsubscribe(self, handler: Handler) -> None:
        self._handlers = tuple(known for known in self._handlers if known[0] != handler)

    def wants(self, topic: str) -> bool:
        for _, wants in self._handlers:  # noqa: SIM110 - each event asks; a generator costs more
            if wants is None or wants(topic):
                return True
        return False
