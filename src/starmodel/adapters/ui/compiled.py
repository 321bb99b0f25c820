"""Components rendered once into templates: authored like any other, filled like a format string.

Building components is what a page costs, not writing it out. So a row or a
form is built once with slots for what changes, and each further one is a
join of the constant parts and the escaped values. Filling a template gives
exactly what the components would have given with the values themselves.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from html import escape
from html.parser import HTMLParser
from typing import Any

from fastcore.xml import Safe, to_xml

from starmodel.core.errors import ConfigurationError
from starmodel.core.values.bounded_cache import size_of

# No text of a visitor that is compiled in can look like a slot: it can't know this.
_START = "\ue000" + "".join(chr(0xE100 + secrets.randbelow(0x1700)) for _ in range(6))
_ENDS = (_START[:3], _START[-3:])  # what is left of a slot that was cut
_MARK = re.compile(_START + "(text|token|html|flag):([^\ue000\ue001]*)\ue001")
_FLAG = re.compile(f" [a-zA-Z][\\w:-]*=(?:\"|')?{_START}flag:([^\ue000\ue001]*)\ue001(?:\"|')?")
_SPECIAL = re.compile("[&<>\"']")
_QUOTED = re.compile("\"[^\"]*\"|'[^']*'")
_TOKEN = re.compile(r"[A-Za-z0-9_.~%-]*")
_ADDRESSES = frozenset({"href", "src", "action", "formaction", "poster", "data", "cite", "srcset"})
_CODE = frozenset({"script", "style", "iframe", "noscript", "template"})


class Slots:
    """Stand-ins for the values of a template, each good for certain places.

    text: any string; in text and in plain attributes, and in an address
    after its constant beginning. token: percent-encoded, such as an id in
    an address; anywhere, in code too. html: markup that is already safe;
    between elements. flag: an attribute that is there or not, given as the
    attribute's value.
    """

    def text(self, name: str) -> str:
        return f"{_START}text:{name}\ue001"

    def token(self, name: str) -> str:
        return f"{_START}token:{name}\ue001"

    def html(self, name: str) -> str:
        return f"{_START}html:{name}\ue001"

    def flag(self, name: str) -> Any:
        return f"{_START}flag:{name}\ue001"


class Given(Slots):
    """The values themselves in the places of slots: what a template has to agree with."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        return str(self._values[name])

    def token(self, name: str) -> str:
        return _token(self._values[name])

    def html(self, name: str) -> str:
        return Safe(self._values[name])  # type: ignore[no-any-return]

    def flag(self, name: str) -> Any:
        return bool(self._values[name])


class Template:
    """One component with slots, rendered once.

    Raises: ConfigurationError, for a slot in a place where its value could
    become code, or one that the component took apart.
    """

    def __init__(self, component: Any) -> None:
        html = str(to_xml(component, indent=False))
        _Places().check(html)
        # An attribute that is a flag is left out or written as a whole.
        html = _FLAG.sub(lambda found: _as_flag(found[0], found[1]), html)
        self._parts: list[str] = []
        self._slots: list[tuple[int, str, Callable[[Any], str]]] = []
        end = 0
        for found in _MARK.finditer(html):
            kind, name = found.groups()
            name, _, attribute = name.partition("=") if kind == "flag" else (name, "", "")
            self._parts += [html[end : found.start()], ""]
            fill = _flag(attribute) if kind == "flag" else _FILL[kind]
            self._slots.append((len(self._parts) - 1, name, fill))
            end = found.end()
        self._parts.append(html[end:])
        if any(end in part for part in self._parts for end in _ENDS):
            raise ConfigurationError(
                "A component changed one of its slots when it was compiled; it may only place them."
            )

    @property
    def nbytes(self) -> int:
        """About how much memory the template holds."""
        return 2000 + 300 * len(self._slots) + size_of(self._parts)

    def fill(self, values: Mapping[str, Any]) -> str:
        """The HTML with these values. Raises: KeyError, for a slot without one."""
        parts = self._parts.copy()
        for place, name, fill in self._slots:
            parts[place] = fill(values[name])
        return "".join(parts)


def compiled(component: Callable[[Slots], Any]) -> Template:
    """The template of a component that takes its values as slots."""
    return Template(component(Slots()))


def uncompiled(component: Callable[[Slots], Any], values: Mapping[str, Any]) -> str:
    """The component with the values themselves: slow, and what a template is compared with."""
    return str(to_xml(component(Given(values)), indent=False))


def _as_flag(attribute: str, name: str) -> str:
    return f"{_START}flag:{name}={attribute.strip().partition('=')[0]}\ue001"


def _flag(attribute: str) -> Callable[[Any], str]:
    return lambda given: f" {attribute}" if given else ""


def _token(value: str) -> str:
    if not (value.isalnum() and value.isascii()) and not _TOKEN.fullmatch(value):
        raise ValueError(f"{value!r} is not percent-encoded.")
    return value


def escaped(value: Any) -> str:
    """A value as text between elements, and in quoted attributes."""
    text = str(value)
    return escape(text) if _SPECIAL.search(text) else text


_FILL: dict[str, Callable[[Any], str]] = {
    "text": escaped,
    "token": _token,
    "html": str,
}


class _Places(HTMLParser):
    """Checks that every slot stands where its kind of value is harmless."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._inside = ""

    def check(self, html: str) -> None:
        unfinished = re.search(f"<[/!?]?{_START}", html)
        if unfinished:  # this parser takes it for text, a browser the filled one for an element
            raise _misplaced(
                html[unfinished.end() - len(_START) :].partition("\ue001")[0], "a tag's name"
            )
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        if _START in tag:
            raise _misplaced(tag, f"<{tag}>")
        bare = _QUOTED.sub("", self.get_starttag_text() or "")
        if _START in bare:
            raise _misplaced(bare[bare.index(_START) :], f"<{tag}> outside quotes")
        for name, value in attrs:
            if _START in name:
                raise _misplaced(name, f"an attribute's name of <{tag}>")
            for found in _MARK.finditer(value or ""):
                before = (value or "")[: found.start()]
                if not _is_harmless(found[1], name, before):
                    raise _misplaced(found[0], f"{name}= of <{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        for found in _MARK.finditer(data):
            if found[1] == "flag" or (self._inside in _CODE and found[1] != "token"):
                raise _misplaced(found[0], f"the text of <{self._inside}>")

    def handle_comment(self, data: str) -> None:
        if _START in data:
            raise _misplaced(data, "a comment")


def _is_harmless(kind: str, attribute: str, before: str) -> bool:
    if kind in ("token", "flag"):
        return True
    if kind == "html" or attribute == "style" or attribute.startswith(("on", "data-on", "srcdoc")):
        return False
    if attribute in _ADDRESSES:
        return before.startswith("/") and not before.startswith("//") and len(before) > 1
    # Datastar evaluates its attributes; the plain data of ours it does not know.
    return not attribute.startswith("data-") or attribute in PLAIN_DATA


PLAIN_DATA = frozenset({"data-key", "data-state", "data-may"})


def _misplaced(slot: str, where: str) -> ConfigurationError:
    kind, _, name = slot.removeprefix(_START).rstrip("\ue001").partition(":")
    return ConfigurationError(f"The {kind} slot {name!r} can't stand in {where}.")
