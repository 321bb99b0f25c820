"""The rendered text of elements, and whether a page displays them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from starmodel.testing.browser.datastar.binding import control_value
from starmodel.testing.browser.datastar.expressions import evaluate
from starmodel.testing.browser.datastar.javascript import as_text, truth
from starmodel.testing.browser.document.dom import (
    BLOCKS,
    NOT_RENDERED,
    attribute,
    keyed_attributes,
    select,
    squeeze,
)
from starmodel.testing.browser.tab import Tab
from starmodel.testing.errors import UnreadableExpressionError

if TYPE_CHECKING:
    from bs4 import Tag

_NO_DISPLAY = re.compile(r"display\s*:\s*none")


def text_of(tab: Tab, tag: Tag) -> str:
    """The rendered text of an element: `data-text` is evaluated, hidden descendants are skipped.

    Raises: UnreadableExpressionError.
    """
    return squeeze(_text(tab, tag))


def hidden_by(tab: Tab, tag: Tag) -> str:
    """Why an element is hidden, "" when it is visible. Style sheets are ignored.

    What is in a dialog that a button of the page opens counts as visible.
    """
    for each in (tag, *tag.parents):
        if each.name in NOT_RENDERED:
            return f"it is inside <{each.name}>"
        if each.name == "dialog" and _has_opener(tab, each):
            continue
        if reason := _hidden_itself(tab, each):
            return reason if each is tag else f"it is inside an element with {reason}"
    return ""


def refresh(tab: Tab) -> None:
    """Evaluate `data-class` and `data-attr` of all elements with the current signals."""
    for tag in tab.soup.find_all(True):
        for key, text in keyed_attributes(tag, "data-class"):
            _apply(tab, text, partial(_set_classes, tag, key))
        for key, text in keyed_attributes(tag, "data-attr"):
            _apply(tab, text, partial(_set_attributes, tag, key))


def _text(tab: Tab, tag: Tag) -> str:
    from bs4.element import NavigableString, PreformattedString, Tag

    if "data-text" in tag.attrs:
        return as_text(evaluate(attribute(tag, "data-text") or "", tab))
    if tag.name in ("input", "select", "textarea"):
        value = control_value(tab, tag)
        return value if isinstance(value, str) and attribute(tag, "type") != "hidden" else ""
    parts = []
    for child in tag.children:
        if isinstance(child, Tag):
            if child.name in NOT_RENDERED or _hidden_itself(tab, child):
                continue
            inner = _text(tab, child)
            parts.append(f" {inner} " if child.name in BLOCKS else inner)
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            parts.append(str(child))
    return "".join(parts)


def _has_opener(tab: Tab, dialog: Tag) -> bool:
    return any(
        attribute(opener, "data-dialog") == attribute(dialog, "id")
        for opener in select(tab.soup, "[data-dialog]")
    )


def _hidden_itself(tab: Tab, tag: Tag) -> str:
    if "hidden" in tag.attrs:
        return "the attribute hidden"
    if tag.name == "dialog" and "open" not in tag.attrs:
        return "a closed dialog"
    show = attribute(tag, "data-show")
    if show is not None:
        return "" if truth(evaluate(show, tab)) else f"data-show={show!r}"
    if _NO_DISPLAY.search(attribute(tag, "style") or ""):
        return "style='display: none'"
    return ""


def _apply(tab: Tab, expression: str, setter: Callable[[Any], None]) -> None:
    try:
        setter(evaluate(expression, tab))
    except UnreadableExpressionError:
        if expression not in tab.skipped:
            tab.skipped.append(expression)


def _set_classes(tag: Tag, key: str, value: Any) -> None:
    name = key.partition("__")[0]
    conditions = {name: value} if name else value
    if not isinstance(conditions, dict):
        return
    classes = (attribute(tag, "class") or "").split()
    for names, condition in conditions.items():
        for name in str(names).split():
            classes = [other for other in classes if other != name]
            classes += [name] if truth(condition) else []
    if classes or "class" in tag.attrs:
        tag.attrs["class"] = " ".join(classes)


def _set_attributes(tag: Tag, key: str, value: Any) -> None:
    name = key.partition("__")[0]
    for each, attribute_value in ({name: value} if name else value).items():
        if attribute_value is None or attribute_value is False:
            tag.attrs.pop(each, None)
        else:
            tag.attrs[each] = "" if attribute_value is True else as_text(attribute_value)
