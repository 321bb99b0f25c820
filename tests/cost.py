"""Bounds the CPU time of an action by that of a fixed piece of work in the same process.

A bound in seconds would fail on a slow or busy machine. The bound here is far above what
linear work on a megabyte takes and far below what quadratic work does.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TypeVar

T = TypeVar("T")

PASSES = 40
ATTEMPTS = 3


async def at_low_cost(action: Callable[[], Awaitable[T]], name: object = "") -> T:
    """Awaits ``action`` and requires that it takes less CPU time than 40 passes over a megabyte.

    The garbage collector is off meanwhile: a collection takes time in proportion to all
    objects of the test run. An attempt that the machine disturbed is repeated.
    """
    for _ in range(ATTEMPTS):
        result, spent = await _timed(action)
        if spent < PASSES * _pass_s():
            return result
        _pass_s.cache_clear()
    raise AssertionError(
        f"{name}: {spent:.1f} s of CPU time; a pass over a megabyte takes {_pass_s():.3f} s"
    )


async def _timed(action: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    gc.disable()
    try:
        before = time.process_time()
        result = await action()
        return result, time.process_time() - before
    finally:
        gc.enable()


@cache
def _pass_s() -> float:
    """CPU seconds of one pass over a megabyte in Python."""
    best = float("inf")
    for _ in range(3):
        before, total = time.process_time(), 0
        for byte in bytes(2**20):
            total += byte
        best = min(best, time.process_time() - before)
    return best
