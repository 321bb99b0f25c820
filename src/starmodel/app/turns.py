"""Turns at background work: few at a time, each payer in rotation, within a share of the CPU."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 4
BURST_S, SHARE = 0.02, 0.25
BURST_OF_ALL_S, SHARE_OF_ALL = 0.1, 0.5


class Turns:
    """Lets a few run at once, of each payer one, and makes who used much CPU time wait.

    Each payer has an allowance (a leaky bucket): a burst runs at once, after
    that the work of one payer takes a quarter of the thread's time and the
    work of all a half, so that requests are served meanwhile.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._running: set[str] = set()
        self._used: dict[str, Allowance] = {}
        self._used_by_all = Allowance(BURST_OF_ALL_S, SHARE_OF_ALL)
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, payer: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it; what the thread's CPU did meanwhile is charged."""
        asked = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(payer, deque()).append(asked)
        self._next()
        try:
            await asked
        except asyncio.CancelledError:
            if asked.done() and not asked.cancelled():
                self._release(payer, 0.0)
            else:
                self._forget(payer, asked)
            raise
        began = time.thread_time()
        try:
            yield
        finally:
            self._release(payer, time.thread_time() - began)

    def _next(self) -> None:
        """Give turns to those who are next and may have one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now, soonest = time.monotonic(), None
        for payer in tuple(self._waiting):
            if len(self._running) >= AT_ONCE:
                return
            if payer in self._running:
                continue
            used = self._used.get(payer)
            wait = max(self._used_by_all.wait_s(now), used.wait_s(now) if used else 0.0)
            if wait > 0:
                soonest = wait if soonest is None else min(wait, soonest)
                continue
            asked = self._waiting[payer].popleft()
            if self._waiting[payer]:
                self._waiting.move_to_end(payer)
            else:
                del self._waiting[payer]
            if not asked.done():  # else its waiter is being cancelled, and another is next
                self._running.add(payer)
                asked.set_result(None)
        if soonest is not None:
            self._timer = asyncio.get_running_loop().call_later(soonest, self._next)

    def _release(self, payer: str, cost_s: float) -> None:
        self._running.discard(payer)
        now = time.monotonic()
        self._used_by_all.charge(cost_s, now)
        self._used.setdefault(payer, Allowance(BURST_S, SHARE)).charge(cost_s, now)
        self._used = {who: used for who, used in self._used.items() if used.left_s(now) > 0}
        self._next()

    def _forget(self, payer: str, asked: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(payer)
        if waiting is not None and asked in waiting:
            waiting.remove(asked)
            if not waiting:
                del self._waiting[payer]


class Allowance:
    """CPU time used lately; it drains at a constant rate. Units: seconds; share is 0 to 1."""

    __slots__ = ("_at", "_left_s", "burst_s", "share")

    def __init__(self, burst_s: float, share: float) -> None:
        self.burst_s, self.share = burst_s, share
        self._left_s, self._at = 0.0, 0.0

    def left_s(self, now: float) -> float:
        """What was used and has not drained yet."""
        return max(self._left_s - (now - self._at) * self.share, 0.0)

    def charge(self, cost_s: float, now: float) -> None:
        self._left_s, self._at = self.left_s(now) + cost_s, now

    def wait_s(self, now: float) -> float:
        """How long until the burst has room again; 0 for at once."""
        return max(self.left_s(now) - self.burst_s, 0.0) / self.share
