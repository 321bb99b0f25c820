"""Counts of attempts in this process, lost when it ends."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.app.ports.credentials.attempts import Limit


@dataclass(slots=True)
class _Count:
    count: int
    free_at: float
    last_at: float


class MemoryAttempts:
    """A dict of counts, for tests and for hosts without a writable database."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    async def claim(self, key: str, limit: Limit, now: float) -> float:
        found = self._counts.setdefault(key, _Count(0, 0.0, now))
        if found.free_at > now:
            return found.free_at - now
        found.count = 1 if found.last_at < now - limit.forget_s else found.count + 1
        found.free_at, found.last_at = now + limit.wait_s(found.count), now
        return 0.0

    async def forgive(self, key: str) -> None:
        found = self._counts.get(key)
        if found is not None:
            found.count, found.free_at = max(0, found.count - 1), 0.0

    async def clear(self, key: str) -> None:
        self._counts.pop(key, None)

    async def sweep(self, before: float, max_keys: int) -> None:
        newest = sorted(self._counts.items(), key=lambda item: -item[1].last_at)[:max_keys]
        self._counts = {key: found for key, found in newest if found.last_at >= before}

    async def close(self) -> None:
        """Do nothing: there is no resource to release, and the counts stay."""
