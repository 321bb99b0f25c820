"""`data-bind`: two-way binding between a form control and a signal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from starmodel.testing.browser.datastar.javascript import as_text, number
from starmodel.testing.browser.datastar.signals import SignalTree
from starmodel.testing.browser.document.controls import Controls, initial_value
from starmodel.testing.browser.document.dom import attribute, keyed_attributes

if TYPE_CHECKING:
    from bs4 import Tag


class BoundPage(Protocol):
    """A page whose controls bind to signals."""

    signals: SignalTree
    controls: Controls


def bound_path(tag: Tag) -> str | None:
    """The path of the signal that the control is bound to, or None."""
    for key, text in keyed_attributes(tag, "data-bind"):
        name = key.partition("__")[0]
        return re.sub(r"-(\w)", lambda match: match[1].upper(), name) or text
    return None


def initialise_signal(page: BoundPage, tag: Tag, path: str) -> None:
    """Create a missing signal with the initial value of its control."""
    unchecked_radio = attribute(tag, "type") == "radio" and not initial_value(tag)
    if path and not page.signals.has(path) and not unchecked_radio:
        page.signals.set(path, _signal_value(page, tag, initial_value(tag)))


def write_signal(page: BoundPage, tag: Tag) -> None:
    """Copy the control's value to its signal, when it is bound."""
    path = bound_path(tag)
    if path:
        page.signals.set(path, _signal_value(page, tag, page.controls.value(tag)))


def control_value(page: BoundPage, tag: Tag) -> Any:
    """The value that the control displays: its signal's when bound, else its own."""
    path = bound_path(tag)
    if not path or not page.signals.has(path):
        return page.controls.value(tag)
    value = page.signals.get(path)
    kind = attribute(tag, "type")
    if kind == "checkbox":
        return value == (attribute(tag, "value") or "on") if isinstance(value, str) else bool(value)
    if kind == "radio":
        return as_text(value) == attribute(tag, "value")
    return value if isinstance(value, list) else as_text(value)


def _signal_value(page: BoundPage, tag: Tag, value: Any) -> Any:
    """The control's value in the type of its signal."""
    kind, path = attribute(tag, "type"), bound_path(tag) or ""
    current = page.signals.get(path) if page.signals.has(path) else None
    if kind == "checkbox":
        text = attribute(tag, "value")
        if text is None or text == "on" or isinstance(current, bool):
            return bool(value)
        return text if value else ""
    if kind == "radio":
        return attribute(tag, "value") if value else ("" if current is None else current)
    if kind in ("number", "range") and not isinstance(current, str):
        return number(value)
    if isinstance(current, int | float) and not isinstance(current, bool):
        return number(value)
    return value
