"""Versions for the rows of a table that has no column for them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any

from starmodel.app.ports.clock import Clock

MAX_KEPT = 50_000


class _Seen:
    """What is known of one id.

    Shapes: digest is of the content that has the version, None when that
    was never read; since is the tick at which it became known; last is the
    highest version that was given or announced; coming has the versions of
    commits under way, by the digest of what they leave behind.
    """

    __slots__ = ("coming", "digest", "last", "since", "version")

    def __init__(self, version: int, since: int) -> None:
        self.digest: bytes | None = None
        self.version = self.last = version
        self.since = since
        self.coming: dict[bytes, tuple[int, Hashable]] = {}


class OvertakenError(Exception):
    """While a row was being read, a commit or another reader came to know another content."""


class RowVersions:
    """Equal content keeps its version, other content gets a higher one.

    In this process only, for the ids used last. What was forgotten gets a
    higher version at its next reading, as if it had changed.

    Shapes: place is where rows have their id.
    """

    def __init__(self, place: int, clock: Clock, *, max_kept: int = MAX_KEPT) -> None:
        self._place, self._clock, self._max_kept = place, clock, max_kept
        self._seen: OrderedDict[Any, _Seen] = OrderedDict()
        self._announced: dict[Hashable, tuple[Any, bytes | None, int]] = {}
        self._tick = self._forgotten_at = self._floor = 0
        self._low = int(clock() * 1e6) // 2
        self._lock = threading.Lock()

    def begin(self) -> int:
        """The tick at which a read begins; ask before reading."""
        return self._tick

    def of(self, row: Sequence[Any], began: int, *, again: bool = False) -> int:
        """The version of a row that was read outside of any transaction.

        What was overtaken may be older or newer than what is known. When it
        can't be read again it gets a version of its own below all others, so
        that nobody takes it for news, and no commit can build on it.

        Raises: OvertakenError, for what can be read again.
        """
        key, digest = row[self._place], _digest(row)
        with self._lock:
            again = again and key in self._seen
            seen = self._entry(key)
            if digest == seen.digest:
                return seen.version
            if began < seen.since:
                if again:
                    raise OvertakenError
                self._low -= 1
                return self._low
            if digest in seen.coming:
                return seen.coming[digest][0]
            return self._know(seen, digest, self._newer(seen))

    def held(self, row: Sequence[Any]) -> int:
        """The version of a row in a transaction that lets nobody else write it.

        Unknown content has one that no snapshot has.
        """
        key, digest = row[self._place], _digest(row)
        with self._lock:
            seen = self._entry(key)
            if digest in seen.coming:
                return seen.coming[digest][0]
            return seen.version if digest == seen.digest else self._newer(seen)

    def announce(self, by: Hashable, id: Any, row: Sequence[Any] | None, version: int) -> None:
        """Say which version a commit gives to an id, before it becomes visible.

        Shapes: row is None when it is gone, or is not what the snapshot of
        that version says; then whoever reads it next gets a higher one.
        """
        key, digest = (id, None) if row is None else (row[self._place], _digest(row))
        self.settle(by, stored=False)  # of an earlier try
        with self._lock:
            self._announced[by] = key, digest, version
            seen = self._entry(key)
            seen.last = max(seen.last, version)
            if digest is not None:
                seen.coming[digest] = version, by

    def settle(self, by: Hashable, *, stored: bool) -> None:
        """Take what was announced for the truth, or back. Nothing, when nothing was."""
        with self._lock:
            key, digest, version = self._announced.pop(by, (None, None, 0))
            if not version:
                return
            seen = self._entry(key)
            if digest is not None and seen.coming.get(digest, (0, None))[1] is by:
                del seen.coming[digest]
            if stored and version > seen.version:
                self._know(seen, digest, version)

    def _entry(self, key: Any) -> _Seen:
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = _Seen(self._floor, self._forgotten_at)
            if len(self._seen) > self._max_kept:
                _, forgotten = self._seen.popitem(last=False)
                self._floor = max(self._floor, forgotten.last)
                self._tick += 1
                self._forgotten_at = self._tick
        self._seen.move_to_end(key)
        return seen

    def _newer(self, seen: _Seen) -> int:
        return max(int(self._clock() * 1e6), seen.last + 1)

    def _know(self, seen: _Seen, digest: bytes | None, version: int) -> int:
        self._tick += 1
        seen.digest, seen.version, seen.since = digest, version, self._tick
        seen.last = max(seen.last, version)
        return version


def _digest(row: Sequence[Any]) -> bytes:
    """Equal for equal values of equal types."""
    text = repr(tuple(row)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).digest()
