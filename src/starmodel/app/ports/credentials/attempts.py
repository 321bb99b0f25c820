"""The port of the store that counts attempts."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Limit(NamedTuple):
    """How attempts under one key are slowed down.

    The first `free` attempts are unlimited; each further one doubles the wait before the next,
    from one second up to `max_wait_s`.

    Units: forget_s is the time without an attempt after which the count starts again.
    """

    free: int
    max_wait_s: float
    forget_s: float

    def wait_s(self, count: int) -> float:
        """The seconds to wait after this many attempts."""
        if count <= self.free:
            return 0.0
        return min(2.0 ** min(count - self.free - 1, 60), self.max_wait_s)


class AttemptStore(Protocol):
    """Counts of attempts, shared by every process of an application.

    Shapes: key is a hash. Units: now is seconds since the epoch.
    Every method raises StoreUnavailableError when the store can't be reached.
    """

    async def claim(self, key: str, limit: Limit, now: float) -> float:
        """Count an attempt and return 0.0, or return the seconds until the next is allowed.

        Of concurrent attempts under one key the store admits as many as one after the other.
        """

    async def forgive(self, key: str) -> None:
        """Subtract one attempt, and end the wait."""

    async def clear(self, key: str) -> None:
        """Forget the attempts under a key."""

    async def sweep(self, before: float, max_keys: int) -> None:
        """Delete keys without an attempt since `before`, and the oldest beyond `max_keys`."""

    async def close(self) -> None:
        """Release connections; the next call opens them again."""
