"""Components compiled into templates, then filled like format strings.

Building a component tree dominates the cost of rendering a page. A row or a
form is therefore rendered once with slots for its values; each further
rendering joins the constant parts and the escaped values. A filled template
is byte-identical to the rendered component with the values themselves.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from html import escape
from html.parser import HTMLParser
from typing import Any

from fastcore.xml import Safe, to_xml

from starmodel.adapters.ui.escaping import escapable
from starmodel.core.errors import ConfigurationError
from starmodel.core.values.bounded_cache import size_of

# Random per process, so that no user text in a compiled component can forge a slot.
_START = "\ue000" + "".join(chr(0xE100 + secrets.randbelow(0x1700)) for _ in range(6))
_ENDS = (_START[:3], _START[-3:])  # remains of a truncated slot
_MARK = re.compile(_START + "(text|token|html|flag):([^\ue000\ue001]*)\ue001")
_FLAG = re.compile(f" [a-zA-Z][\\w:-]*=(?:\"|')?{_START}flag:([^\ue000\ue001]*)\ue001(?:\"|')?")
_SPECIAL = re.compile("[&<>\"']")
_QUOTED = re.compile("\"[^\"]*\"|'[^']*'")
_TOKEN = re.compile(r"[A-Za-z0-9_.~%-]*")
_ADDRESSES = frozenset({"href", "src", "action", "formaction", "poster", "data", "cite", "srcset"})
_CODE = frozenset({"script", "style", "iframe", "noscript", "template"})


class Slots:
    """Placeholders for the values of a template; the type decides where each is valid.

    text: any string, escaped; valid in text, in plain attributes, and in a URL
    after a constant prefix. token: a percent-encoded string, such as the id in
    a URL; valid anywhere, in scripts too. html: markup that is already escaped;
    valid between elements. flag: a boolean attribute, passed as the attribute's
    value.
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
    """The actual values instead of slots: the reference rendering for a template."""

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
    """A component with slots, rendered once and filled many times.

    Raises: ConfigurationError, for a slot in a context where its value could
    run as code, or a slot that the component modified.
    """

    def __init__(self, component: Any) -> None:
        html = str(to_xml(escapable(component), indent=False))
        _Places().check(html)
        # A boolean attribute is rendered or omitted as a whole.
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
        """The approximate memory of the template."""
        return 2000 + 300 * len(self._slots) + size_of(self._parts)

    def fill(self, values: Mapping[str, Any]) -> str:
        """Render the template with these values. Raises: KeyError, for a missing value."""
        parts = self._parts.copy()
        for place, name, fill in self._slots:
            parts[place] = fill(values[name])
        return "".join(parts)


def compiled(component: Callable[[Slots], Any]) -> Template:
    """Compile a component function that takes slots into a template."""
    return Template(component(Slots()))


def uncompiled(component: Callable[[Slots], Any], values: Mapping[str, Any]) -> str:
    """Render the component with the values directly: slow, the reference for templates."""
    return str(to_xml(escapable(component(Given(values))), indent=False))


def _as_flag(attribute: str, name: str) -> str:
    return f"{_START}flag:{name}={attribute.strip().partition('=')[0]}\ue001"


def _flag(attribute: str) -> Callable[[Any], str]:
    return lambda given: f" {attribute}" if given else ""


def _token(value: str) -> str:
    if not (value.isalnum() and value.isascii()) and not _TOKEN.fullmatch(value):
        raise ValueError(f"{value!r} is not percent-encoded.")
    return value


def escaped(value: Any) -> str:
    """A value, escaped for text between elements and for quoted attributes."""
    text = str(value)
    return escape(text) if _SPECIAL.search(text) else text


_FILL: dict[str, Callable[[Any], str]] = {
    "text": escaped,
    "token": _token,
    "html": str,
}


class _Places(HTMLParser):
    """Validates that each slot is in a context where its type of value is safe."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._inside = ""

    def check(self, html: str) -> None:
        unfinished = re.search(f"<[/!?]?{_START}", html)
        if unfinished:  # `HTMLParser` parses text here, a browser an element once filled
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
    # Datastar evaluates data-* attributes, except those in PLAIN_DATA, which it ignores.
    return not attribute.startswith("data-") or attribute in PLAIN_DATA


PLAIN_DATA = frozenset(
    {
        "data-key", "data-state", "data-may", "data-refused", "data-rows", "data-row",
        "data-group", "data-heading",
    }
)  # fmt: skip


def _misplaced(slot: str, where: str) -> ConfigurationError:
    kind, _, name = slot.removeprefix(_START).rstrip("\ue001").partition(":")
    return ConfigurationError(f"The {kind} slot {name!r} can't stand in {where}.")
