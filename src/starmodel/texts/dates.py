"""Dates, times and counts as the language of a catalogue writes them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from starmodel.texts.catalogue import Catalogue


def count_text(texts: Catalogue, number: int) -> str:
    """A count with the separators of the language: "1,234"."""
    if texts.formats is not None:
        return texts.formats.number(Decimal(number), 0)
    return f"{number:,}"


def day_text(texts: Catalogue, value: date) -> str:
    """The date with the abbreviated name of its month: "4 Nov 2026"."""
    if texts.formats is not None:
        return texts.formats.day(value)
    month = texts.text(f"month.{value.month}")
    return texts.text("shown.date", day=value.day, month=month, year=value.year)


def month_text(texts: Catalogue, value: date) -> str:
    """The month of the date: "Nov 2026"."""
    if texts.formats is not None:
        return texts.formats.month(value)
    month = texts.text(f"month.{value.month}")
    return texts.text("group.month", month=month, year=value.year)


def moment_text(texts: Catalogue, value: datetime, zone: str) -> str:
    """The date and the time to the minute, with the name of the zone unless it is ""."""
    if texts.formats is not None:
        return texts.formats.moment(value, zone)
    time = f"{value:%H:%M} {zone}".rstrip()
    return texts.text("shown.moment", date=day_text(texts, value), time=time)
