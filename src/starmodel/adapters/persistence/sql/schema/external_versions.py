"""Version numbers for rows of tables without a version column."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any

from starmodel.app.ports.clock import Clock

MAX_KEPT = 50_000


class _Seen:
    """Version state of one id.

    Shapes: digest is the hash of the content at that version, None when that
    content was never read; since is the tick of the last update; last is the
    highest version assigned or announced; coming maps the digests of pending
    commits to their versions.
    """

    __slots__ = ("coming", "digest", "last", "since", "version")

    def __init__(self, version: int, since: int) -> None:
        self.digest: bytes | None = None
        self.version = self.last = version
        self.since = since
        self.coming: dict[bytes, tuple[int, Hashable]] = {}


class OvertakenError(Exception):
    """While a row was being read, a commit or another reader recorded other content."""


class RowVersions:
    """Assigns versions by content hash: equal content has an equal version, a change a higher one.

    In this process only, for the most recently used ids. An evicted id gets
    a higher version at its next read, as if it had changed.

    Shapes: place is the index of the id in each row.
    """

    def __init__(self, place: int, clock: Clock, *, max_kept: int = MAX_KEPT) -> None:
        self._place, self._clock, self._max_kept = place, clock, max_kept
        self._seen: OrderedDict[Any, _Seen] = OrderedDict()
        self._announced: dict[Hashable, tuple[Any, bytes | None, int]] = {}
        self._tick = self._forgotten_at = self._floor = 0
        self._low = int(clock() * 1e6) // 2
        self._lock = threading.Lock()

    def begin(self) -> int:
        """Return the tick for a read that is about to begin."""
        return self._tick

    def of(self, row: Sequence[Any], began: int, *, again: bool = False) -> int:
        """Return the version of a row that was read outside of any transaction.

        An overtaken read may be older or newer than the recorded content. When
        it can't be retried, it gets a unique version below all others, so it is
        never published as newer, and no commit can build on it.

        Raises: OvertakenError, when a retry is possible.
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
        """Return the version of a row that this transaction holds locked.

        Unknown content gets a version that no snapshot has.
        """
        key, digest = row[self._place], _digest(row)
        with self._lock:
            seen = self._entry(key)
            if digest in seen.coming:
                return seen.coming[digest][0]
            return seen.version if digest == seen.digest else self._newer(seen)

    def announce(self, by: Hashable, id: Any, row: Sequence[Any] | None, version: int) -> None:
        """Announce the version of a pending commit, before it becomes visible.

        Shapes: row is None when it is deleted, or differs from the snapshot of
        that version; then the next read gets a higher version.
        """
        key, digest = (id, None) if row is None else (row[self._place], _digest(row))
        self.settle(by, stored=False)  # of an earlier attempt
        with self._lock:
            self._announced[by] = key, digest, version
            seen = self._entry(key)
            seen.last = max(seen.last, version)
            if digest is not None:
                seen.coming[digest] = version, by

    def settle(self, by: Hashable, *, stored: bool) -> None:
        """Record the announced version, or discard it; does nothing when none was announced."""
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
    """Hash the row; equal values of equal types have equal digests."""
    text = repr(tuple(row)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).digest()
