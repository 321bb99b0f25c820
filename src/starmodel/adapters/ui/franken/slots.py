"""The contents of slots, each in an element of its own."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.elements import Div, P, Section
from starmodel.app.presentation.slots import Filled, Place
from starmodel.app.presentation.ui import Services


def slot(services: Services, place: Place) -> list[Any]:
    """The contents of one slot that the actor may see; a failed one is an error card."""
    filled = services.extensions.slots.fill(place)
    return [slot_content(services, content, place) for content in filled]


def slot_content(services: Services, filled: Filled, place: Place) -> Any:
    """The element of one content, which is requested again when its data changes."""
    inside = filled.component
    if filled.error is not None:
        inside = P(services.texts.render(filled.error), role="status", cls="uk-card sm-slot-error")
    classes = services.extensions.slots.refreshed_by(filled.content)
    refresh = None
    if classes:
        services.frontend.show_slot(filled.id, classes, place)
        refresh = Div(id=f"{filled.id}-refresh", hidden=True)
    parts = inside if isinstance(inside, list | tuple) else (inside,)
    return Section(*parts, refresh, id=filled.id, cls="sm-slot")
