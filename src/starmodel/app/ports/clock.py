"""The ports of the clock and of the id generator."""

from __future__ import annotations

import time
from typing import Protocol

from starmodel.core.values.ids import new_id


class Clock(Protocol):
    """The current time, in seconds since the epoch."""

    def __call__(self) -> float: ...


class IdSource(Protocol):
    """A new unique id."""

    def __call__(self) -> str: ...


system_clock: Clock = time.time
system_ids: IdSource = new_id
