"""The selector and namespace for patching the HTML that an event returns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser

from starmodel.app.commands.elements import Element, Namespace
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import EventInfo

_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input",
    "link", "meta", "param", "source", "track", "wbr",
}  # fmt: skip
_SVG = frozenset({
    "animate", "animatemotion", "animatetransform", "circle", "clippath", "defs", "desc",
    "ellipse", "filter", "foreignobject", "g", "image", "line", "lineargradient", "marker", "mask",
    "metadata", "mpath", "path", "pattern", "polygon", "polyline", "radialgradient", "rect", "set",
    "stop", "switch", "symbol", "text", "textpath", "tspan", "use", "view",
})  # fmt: skip
_MATHML = frozenset({
    "annotation", "maction", "menclose", "merror", "mfrac", "mi", "mmultiscripts", "mn", "mo",
    "mover", "mpadded", "mphantom", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub",
    "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "semantics",
})  # fmt: skip
_NAME = re.compile(r"[A-Za-z][\w-]*")


def element_of(html: str, info: EventInfo, where: str) -> Element:
    """The HTML as an element patch, at the event's selector, else at the HTML's own id.

    Raises: ConfigurationError, for HTML with neither.
    """
    outline = _outline(html)
    ids, namespace = outline.ids, namespace_of(outline.tags)
    if info.selector is not None:
        return Element(html, info.selector, info.mode, namespace)
    by_id = info.mode in (None, "outer", "replace")
    if not ids or None in ids or not (by_id or len(ids) == 1):
        shown = html if len(html) <= 60 else f"{html[:57]}…"
        raise ConfigurationError(
            f"{where} returned {shown!r}, which the page has no place for: "
            f"{'it needs an id' if by_id else f'mode {info.mode!r} needs one element with an id'}, "
            "or the event a selector: @event(selector='#list', mode='append')."
        )
    if by_id:
        return Element(html, None, info.mode, namespace)
    # Datastar requires a selector for these modes.
    id = str(ids[0])
    quoted = id.replace("\\", "\\\\").replace('"', '\\"')
    selector = f"#{id}" if _NAME.fullmatch(id) else f'[id="{quoted}"]'
    return Element(html, selector, info.mode, namespace)


def namespace_of(tags: Sequence[str | None]) -> Namespace | None:
    """The namespace of the outermost elements, if an HTML parser can't infer it; else None.

    Parsers infer it for <svg> and <math>, but not for their children alone.
    """
    if tags and all(tag is not None and _is_svg(tag) for tag in tags):
        return "svg"
    if tags and all(tag in _MATHML for tag in tags):
        return "mathml"
    return None


def _is_svg(tag: str) -> bool:
    name = tag.lower()
    return name in _SVG or name.startswith("fe")


def _outline(html: str) -> _Outline:
    outline = _Outline()
    outline.feed(html)
    outline.close()
    return outline


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str | None] = []
        self.tags: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._open:
            self.ids.append(dict(attrs).get("id"))
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
