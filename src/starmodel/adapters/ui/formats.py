"""Renderers of `UI(format=…)` and `UI(render=…)`, beside those of numbers in `numbers`."""

from __future__ import annotations

import datetime
import decimal
import logging
import re
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import quote

from fastcore.basics import NotStr
from fastcore.xml import FT, Safe

from starmodel.adapters.ui.compiled import escaped
from starmodel.adapters.ui.elements import render
from starmodel.adapters.ui.numbers import english
from starmodel.core.fields.widgets import UI
from starmodel.texts.catalogue import Catalogue

RenderValue = Callable[..., str]
MAX_SHOWN = 160
"""The characters of a text in a cell, or in the label of a link."""
_logger = logging.getLogger("starmodel.ui")
_ANCHOR = re.compile(r"</?a\b[^>]*>")
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_PARTS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_HUES = ("gray", "red", "orange", "green", "teal", "blue", "purple", "pink")


def format_renderer(
    ui: UI, shown: RenderValue, texts: Catalogue, *, brief: bool
) -> RenderValue | None:
    """The renderer of the declared format; None for one of numbers, and without one.

    Shapes: shown renders values of the type without the format.
    """
    if ui.render is not None:
        return _custom(ui, texts)
    made: dict[str, Callable[[], RenderValue]] = {
        "relative": lambda: _relative(shown),
        "avatar": lambda: _avatar,
        "link": lambda: link,
        "image": lambda: lambda value: _image(value, brief),
        "bar": lambda: _bar(ui, texts),
        "bytes": lambda: _bytes,
        "duration": lambda: _duration,
    }
    return made[ui.format]() if ui.format in made else None


def without_links(show: RenderValue) -> RenderValue:
    """The renderer for a value inside of a link, which can't contain another."""

    def shown(*values: Any) -> str:
        html = show(*values)
        return _ANCHOR.sub("", html) if "<a " in html else html

    return shown


def link(value: Any) -> str:
    """An http or https URL, or a path of this site, as a link; any other value as text."""
    text = str(value)
    if not (text.startswith(("https://", "http://")) or is_own_path(text)):
        return escaped(cut(text))  # javascript: would run code
    label = re.sub(r"^https?://(www\.)?", "", text).rstrip("/") or text
    return (
        f'<a class="uk-link" rel="noopener noreferrer" href="{escape(text)}">'
        f"{escaped(cut(label))}</a>"
    )


def mail_link(value: Any) -> str:
    """A mail address as a link; nothing in it adds a header or a recipient."""
    text = str(value)
    return f'<a class="uk-link" href="mailto:{quote(text, safe="@+")}">{escaped(text)}</a>'


def phone_link(value: Any) -> str:
    """A telephone number as a link; a text without digits as text."""
    text = str(value)
    digits = re.sub(r"[^0-9+*#]", "", text)
    if len(digits) < 2 or len(text) > 40:
        return escaped(cut(text))
    return f'<a class="uk-link" href="tel:{quote(digits, safe="+*")}">{escaped(text)}</a>'


def is_own_path(text: str) -> bool:
    """Whether a text is an absolute path of this site, which browsers ask no other host for."""
    return text.startswith("/") and not text.startswith("//") and not _ODD.search(text)


_ODD = re.compile(r"[\\\x00-\x20\x7f]")


def cut(text: str) -> str:
    """A text that fits into a cell."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _custom(ui: UI, texts: Catalogue) -> RenderValue:
    """A renderer of the application. What it raises is logged, and costs only this cell."""
    function: Any = ui.render
    failed = (
        '<span class="sm-none" role="img" '
        f'aria-label="{escape(texts.text("shown.failed"))}" '
        f'title="{escape(texts.text("shown.failed"))}">\u26a0</span>'
    )

    def show(value: Any, record: Any = None) -> str:
        try:
            made = function(value, record) if ui.renders_record else function(value)
            return as_html(made)
        except Exception:
            _logger.exception("The renderer %r of a value failed.", function)
            return failed

    return show


def as_html(made: Any) -> str:
    """A component as HTML; anything else as escaped text."""
    if made is None:
        return ""
    if isinstance(made, FT | Safe | NotStr | tuple | list) or hasattr(made, "__ft__"):
        return render(made)
    return escaped(made)


def _relative(shown: RenderValue) -> RenderValue:
    """The exact time, which a script of the page words relative to now.

    A relative text in the HTML would become wrong in pages and rows that are cached.
    """

    def show(value: Any) -> str:
        html = shown(value)
        return html.replace(" data-local", " data-relative", 1)

    return show


def _avatar(value: Any) -> str:
    text = str(value)
    if is_own_path(text):
        return f'<img class="sm-avatar" src="{escape(text)}" alt="" loading="lazy">'
    words = [word for word in re.split(r"[\W_]+", text[:MAX_SHOWN]) if word]
    initials = "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
    hue = _HUES[sum(map(ord, text[:MAX_SHOWN])) % len(_HUES)]
    mark = f'<span class="sm-avatar sm-tint-{hue}" aria-hidden="true">{escaped(initials)}</span>'
    return f'<span class="sm-person">{mark}<span>{escaped(cut(text))}</span></span>'


def _image(value: Any, brief: bool) -> str:
    """An image of this site; one of another site is a link, for pages ask no third party."""
    text = str(value)
    if not is_own_path(text):
        return link(value)
    name = re.sub(r"[?#].*", "", text).rpartition("/")[2].partition(".")[0]
    alt = escape(cut(re.sub(r"[-_]+", " ", name)))
    return (
        f'<img class="{"sm-thumb" if brief else "sm-image"}" src="{escape(text)}" alt="{alt}" '
        'loading="lazy" decoding="async">'
    )


def _bar(ui: UI, texts: Catalogue) -> RenderValue:
    most = ui.max or 1

    def show(value: Any) -> str:
        number = number_of(value)
        if number is None:
            return escaped(cut(str(value)))
        is_share = most == 1
        label = f"{english(_short(number), 0, is_percent=is_share)}"
        full = "100%" if is_share else english(_short(decimal.Decimal(str(most))), 0)
        spoken = texts.text("shown.bar", value=label, max=full)
        at = min(max(float(number), 0.0), most)
        return (
            f'<span class="sm-meter"><progress value="{at:g}" max="{most:g}" '
            f'aria-label="{escape(spoken)}"></progress>{label}</span>'
        )

    return show


def _bytes(value: Any) -> str:
    number = number_of(value)
    if number is None:
        return escaped(cut(str(value)))
    size, unit = number, 0
    while abs(size) >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    shown = english(f"{size:.1f}" if unit and abs(size) < 100 else f"{size:.0f}", 0)
    return f'<data value="{number:f}">{shown} {_UNITS[unit]}</data>'


def _duration(value: Any) -> str:
    number = number_of(_seconds(value))
    if number is None:
        return escaped(cut(str(value)))
    left, words = int(abs(number)), []
    for seconds, unit in _PARTS:
        count, left = divmod(left, seconds)
        if count:
            words.append(f"{count:,} {unit}")
    sign = "-" if number < 0 and words else ""
    return f'<data value="{number:f}">{sign}{" ".join(words[:2]) or "0 s"}</data>'


def _seconds(value: Any) -> Any:
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, str) and "P" in value[:2]:  # ISO 8601, in public JSON
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(datetime.timedelta).validate_python(value[:100]).total_seconds()
        except ValidationError:
            return value
    return value


def number_of(value: Any) -> decimal.Decimal | None:
    """A finite number of a size that people read; None for any other value."""
    try:
        number = decimal.Decimal(str(value)[:100])
    except decimal.InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 40 else None


def _short(number: decimal.Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
