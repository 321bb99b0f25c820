"""The contents of slots, each in an element of its own."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.elements import P, Section
from starmodel.app.presentation.slots import Filled, Place
from starmodel.app.presentation.ui import Services


def slot(services: Services, place: Place) -> list[Any]:
    """The contents of one slot that the actor may see; a failed one is an error card."""
    return [slot_content(services, filled) for filled in services.extensions.slots.fill(place)]


def slot_content(services: Services, filled: Filled) -> Any:
    """The element of one content."""
    inside = filled.component
    if filled.error is not None:
        inside = P(services.texts.render(filled.error), role="status", cls="uk-card sm-slot-error")
    return Section(inside, id=filled.id, cls="sm-slot")
