"""Encoders of field values, which refuse what a column can't store."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from starmodel.app.ports.ordering import offset_text

MAX_INT = 2**63 - 1
NAIVE_DATETIME_CHARS = 26  # length of the text of a naive datetime


def wrong_type(value: Any, expected: str) -> ValueError:
    return ValueError(f"is {type(value).__name__}, expected {expected}")


def encode_text(value: Any) -> str:
    if type(value) is str and value.isascii():  # most texts
        return value
    if not isinstance(value, str):
        raise wrong_type(value, "str")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("holds half a surrogate pair, which is not text") from error
    return str(value)


def encode_int(value: Any) -> int:
    if not isinstance(value, int):
        raise wrong_type(value, "int")
    if not -MAX_INT - 1 <= value <= MAX_INT:
        raise ValueError(
            f"is beyond 64 bits; the store takes whole numbers from {-MAX_INT - 1} "
            f"to {MAX_INT}. Declare the field as Decimal or str for larger ones"
        )
    return int(value)


def of_type(kind: type, convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def encode(value: Any) -> Any:
        if not isinstance(value, kind):
            raise wrong_type(value, kind.__name__)
        return convert(value)

    return encode


def datetime_text(value: datetime.datetime) -> str:
    """Encode a datetime as sortable ISO text: aware values in UTC, followed by their offset.

    >>> datetime_text(datetime.datetime.fromisoformat("2024-06-01T12:00+02:00"))
    '2024-06-01 10:00:00.000000+00:00[+02:00]'
    """
    offset = value.utcoffset()
    if offset is None:
        return value.isoformat(" ", "microseconds")
    try:
        text = value.astimezone(datetime.UTC).isoformat(" ", "microseconds")
    except OverflowError as error:
        raise ValueError("is not between the years 1 and 9999 in UTC") from error
    return text + offset_text(value)


def datetime_upper_bound(text: str) -> str:
    """Return the upper bound of all texts of the datetime with this UTC text."""
    return text + ("\\" if text.endswith("+00:00") else "\1")


def text_encoder(limit: int | None) -> Callable[[Any], str]:
    """Return an encoder for texts of at most `limit` characters."""
    if limit is None:
        return encode_text

    def encode(value: Any) -> str:
        made = encode_text(value)
        if len(made) > limit:
            raise ValueError(f"is longer than {limit} characters")
        return made

    return encode


def encode_aware(value: Any) -> datetime.datetime:
    """Validate that a datetime has a time zone, for columns of aware datetimes."""
    if not isinstance(value, datetime.datetime):
        raise wrong_type(value, "datetime")
    if value.utcoffset() is None:
        raise ValueError("has no time zone, which its column needs")
    try:
        return value.astimezone(datetime.UTC)
    except OverflowError as error:
        raise ValueError("is not between the years 1 and 9999 in UTC") from error


def encode_naive(value: Any) -> datetime.datetime:
    """Validate that a datetime has no time zone, for columns of naive ones."""
    if not isinstance(value, datetime.datetime):
        raise wrong_type(value, "datetime")
    if value.utcoffset() is not None:
        raise ValueError("has a time zone, which its column can't keep")
    return value


def encode_naive_time(value: Any) -> datetime.time:
    """Validate that a time of day has no time zone, for columns of naive ones."""
    if not isinstance(value, datetime.time):
        raise wrong_type(value, "time")
    if value.tzinfo is not None:
        raise ValueError("has a time zone, which its column can't keep")
    return value
