"""One way to show a value for each type of field."""

from __future__ import annotations

import datetime
import decimal
import re
import typing
import uuid
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from fastcore.xml import to_xml
from fasthtml.components import Code, Span

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.compiled import Slots, Template, compiled, escaped
from starmodel.app.ports.moments import DATES, KINDS
from starmodel.core.commands import plain
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.widgets import UI
from starmodel.core.values.bounds import number_text

Show = Callable[[Any], str]
NONE = "\u2013"
NOTHING = f'<span class="sm-none">{NONE}</span>'
MAX_CELL_CHARS = 160
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,20}")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def shows(annotation: Any, ui: UI = UI(), *, brief: bool = False) -> Show:  # noqa: B008 - frozen
    """How values of a type are shown, as HTML; `brief` ones fit into the cell of a table.

    What is shown of lists, objects and other types is their public JSON.
    """
    show = _by_widget(ui, brief) or _by_type(annotation, brief)

    def shown(value: Any) -> str:
        return NOTHING if value is None or value == "" else show(value)

    return shown


def _by_widget(ui: UI, brief: bool) -> Show | None:
    if ui.widget == "markdown" and not brief:
        from starmodel.adapters.ui.markdown import markdown

        return markdown
    if ui.widget == "color":
        return _color
    if ui.widget == "email":
        return _linked("mailto:")
    if ui.widget == "url":
        return _url
    return None


def _by_type(annotation: Any, brief: bool) -> Show:
    choices = choices_of(annotation)
    if choices:
        return _badges(choices)
    kinds = plain_types(annotation)
    items = choices_of(typing.get_args(kinds[0])[0]) if _is_list(kinds) else ()
    if items:
        one, apart = _badges(items), " " if brief else "\n"
        return lambda values: apart.join(map(one, values)) or NOTHING
    kind = kinds[0] if len(kinds) == 1 and isinstance(kinds[0], type) else object
    if issubclass(kind, bool):
        return _yes_or_no
    if issubclass(kind, datetime.datetime) or kind.__name__ in KINDS:
        return _moment
    if issubclass(kind, datetime.date) or kind.__name__ in DATES:
        return _date
    if kind.__name__ == "EmailStr":
        return _linked("mailto:")
    if "Url" in kind.__name__:
        return _url
    if issubclass(kind, str):
        return _cut if brief else _text
    if issubclass(kind, int):
        return number_text
    if issubclass(kind, float | decimal.Decimal | uuid.UUID):
        return str  # nothing in it needs escaping
    return _brief if brief else _anything


def _is_list(kinds: list[Any]) -> bool:
    return len(kinds) == 1 and typing.get_origin(kinds[0]) in (list, set, frozenset)


def _text(value: Any) -> str:
    return escaped(value)


def _cut(value: Any) -> str:
    text = str(value)
    return escaped(text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…")


def _brief(value: Any) -> str:
    value = plain(value)
    if isinstance(value, Mapping | list):
        told = ", ".join(str(v) for v in value) if isinstance(value, list) else f"{len(value)} keys"
        return _cut(told) if value else NOTHING
    return _cut(value)


def _anything(value: Any) -> str:
    made = plain(value)
    return escape(made) if type(made) is str else _json_html(made)


def _json_html(value: Any) -> str:
    """JSON data of any depth as people read it.

    Written as text: built out of components, 10,000 values take seconds.
    """
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Mapping):
        pairs = [
            f"<div><dt>{_in_text(k)}</dt><dd>{_json_html(v)}</dd></div>" for k, v in value.items()
        ]
        return f'<dl class="sm-pairs">{"".join(pairs)}</dl>' if pairs else NOTHING
    if isinstance(value, list):
        items = [f"<li>{_item_html(item)}</li>" for item in value]
        return f'<ul class="sm-items">{"".join(items)}</ul>' if items else NOTHING
    return number_text(value) if isinstance(value, int) else _in_text(value)


def _in_text(value: Any) -> str:
    """A value between elements, as components write it."""
    return escape(str(value), quote=False)


def _item_html(item: Any) -> str:
    """One item of a list; a flat list in it is one line."""
    flat = isinstance(item, list) and not any(isinstance(part, Mapping | list) for part in item)
    if item and flat:
        return ", ".join(NONE if part in (None, "") else _json_html(part) for part in item)
    return _json_html(item)


def _yes_or_no(value: Any) -> str:
    return _YES if value else _NO


def _badge(s: Slots) -> Any:
    return Span(s.text("label"), cls="uk-badge uk-badge-secondary")


_BADGE: Template = compiled(_badge)
_YES = str(to_xml(Span("Yes", cls="uk-badge uk-badge-secondary sm-yes"), indent=False))
_NO = str(to_xml(Span("No", cls="uk-badge uk-badge-secondary sm-no"), indent=False))


def _badges(choices: Sequence[tuple[Any, str]]) -> Show:
    made = {value: _BADGE.fill({"label": label}) for value, label in choices}
    # A live page shows JSON, where an enum's member is its value.
    made |= {choice_key(value): html for value, html in made.items()}

    def show(value: Any) -> str:
        known = made.get(value) or made.get(choice_key(value))
        return known or _BADGE.fill({"label": choice_key(value)})

    return show


def _date(value: Any) -> str:
    found = _read(datetime.date, value)
    if found is None:
        return _cut(plain(value))  # which somebody else stored, and is no date
    value = found
    return f'<time datetime="{value.isoformat()}">{_day(value)}</time>'


def _moment(value: Any) -> str:
    found = _read(datetime.datetime, value)
    if found is None:
        return _cut(plain(value))  # which somebody else stored, and is no moment
    value = found
    # Aware moments are shown in UTC, whose name stands beside them.
    zone = ""
    if value.tzinfo is not None:
        zone = " UTC"
        try:
            value = value.astimezone(datetime.UTC)
        except OverflowError:  # at the end of time
            zone = f" {value.strftime('%z')}"
    clock = f"{value.hour:02}:{value.minute:02}"
    return f'<time datetime="{value.isoformat()}">{_day(value)}, {clock}{zone}</time>'


def _day(value: datetime.date) -> str:
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def _read(kind: Any, value: Any) -> Any:
    if isinstance(value, str):
        try:
            return kind.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, kind) else None


def _linked(scheme: str) -> Show:
    def show(value: Any) -> str:
        text = escape(str(value))
        return f'<a class="uk-link" href="{scheme}{text}">{text}</a>'

    return show


def _url(value: Any) -> str:
    text = str(value)
    if not text.startswith(("https://", "http://")):  # another scheme might run something
        return escape(text)
    return f'<a class="uk-link" rel="noopener noreferrer" href="{escape(text)}">{escape(text)}</a>'


def _color(value: Any) -> str:
    text = str(value)
    if not _COLOR.fullmatch(text):
        return escape(text)
    return (
        f'<span class="sm-color"><span class="sm-swatch" style="background:{text}"></span>'
        f"{to_xml(Code(text), indent=False)}</span>"
    )
