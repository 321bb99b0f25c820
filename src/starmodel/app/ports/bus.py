"""The port of the event bus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol


class EventBus(Protocol):
    """Carries messages (data only) from where something was committed to all who show it."""

    async def publish(self, message: Any) -> None:
        """Hand the message to every subscriber; a failing one is logged and harms nobody."""

    def subscribe(self, handler: Callable[[Any], Awaitable[None]]) -> None:
        """Call the handler with every message from now on."""

    def unsubscribe(self, handler: Callable[[Any], Awaitable[None]]) -> None:
        """Stop calling the handler; unknown ones are ignored."""
