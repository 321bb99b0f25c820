"""Events: methods that may change their entity, and their actions."""

from starmodel.core.events.event import (
    METHODS,
    MODES,
    ActionFactory,
    Event,
    EventInfo,
    event,
)

__all__ = ["METHODS", "MODES", "ActionFactory", "Event", "EventInfo", "event"]
