"""The protocol of the formats of a language."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol


class Formats(Protocol):
    """Writes numbers and dates as the language does.

    Shapes: places is the least number of decimals; all those of the value are shown.
    """

    def number(self, value: Decimal, places: int, *, is_grouped: bool = True) -> str:
        """A number with the separators of the language."""

    def percent(self, value: Decimal, places: int, *, is_grouped: bool = True) -> str:
        """A share of 1 as a percentage."""

    def currency(self, value: Decimal, places: int, code: str) -> str:
        """An amount of money. Shapes: code is that of ISO 4217."""

    def day(self, value: date) -> str:
        """A date with the abbreviated name of its month."""

    def month(self, value: date) -> str:
        """The month of a date, by its abbreviated name and the year."""

    def moment(self, value: datetime, zone: str) -> str:
        """A date with its time to the minute. Shapes: zone is the name of the zone, or ""."""

    def decimal_mark(self) -> str:
        """The character between the integer and its decimals."""
