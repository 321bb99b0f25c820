"""Queues the commits of this process per row."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable, Sequence

from starmodel.core.errors import StoreBusyError


class QueuePosition:
    """One position in the queues of one or more rows. Shapes: done is set by `end`."""

    __slots__ = ("_queues", "before", "done", "ids")

    def __init__(
        self, queues: CommitQueues, ids: Sequence[Hashable], before: set[asyncio.Future[None]]
    ):
        self._queues, self.ids, self.before = queues, ids, before
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait(self, deadline: float) -> None:
        """Wait for the positions before this one. Raises: StoreBusyError, at the deadline."""
        if not self.before:
            return
        left = max(0.0, deadline - time.monotonic())
        _, self.before = await asyncio.wait(self.before, timeout=left)
        if self.before:
            raise StoreBusyError(
                "Earlier commands on this record were still waiting for its row lock when the time "
                "of this one was up, so nothing of it was stored. Dispatch it again."
            )

    def end(self) -> None:
        """Release the next position, once all that this one still waited for have ended."""
        left = {other for other in self.before if not other.done()}
        if left:
            self.before = left
            next(iter(left)).add_done_callback(lambda _: self.end())
        elif not self.done.done():
            self.done.set_result(None)
            self._queues.remove(self)


class CommitQueues:
    """Commit queues, one per row; waiting in one holds neither a connection nor a lock.

    So at most one connection of this process waits for a row that another
    transaction has locked, whatever the number of commands on that row.
    """

    def __init__(self) -> None:
        self._last: dict[Hashable, asyncio.Future[None]] = {}

    def join(self, ids: Sequence[Hashable]) -> QueuePosition:
        """Queue a position behind all that wait for any of these rows."""
        last = self._last
        position = QueuePosition(self, ids, {last[id] for id in ids if id in last})
        for id in ids:
            last[id] = position.done
        return position

    def remove(self, position: QueuePosition) -> None:
        """Drop the queues in which this position was the last one."""
        for id in position.ids:
            if self._last.get(id) is position.done:
                del self._last[id]
