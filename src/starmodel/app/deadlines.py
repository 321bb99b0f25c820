"""The time that one command may spend waiting for a store, shared by all of its store calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class _Window:
    """The store calls of one command. Shapes: closed is True once its commit is done."""

    __slots__ = ("closed", "started")

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.closed = False


_current: ContextVar[_Window | None] = ContextVar("starmodel_deadline", default=None)


@contextmanager
def store_window() -> Iterator[None]:
    """Let every store call inside count its time-out from here.

    Attempts that follow a conflict therefore share one time-out. An inner
    window begins anew.
    """
    window = _Window()
    token = _current.set(window)
    try:
        yield
    finally:
        window.closed = True  # also for tasks that copied this context
        _current.reset(token)


def close_window() -> None:
    """End the current window: what follows a commit has a time-out of its own."""
    window = _current.get()
    if window is not None:
        window.closed = True


def deadline_of(timeout_s: float) -> float:
    """When a store call must have ended that may wait for so long.

    Units: the result is on the clock of `time.monotonic`.
    """
    window = _current.get()
    if window is None or window.closed:
        return time.monotonic() + timeout_s
    return window.started + timeout_s
