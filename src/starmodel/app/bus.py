"""The event bus of one process."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

Handler = Callable[[Any], Awaitable[None]]
log = logging.getLogger("starmodel.bus")


class InProcessBus:
    """Calls each subscriber in turn, in order of subscription; nothing leaves the process."""

    one_process = True

    def __init__(self) -> None:
        self._handlers: tuple[Handler, ...] = ()

    async def publish(self, message: Any) -> None:
        for handler in self._handlers:
            try:
                await handler(message)
            except Exception:  # delivery: one broken subscriber must not harm the others
                log.exception("A subscriber failed on %s", type(message).__name__)

    def subscribe(self, handler: Handler) -> None:
        self._handlers = (*self._handlers, handler)

    def unsubscribe(self, handler: Handler) -> None:
        self._handlers = tuple(known for known in self._handlers if known != handler)
