"""A fair scheduler of background work: bounded concurrency, within a share of CPU time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 4
BURST_S, SHARE = 0.02, 0.25
BURST_OF_ALL_S, SHARE_OF_ALL = 0.1, 0.5


class FairScheduler:
    """Runs up to AT_ONCE tasks concurrently, one per payer, round-robin, with rate limits.

    CPU time is charged to leaky buckets: after a short burst the tasks of
    one payer use at most a quarter of the thread's time, all tasks together
    half of it. The rest is left to requests.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._running: set[str] = set()
        self._buckets: dict[str, LeakyBucket] = {}
        self._total = LeakyBucket(BURST_OF_ALL_S, SHARE_OF_ALL)
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def slot(self, payer: str) -> AsyncIterator[None]:
        """Wait for a slot and hold it; CPU time of the thread is charged to the payer."""
        ready = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(payer, deque()).append(ready)
        self._next()
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self._release(payer, 0.0)
            else:
                self._remove(payer, ready)
            raise
        began = time.thread_time()
        try:
            yield
        finally:
            self._release(payer, time.thread_time() - began)

    def _next(self) -> None:
        """Start the next tasks that have a free slot and are within their limits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now, soonest = time.monotonic(), None
        for payer in tuple(self._waiting):
            if len(self._running) >= AT_ONCE:
                return
            if payer in self._running:
                continue
            bucket = self._buckets.get(payer)
            wait = max(self._total.wait_s(now), bucket.wait_s(now) if bucket else 0.0)
            if wait > 0:
                soonest = wait if soonest is None else min(wait, soonest)
                continue
            ready = self._waiting[payer].popleft()
            if self._waiting[payer]:
                self._waiting.move_to_end(payer)
            else:
                del self._waiting[payer]
            if not ready.done():  # a cancelled waiter has not been removed yet
                self._running.add(payer)
                ready.set_result(None)
        if soonest is not None:
            self._timer = asyncio.get_running_loop().call_later(soonest, self._next)

    def _release(self, payer: str, cost_s: float) -> None:
        self._running.discard(payer)
        now = time.monotonic()
        self._total.charge(cost_s, now)
        self._buckets.setdefault(payer, LeakyBucket(BURST_S, SHARE)).charge(cost_s, now)
        self._buckets = {
            who: bucket for who, bucket in self._buckets.items() if bucket.left_s(now) > 0
        }
        self._next()

    def _remove(self, payer: str, ready: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(payer)
        if waiting is not None and ready in waiting:
            waiting.remove(ready)
            if not waiting:
                del self._waiting[payer]


class LeakyBucket:
    """A leaky bucket of CPU time. Units: seconds; share is the drain rate, 0 to 1."""

    __slots__ = ("_at", "_left_s", "burst_s", "share")

    def __init__(self, burst_s: float, share: float) -> None:
        self.burst_s, self.share = burst_s, share
        self._left_s, self._at = 0.0, 0.0

    def left_s(self, now: float) -> float:
        """The level of the bucket."""
        return max(self._left_s - (now - self._at) * self.share, 0.0)

    def charge(self, cost_s: float, now: float) -> None:
        self._left_s, self._at = self.left_s(now) + cost_s, now

    def wait_s(self, now: float) -> float:
        """Seconds until the level is below the burst limit; 0 when it is."""
        return max(self.left_s(now) - self.burst_s, 0.0) / self.share
