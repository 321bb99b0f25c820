"""The time of an access decision, which `now` stands for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starmodel.core.current_app import host_of
from starmodel.core.snapshot import Snapshot
from starmodel.core.values.instants import ShownMoment

_decided_at: ContextVar[list[datetime] | None] = ContextVar("starmodel_decided_at", default=None)


def current_moment(cls: type[Snapshot]) -> datetime:
    """The time by the clock of the application that has the class; the same in `one_moment`."""
    pinned = _decided_at.get()
    if pinned:
        return pinned[0]
    moment = datetime.fromtimestamp(host_of(cls).clock(), UTC)
    if pinned is not None:
        pinned.append(moment)
    return moment


@contextmanager
def one_moment(*moment: datetime) -> Iterator[None]:
    """Let every rule be decided for the same time, so that answers of stores stay valid.

    The time is that of an enclosing `one_moment`, the one given, or that of the first rule.
    """
    outer = _decided_at.get()
    token = _decided_at.set(list(moment) if outer is None else outer)
    try:
        yield
    finally:
        _decided_at.reset(token)


def moment_as(kinds: list[Any], moment: datetime) -> Any:
    """The moment as a field of these types compares with it: by UTC; None for other types."""
    if kinds == [datetime]:
        return ShownMoment.of(moment.replace(tzinfo=None))
    return moment.date() if kinds == [date] else None


_UNITS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


def offset_text(offset: timedelta) -> str:
    """The offset in Python's syntax, in the largest unit that divides it; "" for none.

    >>> offset_text(timedelta(minutes=-90))
    ' - timedelta(minutes=90)'
    """
    seconds = abs(offset.total_seconds())
    if not seconds:
        return ""
    unit = next((name for name, size in _UNITS.items() if seconds % size == 0), "seconds")
    return f" {'-' if offset < timedelta() else '+'} timedelta({unit}={seconds / _UNITS[unit]:g})"
