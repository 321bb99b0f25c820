"""Comparison of datetimes: by the instant that they name, and by the wall-clock time of pages."""

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


class ShownMoment(datetime):
    """A naive datetime bound that compares with the wall-clock time of pages.

    Naive values compare as they are, aware values by their UTC time, as
    pages show and order both.
    """

    __slots__ = ()

    @classmethod
    def of(cls, value: datetime) -> ShownMoment:
        """The bound with the same wall-clock time. Shapes: value is naive."""
        return cls.combine(value.date(), value.time())

    @property
    def clock(self) -> datetime:
        """The wall-clock time as a naive datetime."""
        return datetime.combine(self.date(), self.time())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, datetime) and self.clock == _clock(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: datetime) -> bool:  # type: ignore[override]
        return self.clock < _clock(other)

    def __le__(self, other: datetime) -> bool:  # type: ignore[override]
        return self.clock <= _clock(other)

    def __gt__(self, other: datetime) -> bool:  # type: ignore[override]
        return self.clock > _clock(other)

    def __ge__(self, other: datetime) -> bool:  # type: ignore[override]
        return self.clock >= _clock(other)

    def __hash__(self) -> int:
        return hash(self.clock)


def _clock(value: datetime) -> datetime:
    if isinstance(value, ShownMoment):
        return value.clock
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
