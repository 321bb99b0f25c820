"""The send buffer of a streamed reply, between a running event and its connection."""

from __future__ import annotations

import asyncio
import time
from collections import deque

MAX_WAITING_BYTES = 256 * 1024
PATIENCE_S = 5.0


class ReplyParts:
    """A queue of encoded parts, bounded in bytes, with backpressure for a limited time.

    A slow reader delays the event for `patience_s` in total. After that
    newer parts replace the oldest unsent ones, `skipped` is True, and the
    event continues without delay. It always completes.

    Units: a single part may be larger than max_bytes; then it is the only one in the queue.
    """

    def __init__(
        self, *, max_bytes: int = MAX_WAITING_BYTES, patience_s: float = PATIENCE_S
    ) -> None:
        self.skipped = False
        self._max_bytes, self._patience_s = max_bytes, patience_s
        self._parts: deque[bytes] = deque()
        self._bytes = 0
        self._finished = self._abandoned = False
        self._arrived, self._taken = asyncio.Event(), asyncio.Event()

    async def put(self, part: bytes) -> None:
        """Enqueue a part; waits for space until `patience_s` is used up."""
        while not self._fits(part) and self._patience_s > 0:
            began = time.monotonic()
            self._taken.clear()
            try:
                await asyncio.wait_for(self._taken.wait(), self._patience_s)
            except TimeoutError:
                self._patience_s = 0.0
            self._patience_s -= time.monotonic() - began
        if self._finished or self._abandoned:
            return
        while not self._fits(part):
            self._bytes -= len(self._parts.popleft())
            self.skipped = True
        self._parts.append(part)
        self._bytes += len(part)
        self._arrived.set()

    async def get(self) -> bytes | None:
        """The next part; None after the last one."""
        while not self._parts:
            if self._finished:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        part = self._parts.popleft()
        self._bytes -= len(part)
        self._taken.set()
        return part

    def finish(self) -> None:
        """Let `get` return None after the queued parts; later parts are dropped."""
        self._finished = True
        self._arrived.set()
        self._taken.set()

    def abandon(self) -> None:
        """Drop queued and later parts, because the connection is closed."""
        self._abandoned = True
        self._parts.clear()
        self._bytes = 0
        self._taken.set()

    def _fits(self, part: bytes) -> bool:
        """True when a part fits, and after `finish` or `abandon`, so that writers never block."""
        if self._finished or self._abandoned or not self._parts:
            return True
        return self._bytes + len(part) <= self._max_bytes
