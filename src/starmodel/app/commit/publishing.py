"""Publishing the messages of a stored commit."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from starmodel.app.ports.bus import EventBus
from starmodel.app.ports.messages import Message

log = logging.getLogger("starmodel.uow")


async def publish(bus: EventBus, messages: Iterable[Message]) -> None:
    """Publish each message; a bus that raises is logged, because the commit holds."""
    for message in messages:
        try:
            await bus.publish(message)
        except Exception:  # delivery: the commit holds, whatever the bus does
            log.exception("The bus could not publish a %s", type(message).__name__)
