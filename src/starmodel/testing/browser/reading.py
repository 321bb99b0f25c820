"""What a visitor sees of a page: texts, and which elements are shown at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starmodel.testing.browser.binding import held
from starmodel.testing.browser.dom import BLOCKS, NOT_SHOWN, attribute, keyed_attributes, squeeze
from starmodel.testing.browser.expressions import as_text, evaluate, truth
from starmodel.testing.browser.tab import Tab
from starmodel.testing.problems import UnreadableExpressionError

if TYPE_CHECKING:
    from bs4 import Tag

_NO_DISPLAY = re.compile(r"display\s*:\s*none")


def text_of(tab: Tab, tag: Tag) -> str:
    """The text that an element shows: `data-text` is read, hidden parts are left out.

    Raises: UnreadableExpressionError.
    """
    return squeeze(_text(tab, tag))


def hidden_by(tab: Tab, tag: Tag) -> str:
    """Why an element isn't shown, "" when it is. The style sheet is not read."""
    for each in (tag, *tag.parents):
        if each.name in NOT_SHOWN:
            return f"it stands in <{each.name}>"
        if why := _hides(tab, each):
            return why if each is tag else f"it stands in an element with {why}"
    return ""


def refresh(tab: Tab) -> None:
    """Bring classes and attributes that follow signals up to date."""
    for tag in tab.soup.find_all(True):
        for key, text in keyed_attributes(tag, "data-class"):
            _follow(tab, text, lambda value, k=key, t=tag: _set_classes(t, k, value))
        for key, text in keyed_attributes(tag, "data-attr"):
            _follow(tab, text, lambda value, k=key, t=tag: _set_attributes(t, k, value))


def _text(tab: Tab, tag: Tag) -> str:
    from bs4.element import NavigableString, PreformattedString, Tag

    if "data-text" in tag.attrs:
        return as_text(evaluate(attribute(tag, "data-text") or "", tab))
    if tag.name in ("input", "select", "textarea"):
        value = held(tab, tag)
        return value if isinstance(value, str) and attribute(tag, "type") != "hidden" else ""
    parts = []
    for child in tag.children:
        if isinstance(child, Tag):
            if child.name in NOT_SHOWN or _hides(tab, child):
                continue
            inner = _text(tab, child)
            parts.append(f" {inner} " if child.name in BLOCKS else inner)
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            parts.append(str(child))
    return "".join(parts)


def _hides(tab: Tab, tag: Tag) -> str:
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


def _follow(tab: Tab, text: str, take: object) -> None:
    try:
        take(evaluate(text, tab))  # type: ignore[operator]
    except UnreadableExpressionError:
        if text not in tab.skipped:
            tab.skipped.append(text)


def _set_classes(tag: Tag, key: str, value: object) -> None:
    name = key.partition("__")[0]
    wanted = {name: value} if name else value
    if not isinstance(wanted, dict):
        return
    now = (attribute(tag, "class") or "").split()
    for names, on in wanted.items():
        for each in str(names).split():
            now = [other for other in now if other != each] + ([each] if truth(on) else [])
    if now or "class" in tag.attrs:
        tag.attrs["class"] = " ".join(now)


def _set_attributes(tag: Tag, key: str, value: object) -> None:
    name = key.partition("__")[0]
    for each, given in ({name: value} if name else value).items():  # type: ignore[attr-defined]
        if given is None or given is False:
            tag.attrs.pop(each, None)
        else:
            tag.attrs[each] = "" if given is True else as_text(given)
