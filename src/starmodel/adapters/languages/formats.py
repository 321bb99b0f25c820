"""How languages write numbers, money and dates, by the data of Unicode that Babel has."""

from __future__ import annotations

import datetime
import decimal
import functools
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import DateTimePattern, format_time, parse_pattern
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_decimal_symbol,
    get_group_symbol,
)

_EXACT = decimal.Context(prec=400)  # numbers on pages have at most 100 digits on each side
_THOUSANDS = (3, 3)


class BabelFormats:
    """The formats of one locale, what is around a number and a date worked out once."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        self._decimal, self._group = get_decimal_symbol(locale), get_group_symbol(locale)
        # Each separator of English by that of the language.
        self._separators = str.maketrans({",": self._group, ".": self._decimal})
        self._is_usual = locale.decimal_formats[None].grouping == _THOUSANDS
        # The pattern that browsers choose for a year, a short month and a day.
        day = locale.datetime_skeletons.get("yMMMd") or locale.date_formats["medium"]
        self._day: DateTimePattern = parse_pattern(day)
        month = locale.datetime_skeletons.get("yMMM") or day
        self._month: DateTimePattern = parse_pattern(month)
        self._moment = str(locale.datetime_formats["medium"])
        self._around = functools.lru_cache(64)(self._around_number)

    def number(self, value: Decimal, places: int, *, is_grouped: bool = True) -> str:
        return self._number("", value, places, is_grouped)

    def percent(self, value: Decimal, places: int, *, is_grouped: bool = True) -> str:
        hundredfold = _EXACT.normalize(_EXACT.scaleb(value, 2))
        return self._number("%", hundredfold, places, is_grouped)

    def currency(self, value: Decimal, places: int, code: str) -> str:
        return self._number(code, value, places, True)

    def day(self, value: datetime.date) -> str:
        return self._day.apply(value, self._locale)

    def month(self, value: datetime.date) -> str:
        return self._month.apply(value, self._locale)

    def moment(self, value: datetime.datetime, zone: str) -> str:
        naive = value.replace(tzinfo=None)
        time = format_time(naive.time(), "short", locale=self._locale)
        shown = self._moment.replace("{1}", self.day(naive.date())).replace("{0}", time)
        return f"{shown} {zone}" if zone else shown

    def decimal_mark(self) -> str:
        return self._decimal

    def _number(self, unit: str, value: Decimal, places: int, is_grouped: bool) -> str:
        """The number with its unit: "%", a currency, or "" for none."""
        before, after = self._around(unit, value < 0)
        positive = value.copy_abs()
        exponent = positive.as_tuple().exponent
        shown = max(places, -exponent if isinstance(exponent, int) else 0)
        if self._is_usual or not is_grouped:
            text = f"{positive:{',' if is_grouped else ''}.{shown}f}".translate(self._separators)
        else:
            with decimal.localcontext(_EXACT):
                whole = format_decimal(int(positive), locale=self._locale)
            _, _, rest = f"{positive:.{shown}f}".partition(".")
            text = f"{whole}{self._decimal}{rest}" if rest else whole
        return f"{before}{text}{after}"

    def _around_number(self, unit: str, is_negative: bool) -> tuple[str, str]:
        """What the language writes before and after a number with a unit."""
        one: Any = -1 if is_negative else 1
        if unit == "%":
            text = format_percent(Decimal(one) / 100, locale=self._locale)
        elif unit:
            text = format_currency(
                one, unit, locale=self._locale, currency_digits=False, decimal_quantization=True,
                format=self._without_decimals,
            )  # fmt: skip
        else:
            text = format_decimal(one, locale=self._locale)
        before, _, after = text.partition("1")
        return before, after

    @functools.cached_property
    def _without_decimals(self) -> str:
        """The pattern of money, with an integer in it."""
        pattern: str = self._locale.currency_formats["standard"].pattern
        return pattern.replace(".00", "")


def formats_of(code: str) -> BabelFormats:
    """The formats of a language tag. Raises: ValueError, for an unknown one."""
    return BabelFormats(locale_of(code))


def locale_of(code: str) -> Locale:
    """Babel's locale of a tag such as "pt-BR". Raises: ValueError, for an unknown one."""
    try:
        return Locale.parse(code, sep="-")
    except UnknownLocaleError as error:
        raise ValueError(str(error)) from error


def name_of(code: str) -> str:
    """The name of a language in itself: "Deutsch", beginning with a capital letter."""
    name = locale_of(code).get_display_name() or code
    return name[:1].upper() + name[1:]
