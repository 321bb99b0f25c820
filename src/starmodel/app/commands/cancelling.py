"""The cancellation of a generator event by its caller."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starmodel.core.errors import EventCancelledError


class Cancellation:
    """Ends a generator event between two commits; a commit that has begun is completed.

    What the event awaits is interrupted, and its `finally` blocks run. Thread-safe only in the
    event loop of the command.
    """

    def __init__(self) -> None:
        self._is_wanted = False
        self._task: asyncio.Task[object] | None = None

    def cancel(self) -> None:
        """End the event at its next step, or where it awaits."""
        self._is_wanted = True
        if self._task is not None:
            self._task.cancel()

    def check(self) -> None:
        """Return unless the event is to end. Raises: EventCancelledError."""
        if self._is_wanted:
            raise EventCancelledError

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """A part of the event that may be interrupted. Raises: EventCancelledError."""
        self.check()
        self._task = asyncio.current_task()
        try:
            yield
        except asyncio.CancelledError:
            if not self._is_wanted or self._task is None:
                raise  # the server stops
            self._task.uncancel()
            raise EventCancelledError from None
        finally:
            self._task = None
