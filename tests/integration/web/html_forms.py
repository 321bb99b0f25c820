"""HTML forms as browsers serialise them, with the value sanitisation of each input type."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_SINGLE = ("text", "search", "tel", "password", "email", "url")
_COLOR = re.compile("#[0-9a-f]{6}")
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?")
_CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?"
_FORMS = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "time": re.compile(_CLOCK),
    "datetime-local": re.compile(r"\d{4}-\d{2}-\d{2}T" + _CLOCK),
    "number": _NUMBER,
    "range": _NUMBER,
}


@dataclass
class HtmlForm:
    """One form. Shapes: sent is the payload of the form as (name, value) pairs."""

    attributes: dict[str, str | None]
    sent: list[tuple[str, str]] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)

    def type(self, name: str, value: str) -> None:
        """Set the value of an input."""
        at = [number for number, (known, _) in enumerate(self.sent) if known == name]
        assert at, f"no input {name!r} among {self.sent}"
        self.sent[at[-1]] = (name, value.replace("\n", "\r\n"))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sent]


def forms_of(html: str) -> list[HtmlForm]:
    """All forms of a page that submit by POST."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [form for form in reader.forms if form.attributes.get("method") == "post"]


def form_of(html: str, action: str) -> HtmlForm:
    """The form of a page that submits to this address."""
    found = [form for form in forms_of(html) if form.attributes["action"] == action]
    assert len(found) == 1, [form.attributes for form in forms_of(html)]
    return found[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[HtmlForm] = []
        self._open: HtmlForm | None = None
        self._templates = 0
        self._fieldsets: list[bool] = []  # whether each open one is disabled
        self._text: str | None = None
        self._area: dict[str, str | None] = {}
        self._select: dict[str, str | None] | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given: dict[str, str | None] = dict(attrs)
        self._templates += tag == "template"
        if self._templates:  # its contents are no part of the document
            return
        if tag == "form":
            self._open = HtmlForm(given)
            self.forms.append(self._open)
        elif tag == "fieldset":
            self._fieldsets.append("disabled" in given)
        elif self._open is None or any(self._fieldsets):
            return
        elif tag == "input":
            self._input(given)
        elif tag == "textarea":
            self._text, self._area = "", given
        elif tag == "select":
            self._select, self._options = given, []
        elif tag == "option" and self._select is not None:
            self._options.append((given.get("value") or "", "selected" in given))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if self._templates:
            self._templates -= tag == "template"
        elif tag == "form":
            self._open = None
        elif tag == "fieldset" and self._fieldsets:
            self._fieldsets.pop()
        elif tag == "textarea" and self._text is not None:
            text = _lines(self._text).removeprefix("\n")
            self._send(self._area, text)
            self._text = None
        elif tag == "select" and self._select is not None:
            chosen = [value for value, selected in self._options if selected]
            first = [value for value, _ in self._options[:1]]
            for value in (chosen or first)[-1:]:
                self._send(self._select, value)
            self._select = None

    def _input(self, given: dict[str, str | None]) -> None:
        kind, value = given.get("type") or "text", _lines(given.get("value") or "")
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                self._send(given, value)
            return
        if kind in ("file", "submit"):
            return
        if kind in _SINGLE:
            value = value.replace("\n", "")
        if kind in ("email", "url"):
            value = value.strip(" \t\f")
        if kind == "color":
            value = value.lower() if _COLOR.fullmatch(value.lower()) else "#000000"
        if kind in _FORMS and not _FORMS[kind].fullmatch(value):
            value = "50" if kind == "range" else ""
        if kind in ("time", "datetime-local"):
            value = re.sub(r"(:00)?(\.0+)?$", "", value) if value.count(":") == 2 else value
        self._send(given, value)

    def _send(self, given: dict[str, str | None], value: str) -> None:
        assert self._open is not None
        if "required" in given and not value:
            self._open.blocked.append(str(given["name"]))
        if given.get("name"):
            self._open.sent.append((str(given["name"]), value.replace("\n", "\r\n")))


def _lines(text: str) -> str:
    return text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
