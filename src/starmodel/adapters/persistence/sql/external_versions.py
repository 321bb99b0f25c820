"""Versions of external rows: rows of a table without a version column, which other programs write.

A commit needs to know whether the row is still in the state that the
command has read. A row with a version column states it by its number. An
external row states it by its content, so there are two terms here:

- A `RowToken` identifies the content of one row. It is derived from the row
  alone: it is immutable, and two tokens are equal exactly if the contents are.
- A version is the number that this process assigns to a token, for
  snapshots, messages, pages and `If-Match`. Versions of one row only rise;
  content that returns after other content gets a new one.

`ExternalVersions.is_at` is the one comparison: a row is in the state of a
version if that version is assigned to the token of the row. Tokens end in
this module; steps, changes and snapshots have versions only.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.app.ports.clock import Clock
from starmodel.core.entity import Entity

MAX_ROWS = 50_000
MAX_RETRIES = 3


@dataclass(frozen=True, slots=True)
class RowToken:
    """Identifies the content of a row; equal values of different types are different content."""

    digest: bytes

    @classmethod
    def of(cls, row: Sequence[Any]) -> RowToken:
        text = repr(tuple(row)).encode("utf-8", "surrogatepass")
        return cls(hashlib.blake2b(text, digest_size=16).digest())


class _KnownRow:
    """The state of one id.

    Shapes: token is the content at that version, None when it was never
    read; changed_at is the tick of the last change; newest is the highest
    version assigned or announced; pending has the versions and commits of
    the contents that uncommitted transactions have written.
    """

    __slots__ = ("changed_at", "newest", "pending", "token", "version")

    def __init__(self, version: int, changed_at: int) -> None:
        self.token: RowToken | None = None
        self.version = self.newest = version
        self.changed_at = changed_at
        self.pending: dict[RowToken, tuple[int, Hashable]] = {}

    def version_of(self, token: RowToken) -> int | None:
        """Return the version assigned to this content; None for unknown or former content."""
        if token in self.pending:
            return self.pending[token][0]
        return self.version if token == self.token else None


class OvertakenError(Exception):
    """While a row was being read, a commit or another reader recorded other content."""


class ExternalVersions:
    """Assigns versions to the contents of the rows of one table.

    In this process only, for the most recently used ids. An evicted id gets
    a higher version at its next read, as if it had changed.

    Shapes: id_index is the index of the id in each row.
    """

    def __init__(self, id_index: int, clock: Clock, *, max_rows: int = MAX_ROWS) -> None:
        self._id_index, self._clock, self._max_rows = id_index, clock, max_rows
        self._rows: OrderedDict[Any, _KnownRow] = OrderedDict()
        self._announced: dict[Hashable, tuple[Any, RowToken | None, int]] = {}
        self._tick = self._evicted_at = self._evicted_version = 0
        self._stale_version = int(clock() * 1e6) // 2
        self._lock = threading.Lock()

    async def read(
        self,
        fetch: Callable[[], Awaitable[Sequence[Sequence[Any]]]],
        decode: Callable[[Any, int], Entity],
    ) -> tuple[Sequence[Any], list[Entity]]:
        """Run a query; return its rows, and their snapshots at their versions.

        The query is retried when a commit overtakes it.
        """
        retries = MAX_RETRIES
        while True:
            tick = self.tick
            rows = await fetch()
            try:
                versions = [self.version_of(row, tick, retry=retries > 0) for row in rows]
            except OvertakenError:
                retries -= 1
            else:
                return rows, list(map(decode, rows, versions))

    @property
    def tick(self) -> int:
        """The logical time, at which a read begins."""
        return self._tick

    def version_of(self, row: Sequence[Any], tick: int, *, retry: bool = False) -> int:
        """Return the version of a row that a read outside of any transaction has returned.

        An overtaken read may be older or newer than the recorded content. When
        it can't be retried, it gets a unique version below all others, so it is
        never published as newer, and no commit can build on it.

        Shapes: tick is the time at which the read began.
        Raises: OvertakenError, when a retry is possible.
        """
        id, token = row[self._id_index], RowToken.of(row)
        with self._lock:
            was_known = id in self._rows
            known = self._known(id)
            if token == known.token:
                return known.version
            if tick < known.changed_at:
                if retry and was_known:
                    raise OvertakenError
                self._stale_version -= 1
                return self._stale_version
            version = known.version_of(token)
            if version is None:
                version = self._next_version(known)
                self._record(known, token, version)
            return version

    def is_at(self, row: Sequence[Any], version: int) -> bool:
        """True when a row that this transaction has locked is in the state of the version."""
        return self._locked_version(row) == version

    def stored_version(self, row: Sequence[Any]) -> int:
        """Return the version of a locked row for error messages: unknown content is newer."""
        version = self._locked_version(row)
        if version is not None:
            return version
        with self._lock:
            return self._next_version(self._known(row[self._id_index]))

    def announce(self, commit: Hashable, id: Any, row: Sequence[Any] | None, version: int) -> None:
        """Announce the content that a commit has written, before it becomes visible.

        Shapes: row is None when it is deleted, or differs from the snapshot of
        that version; then the next read gets a higher version.
        """
        token = None
        if row is not None:
            id, token = row[self._id_index], RowToken.of(row)
        self.settle(commit, stored=False)  # of an earlier attempt
        with self._lock:
            self._announced[commit] = id, token, version
            known = self._known(id)
            known.newest = max(known.newest, version)
            if token is not None:
                known.pending[token] = version, commit

    def settle(self, commit: Hashable, *, stored: bool) -> None:
        """Record the announced content, or discard it; does nothing when none was announced."""
        with self._lock:
            id, token, version = self._announced.pop(commit, (None, None, 0))
            if not version:
                return
            known = self._known(id)
            if token is not None and known.pending.get(token, (0, None))[1] is commit:
                del known.pending[token]
            if stored and version > known.version:
                self._record(known, token, version)

    def _locked_version(self, row: Sequence[Any]) -> int | None:
        token = RowToken.of(row)
        with self._lock:
            return self._known(row[self._id_index]).version_of(token)

    def _known(self, id: Any) -> _KnownRow:
        known = self._rows.get(id)
        if known is None:
            known = self._rows[id] = _KnownRow(self._evicted_version, self._evicted_at)
            if len(self._rows) > self._max_rows:
                _, evicted = self._rows.popitem(last=False)
                self._evicted_version = max(self._evicted_version, evicted.newest)
                self._tick += 1
                self._evicted_at = self._tick
        self._rows.move_to_end(id)
        return known

    def _next_version(self, known: _KnownRow) -> int:
        return max(int(self._clock() * 1e6), known.newest + 1)

    def _record(self, known: _KnownRow, token: RowToken | None, version: int) -> None:
        self._tick += 1
        known.token, known.version, known.changed_at = token, version, self._tick
        known.newest = max(known.newest, version)
