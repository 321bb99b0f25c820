"""The time that one command may spend waiting for a store, shared by all of its store calls."""

from __future__ import annotations

import time
from contextvars import ContextVar


class StoreWindow:
    """A `with` block whose store calls all count their time-out from its start.

    Attempts that follow a conflict therefore share one time-out. An inner
    window begins anew.

    Shapes: closed is True once the commit is done, also for tasks that
    copied this context.
    """

    __slots__ = ("_token", "closed", "started")

    def __enter__(self) -> None:
        self.started, self.closed = time.monotonic(), False
        self._token = _current.set(self)

    def __exit__(self, *_: object) -> None:
        self.closed = True
        _current.reset(self._token)


_current: ContextVar[StoreWindow | None] = ContextVar("starmodel_deadline", default=None)


def close_window() -> None:
    """End the current window, so that store calls after a commit have their own time-out."""
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
