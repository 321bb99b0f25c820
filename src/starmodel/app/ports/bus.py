"""The port of the event bus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

from starmodel.app.ports.messages import Message

Handler = Callable[[Any], Awaitable[None]]
Wants = Callable[[str], bool]
"""Whether a subscriber handles `Changed` messages of a topic, such as "Product:42"."""


class EventBus(Protocol):
    """Delivers committed changes, emitted facts and ended sessions to subscribers.

    Delivery is at most once per subscriber and not durable. A bus between
    processes sends messages in the format of `starmodel.app.ports.codec`.
    """

    async def publish(self, message: Message) -> None:
        """Deliver the message to every subscriber; a subscriber's exception is logged."""

    def subscribe(self, handler: Handler) -> None:
        """Call the handler with every message published from now on."""

    def unsubscribe(self, handler: Handler) -> None:
        """Stop calling the handler; an unknown handler is ignored."""


@runtime_checkable
class SelectiveBus(EventBus, Protocol):
    """A bus whose subscribers declare the topics that they handle.

    Lets a publisher skip an update that nothing handles. For one process: a
    bus between processes has no access to remote subscriptions.
    """

    def subscribe(self, handler: Handler, *, wants: Wants | None = None) -> None:
        """Call the handler with every message; without `wants` it handles every topic."""

    def wants(self, topic: str) -> bool:
        """Whether a subscriber handles an insert or update of this topic.

        The answer holds until the next await: a page may subscribe while a
        commit awaits the store. Removals, expiry, facts and ended sessions are
        published unconditionally.

        Shapes: topic is `Changed.topic`.
        """
