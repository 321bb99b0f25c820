"""The event of a record whose button is the strongest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starmodel.core.events.built_in import BUILT_IN
from starmodel.core.events.event import Event


def main_event(events: Mapping[str, Event[Any, Any, Any]]) -> Event[Any, Any, Any] | None:
    """The event declared as primary, else the first that neither asks nor has parameters."""
    own = [event for name, event in events.items() if name not in BUILT_IN]
    declared = next((event for event in own if event.info.primary), None)
    plain = (e for e in own if not e.info.confirm and len(e.signature.parameters) == 1)
    return declared or next(plain, None)
