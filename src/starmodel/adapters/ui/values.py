"""HTML renderers of field values, chosen by type and widget."""

from __future__ import annotations

import datetime
import re
import typing
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.compiled import Slots, Template, compiled, escaped
from starmodel.adapters.ui.elements import Code, Span, render
from starmodel.adapters.ui.formats import format_renderer, mail_link, phone_link
from starmodel.adapters.ui.numbers import NUMBERS, number_renderer
from starmodel.adapters.ui.shapes import Shape, shape_of
from starmodel.app.ports.moments import DATES, KINDS, takes_only_aware
from starmodel.core.commands import plain
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.widgets import UI
from starmodel.core.values.bounds import number_text
from starmodel.texts.catalogue import ENGLISH, Catalogue

RenderValue = Callable[..., str]
"""Renders a value as HTML; one of `UI(render=…)` may take the record, too."""
NONE = "\u2013"
NOTHING = f'<span class="sm-none">{NONE}</span>'
MAX_CELL_CHARS = 160
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,20}")
_MONTHS = (
    "month.1", "month.2", "month.3", "month.4", "month.5", "month.6",
    "month.7", "month.8", "month.9", "month.10", "month.11", "month.12",
)  # fmt: skip


def value_renderer(
    annotation: Any,
    ui: UI = UI(),  # noqa: B008 - frozen
    *,
    brief: bool = False,
    texts: Catalogue = ENGLISH,
) -> RenderValue:
    """The HTML renderer for values of a type; `brief` ones fit into a table cell.

    Lists, objects and other types are rendered from their public JSON.
    """
    usual = _by_widget(ui, brief) or _by_type(annotation, ui, brief, texts)
    show = format_renderer(ui, usual, texts, brief=brief) or usual
    if ui.renders_record:
        return lambda value, record=None: show(value, record) or NOTHING

    def shown(value: Any) -> str:
        return NOTHING if value is None or value == "" else show(value) or NOTHING

    return shown


def _by_widget(ui: UI, brief: bool) -> RenderValue | None:
    if ui.widget == "markdown" and not brief:
        from starmodel.adapters.ui.markdown import markdown

        return markdown
    if ui.widget == "color":
        return _color
    if ui.widget == "email":
        return mail_link
    if ui.widget == "tel":
        return phone_link
    if ui.widget == "url":
        return _url
    return None


def _by_type(annotation: Any, ui: UI, brief: bool, texts: Catalogue) -> RenderValue:
    choices = choices_of(annotation)
    if choices:
        return _badges(choices, ui)
    kinds = plain_types(annotation)
    items = choices_of(typing.get_args(kinds[0])[0]) if _is_list(kinds) else ()
    if items:
        one, apart = _badges(items, ui), " " if brief else "\n"
        return lambda values: apart.join(map(one, values)) or NOTHING
    kind = kinds[0] if len(kinds) == 1 and isinstance(kinds[0], type) else object
    if issubclass(kind, bool):
        return _yes_or_no(texts)
    if issubclass(kind, datetime.datetime) or kind.__name__ in KINDS:
        return _moments(texts, takes_only_aware(annotation))
    if issubclass(kind, datetime.date) or kind.__name__ in DATES:
        return _dates(texts)
    if kind.__name__ == "EmailStr":
        return mail_link
    if "Url" in kind.__name__:
        return _url
    if issubclass(kind, str):
        return _cut if brief else _text
    if issubclass(kind, NUMBERS):
        return number_renderer(kind, ui, texts.formats)
    if issubclass(kind, uuid.UUID):
        return str  # nothing to escape
    if brief:
        return partial(_brief, texts)
    return partial(_anything, texts, shape_of(annotation, partial(_scalar, texts)))


def _scalar(texts: Catalogue, annotation: Any) -> RenderValue | None:
    """The renderer of a number, a date or a moment inside a list, mapping or model."""
    kinds = plain_types(annotation)
    kind = kinds[0] if len(kinds) == 1 and isinstance(kinds[0], type) else object
    if issubclass(kind, (datetime.date, *NUMBERS)) or kind.__name__ in KINDS | DATES:
        return None if issubclass(kind, bool) else _by_type(annotation, UI(), False, texts)
    return None


def _is_list(kinds: list[Any]) -> bool:
    return len(kinds) == 1 and typing.get_origin(kinds[0]) in (list, set, frozenset)


def _text(value: Any) -> str:
    return escaped(value)


def _cut(value: Any) -> str:
    text = str(value)
    return escaped(text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…")


def _brief(texts: Catalogue, value: Any) -> str:
    value = plain(value)
    if isinstance(value, Mapping | list):
        shown = (
            ", ".join(str(v) for v in value)
            if isinstance(value, list)
            else texts.text("shown.keys", count=len(value))
        )
        return _cut(shown) if value else NOTHING
    return _cut(value)


def _anything(texts: Catalogue, shape: Shape | None, value: Any) -> str:
    data = plain(value)
    return escape(data) if type(data) is str else _json_html(texts, data, shape)


def _json_html(texts: Catalogue, value: Any, shape: Shape | None = None) -> str:
    """Render nested JSON data as HTML lists, its scalars by their types in the shape.

    By string concatenation: as a component tree, 10,000 values take seconds.
    """
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return texts.text("shown.yes" if value else "shown.no")
    if isinstance(value, Mapping):
        pairs = [
            f"<div><dt>{_in_text(shape.title_of(k) if shape else k)}</dt>"
            f"<dd>{_json_html(texts, v, shape and shape.inside(k))}</dd></div>"
            for k, v in value.items()
        ]
        return f'<dl class="sm-pairs">{"".join(pairs)}</dl>' if pairs else NOTHING
    if isinstance(value, list):
        inner = shape and shape.items
        items = [f"<li>{_item_html(texts, item, inner)}</li>" for item in value]
        return f'<ul class="sm-items">{"".join(items)}</ul>' if items else NOTHING
    if shape is not None and shape.scalar is not None:
        return shape.scalar(value)
    return number_text(value) if isinstance(value, int) else _in_text(value)


def _in_text(value: Any) -> str:
    """A value, escaped as components escape text."""
    return escape(str(value), quote=False)


def _item_html(texts: Catalogue, item: Any, shape: Shape | None) -> str:
    """Render an item of a list; a flat list inside is one line."""
    flat = isinstance(item, list) and not any(isinstance(part, Mapping | list) for part in item)
    if item and flat:
        inner = shape and shape.items
        return ", ".join(
            NONE if part in (None, "") else _json_html(texts, part, inner) for part in item
        )
    return _json_html(texts, item, shape)


def _yes_or_no(texts: Catalogue) -> RenderValue:
    yes, no = (
        render(Span(texts.text(key), cls=f"uk-badge uk-badge-secondary {cls}"))
        for key, cls in (("shown.yes", "sm-yes"), ("shown.no", "sm-no"))
    )
    return lambda value: yes if value else no


def _badge(s: Slots) -> Any:
    return Span(s.text("label"), cls="uk-badge uk-badge-secondary")


def _tinted_badge(s: Slots) -> Any:
    return Span(s.text("label"), cls=f"uk-badge sm-tint sm-tint-{s.token('color')}")


_BADGE: Template = compiled(_badge)
_TINTED_BADGE: Template = compiled(_tinted_badge)


def _badges(choices: Sequence[tuple[Any, str]], ui: UI) -> RenderValue:
    badges = {value: _badge_html(label, ui.color_of(value)) for value, label in choices}
    # A live view renders public JSON, in which an enum member is its value.
    badges |= {choice_key(value): html for value, html in badges.items()}

    def show(value: Any) -> str:
        known = badges.get(value) or badges.get(choice_key(value))
        return known or _badge_html(choice_key(value), None)

    return show


def _badge_html(label: str, color: str | None) -> str:
    if color is None:
        return _BADGE.fill({"label": label})
    return _TINTED_BADGE.fill({"label": label, "color": color})


def _dates(texts: Catalogue) -> RenderValue:
    day = _days(texts)

    def show(value: Any) -> str:
        found = _read(datetime.date, value)
        if found is None:
            return _cut(plain(value))  # an invalid date, stored by an external writer
        return f'<time datetime="{found.isoformat()}" data-local>{_in_text(day(found))}</time>'

    return show


def _moments(texts: Catalogue, in_own_zone: bool) -> RenderValue:
    """Render datetimes; aware ones in UTC, or in the browser's zone where it has a script."""
    local = f' data-local="{"zone" if in_own_zone else ""}"'
    day, formats = _days(texts), texts.formats

    def show(value: Any) -> str:
        found = _read(datetime.datetime, value)
        if found is None:
            return _cut(plain(value))  # an invalid datetime, stored by an external writer
        # Aware datetimes are rendered in UTC, with the zone's name.
        zone = ""
        if found.tzinfo is not None:
            zone = " UTC"
            try:
                found = found.astimezone(datetime.UTC)
            except OverflowError:  # its UTC time is out of datetime's range
                zone = f" {found.strftime('%z')}"
        time = f"{found.hour:02}:{found.minute:02}{zone}"
        if formats is not None:
            text = formats.moment(found, zone.strip())
        else:
            text = texts.text("shown.moment", date=day(found), time=time)
        return f'<time datetime="{found.isoformat()}"{local}>{_in_text(text)}</time>'

    return show


def _days(texts: Catalogue) -> Callable[[datetime.date], str]:
    """Format dates as the language does; in English with the month names of the catalogue."""
    if texts.formats is not None:
        return texts.formats.day
    months = [texts.text(key) for key in _MONTHS]

    def text(value: datetime.date) -> str:
        month = months[value.month - 1]
        return texts.text("shown.date", day=value.day, month=month, year=value.year)

    return text


def _read(kind: Any, value: Any) -> Any:
    if isinstance(value, str):
        try:
            return kind.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, kind) else None


def _url(value: Any) -> str:
    text = str(value)
    if not text.startswith(("https://", "http://")):  # javascript: would run code
        return escape(text)
    return f'<a class="uk-link" rel="noopener noreferrer" href="{escape(text)}">{escape(text)}</a>'


def _color(value: Any) -> str:
    text = str(value)
    if not _COLOR.fullmatch(text):
        return escape(text)
    return (
        f'<span class="sm-color"><span class="sm-swatch" style="background:{text}"></span>'
        f"{render(Code(text))}</span>"
    )
