"""Comparison of datetimes by the instant that they name."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any


def absolute(value: Any) -> Any:
    """An aware datetime in UTC, any other value unchanged.

    Python compares two datetimes of one tzinfo by their wall-clock time, so
    both hours of a DST fold are equal, and a datetime in a fold is unequal to
    every datetime of another tzinfo.
    """
    if isinstance(value, list | tuple | set | frozenset):
        return [absolute(item) for item in value]
    if isinstance(value, datetime) and value.tzinfo is not None:
        with contextlib.suppress(OverflowError):  # near datetime.min and datetime.max
            return value.astimezone(UTC)
    return value
