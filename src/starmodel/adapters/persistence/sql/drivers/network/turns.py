"""Queues the commits of this process per row."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable, Sequence

from starmodel.core.errors import StoreBusyError


class Turn:
    """One position in the queues of one or more rows. Shapes: done is set by `end`."""

    __slots__ = ("_turns", "before", "done", "ids")

    def __init__(self, turns: Turns, ids: Sequence[Hashable], before: set[asyncio.Future[None]]):
        self._turns, self.ids, self.before = turns, ids, before
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait(self, deadline: float) -> None:
        """Wait for the turns before this one. Raises: StoreBusyError, at the deadline."""
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
        """Release the next turn, once every turn that this one still waited for has ended."""
        left = {other for other in self.before if not other.done()}
        if left:
            self.before = left
            next(iter(left)).add_done_callback(lambda _: self.end())
        elif not self.done.done():
            self.done.set_result(None)
            self._turns.forget(self)


class Turns:
    """Commit queues, one per row; waiting in one holds neither a connection nor a lock.

    So at most one connection of this process waits for a row that another
    transaction has locked, whatever the number of commands on that row.
    """

    def __init__(self) -> None:
        self._last: dict[Hashable, asyncio.Future[None]] = {}

    def take(self, ids: Sequence[Hashable]) -> Turn:
        """Queue a turn behind all that wait for any of these rows."""
        last = self._last
        turn = Turn(self, ids, {last[id] for id in ids if id in last})
        for id in ids:
            last[id] = turn.done
        return turn

    def forget(self, turn: Turn) -> None:
        """Drop the queues in which this turn was the last one."""
        for id in turn.ids:
            if self._last.get(id) is turn.done:
                del self._last[id]
