"""`data-bind`: a control and a signal that hold the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from starmodel.testing.browser.controls import Controls, initial
from starmodel.testing.browser.dom import attribute, keyed_attributes
from starmodel.testing.browser.expressions import as_text, number
from starmodel.testing.browser.signals import SignalTree

if TYPE_CHECKING:
    from bs4 import Tag


class Bound(Protocol):
    """What binding needs of a page."""

    signals: SignalTree
    controls: Controls


def bound_path(tag: Tag) -> str | None:
    """The signal that the control is bound to, or None."""
    for key, text in keyed_attributes(tag, "data-bind"):
        name = key.partition("__")[0]
        return re.sub(r"-(\w)", lambda m: m[1].upper(), name) or text
    return None


def take_over(page: Bound, tag: Tag, path: str) -> None:
    """Give a signal that is missing the value of its control."""
    unchosen = attribute(tag, "type") == "radio" and not initial(tag)
    if path and not page.signals.has(path) and not unchosen:
        page.signals.set(path, _for_signal(page, tag, initial(tag)))


def write_through(page: Bound, tag: Tag) -> None:
    """Give the signal what has been put into the control."""
    path = bound_path(tag)
    if path:
        page.signals.set(path, _for_signal(page, tag, page.controls.value(tag)))


def held(page: Bound, tag: Tag) -> Any:
    """What the control shows: its signal's value when it is bound."""
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


def _for_signal(page: Bound, tag: Tag, value: Any) -> Any:
    kind, path = attribute(tag, "type"), bound_path(tag) or ""
    now = page.signals.get(path) if page.signals.has(path) else None
    if kind == "checkbox":
        text = attribute(tag, "value")
        if text is None or text == "on" or isinstance(now, bool):
            return bool(value)
        return text if value else ""
    if kind == "radio":
        return attribute(tag, "value") if value else ("" if now is None else now)
    if kind in ("number", "range") and not isinstance(now, str):
        return number(value)
    if isinstance(now, int | float) and not isinstance(now, bool):
        return number(value)
    return value
