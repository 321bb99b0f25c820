"""Datetime bounds in filters: naive ones compare with the wall-clock time that pages show."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from starmodel.core.fields.field_types import plain_types
from starmodel.core.values.instants import ShownMoment

KINDS = frozenset({"datetime", "AwareDatetime", "NaiveDatetime", "PastDatetime", "FutureDatetime"})
DATES = frozenset({"date", "PastDate", "FutureDate"})
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?:[Zz]|[-+]\d\d:?\d\d)?")
_MOMENT: TypeAdapter[datetime] = TypeAdapter(datetime)
_DATE: TypeAdapter[date] = TypeAdapter(date)


def kind_names(annotation: Any) -> frozenset[str]:
    """The names of the types in a field's annotation."""
    return frozenset(getattr(kind, "__name__", "") for kind in plain_types(annotation))


def bound_of(annotation: Any, op: str, text: str) -> datetime | date | None:
    """A query parameter as a bound of a date or datetime field; None for other fields.

    A naive text is a `ShownMoment`, or UTC if the field takes aware datetimes
    only. A text without seconds is the whole minute, a date the whole day, so
    "lte" and "gt" compare with its end.

    Raises: ValueError.
    """
    names = kind_names(annotation)
    if names and names <= DATES:
        return _DATE.validate_python(text)
    if not names or not names <= KINDS:
        return None
    value = _MOMENT.validate_python(text)
    if op in ("lte", "gt"):
        step = timedelta(days=1) if _DAY.fullmatch(text) else timedelta(minutes=1)
        if _DAY.fullmatch(text) or _MINUTE.fullmatch(text):
            with contextlib.suppress(OverflowError):
                value += step - timedelta.resolution
    if names == {"NaiveDatetime"} and value.tzinfo is not None:
        raise ValueError("has a zone, and the field's moments have none")
    if names == {"NaiveDatetime"} or value.tzinfo is not None:
        return value
    if names == {"AwareDatetime"}:
        return value.replace(tzinfo=UTC)
    return ShownMoment.of(value)


def takes_only_aware(annotation: Any) -> bool:
    """Whether the field takes aware datetimes only."""
    return kind_names(annotation) == {"AwareDatetime"}


def in_utc(value: str) -> datetime | str:
    """A naive ISO text as a datetime in UTC; any other text unchanged."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else value
