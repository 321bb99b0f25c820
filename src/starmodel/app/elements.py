"""Where in the caller's page a returned component goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from starmodel.core.errors import ConfigurationError
from starmodel.core.events import EventInfo

_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input",
    "link", "meta", "param", "source", "track", "wbr",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z][\w-]*")


@dataclass(frozen=True, slots=True)
class Element:
    """HTML to patch into the caller's page. Shapes: selector None means at its own id."""

    html: str
    selector: str | None = None
    mode: str | None = None


def element_of(html: str, info: EventInfo, where: str) -> Element:
    """The HTML with its place: the event's selector, else the id that it has itself.

    Raises: ConfigurationError, for HTML that has neither.
    """
    if info.selector is not None:
        return Element(html, info.selector, info.mode)
    ids = top_level_ids(html)
    by_id = info.mode in (None, "outer", "replace")
    if not ids or None in ids or not (by_id or len(ids) == 1):
        shown = html if len(html) <= 60 else f"{html[:57]}…"
        raise ConfigurationError(
            f"{where} returned {shown!r}, which the page has no place for: "
            f"{'it needs an id' if by_id else f'mode {info.mode!r} needs one element with an id'}, "
            "or the event a selector: @event(selector='#list', mode='append')."
        )
    if by_id:
        return Element(html, None, info.mode)
    # For these modes Datastar asks for a selector.
    id = str(ids[0])
    quoted = id.replace("\\", "\\\\").replace('"', '\\"')
    return Element(html, f"#{id}" if _NAME.fullmatch(id) else f'[id="{quoted}"]', info.mode)


def top_level_ids(html: str) -> list[str | None]:
    """The id of each outermost element, None where there is none.

    >>> top_level_ids('<p id="a"><b>x</b></p><p>y</p>')
    ['a', None]
    """
    outline = _Outline()
    outline.feed(html)
    outline.close()
    return outline.ids


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str | None] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._open:
            self.ids.append(dict(attrs).get("id"))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
