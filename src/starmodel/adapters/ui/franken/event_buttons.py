"""The button of an event: icon and title, the reason why it is not possible, and its key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starmodel.adapters.ui.franken.icons import icon
from starmodel.app.access.readiness import POSSIBLE, Availability
from starmodel.core.events import Event
from starmodel.texts.catalogue import Catalogue

States = Mapping[str, Availability]
NO_STATES: States = MappingProxyType({})


def button_label(texts: Catalogue, event: Event[Any, Any, Any], icons_url: str) -> tuple[Any, ...]:
    """The icon of an event, if it has one, and its title."""
    picture = icon(event.info.icon, icons_url) if event.info.icon else None
    return picture, texts.render(event.title)


def button_attributes(event: Event[Any, Any, Any], state: Availability, texts: Catalogue) -> Any:
    """The attributes of an event's button: why it is not possible, and its key.

    The button stays focusable, so that its reason can be read by keyboard and screen readers.
    """
    info = event.info
    if not info.is_conditional and info.shortcut is None:
        return {}
    hint = shortcut_hint(event, texts)
    made = {"data-act": event.name, "title": texts.render(state.reason) or hint or None}
    if info.is_conditional:
        made["aria-disabled"] = "true" if state.reason else None
    if info.shortcut is not None:
        made |= {"aria-keyshortcuts": info.shortcut.title(), "data-hint": hint}
    return made


def shortcut_hint(event: Event[Any, Any, Any], texts: Catalogue) -> str:
    """The title of a button with a key: "Pack (P)"; "" without one."""
    key = event.info.shortcut
    if key is None:
        return ""
    return str(texts.text("event.shortcut", event=texts.render(event.title), key=key.title()))


def state_of(states: States, event: Event[Any, Any, Any]) -> Availability:
    """The state of an event; one without a condition is always possible."""
    return states.get(event.name, POSSIBLE)
