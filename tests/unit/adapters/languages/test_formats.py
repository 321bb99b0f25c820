"""Numbers and dates as languages write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from starmodel.adapters.languages.formats import formats_of, name_of
from starmodel.adapters.ui.numbers import english
from starmodel.texts.catalogue import ENGLISH
from starmodel.texts.dates import day_text, moment_text

NUMBERS = ["0", "7", "-7", "1234", "6125.6", "-1234567.891", "12345678901234567890123.5", "0.00"]


@pytest.mark.parametrize("text", NUMBERS)
@pytest.mark.parametrize("places", [0, 2])
def test_english_without_babel_is_what_babel_writes(text: str, places: int) -> None:
    formats, number = formats_of("en"), Decimal(text)

    assert formats.number(number, places) == english(text, places)
    assert formats.percent(number, places) == english(text, places, is_percent=True)
    assert formats.number(number, places, is_grouped=False) == english(text, places, grouped=False)


def test_english_dates_without_babel_are_what_babel_writes() -> None:
    formats, moment = formats_of("en-GB"), datetime(2026, 9, 4, 6, 5)
    days = [date(2026, month, 4) for month in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12)]

    assert [day_text(ENGLISH, day) for day in days] == [formats.day(day) for day in days]
    assert moment_text(ENGLISH, moment, "UTC") == "4 Sep 2026, 06:05 UTC"


@pytest.mark.parametrize(
    ("code", "number", "percent", "money", "day"),
    [
        ("de", "1.234,50", "7,5\xa0%", "-1.234,50\xa0€", "4. Nov. 2026"),
        ("fr", "1\u202f234,50", "7,5\xa0%", "-1\u202f234,50\xa0€", "4 nov. 2026"),
        ("de-CH", "1'234.50", "7.5%", "EUR-1'234.50", "4. Nov. 2026"),
        ("ja", "1,234.50", "7.5%", "-€1,234.50", "2026年11月4日"),
    ],
)
def test_language_has_its_own_formats(
    code: str, number: str, percent: str, money: str, day: str
) -> None:
    formats = formats_of(code)
    plain = formats.number(Decimal("1234.5"), 2)

    assert plain == number
    assert formats.percent(Decimal("0.075"), 0) == percent
    assert formats.currency(Decimal("-1234.5"), 2, "EUR") == money
    assert formats.day(date(2026, 11, 4)) == day


def test_groups_of_two_and_long_numbers_are_exact() -> None:
    assert formats_of("hi").number(Decimal("1234567.5"), 2) == "12,34,567.50"
    assert formats_of("de").number(Decimal("1e40"), 0).count(".") == 13


def test_month_has_its_year() -> None:
    assert formats_of("de").month(date(2026, 11, 4)) == "Nov. 2026"
    assert formats_of("ja").month(date(2026, 11, 4)) == "2026年11月"


def test_moment_has_the_name_of_its_zone() -> None:
    assert formats_of("de").moment(datetime(2026, 11, 4, 16, 5), "UTC") == "4. Nov. 2026, 16:05 UTC"


def test_language_has_a_name_in_itself_and_unknown_ones_are_refused() -> None:
    assert name_of("de") == "Deutsch"
    with pytest.raises(ValueError, match="xx"):
        formats_of("xx")
