"""Snapshots in this process: bounded, with a time to live, gone at its end."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starmodel.app.ports import MARKER_TTL_S, Batch, Change, Clock, Expired, Marker, system_clock
from starmodel.app.query import Query
from starmodel.core.bounded_cache import BoundedCache
from starmodel.core.entity import Entity, stored, version_of
from starmodel.core.errors import DuplicateCommandError, VersionConflictError
from starmodel.core.registry import EntityType

E = TypeVar("E", bound=Entity)
log = logging.getLogger("starmodel.memory")
SWEEP_S = 1.0
MAX_MARKER_BYTES = 64 * 1024 * 1024
MAX_OUTCOME_CHARS = 256 * 1024


@dataclass(slots=True)
class _Entry:
    snapshot: Entity
    dies_at: float | None


class MemoryRepository:
    """A bounded dict per class; the least recently used entity leaves first.

    Nothing here awaits between reading and writing, which is what makes
    compare-and-swap safe in one process.

    Units: max_entries and max_markers count over all classes.
    """

    transactional = False

    one_process = True

    def __init__(
        self,
        *,
        max_entries: int = 100_000,
        max_markers: int = 100_000,
        clock: Clock = system_clock,
    ) -> None:
        self._entries: OrderedDict[tuple[type[Entity], Any], _Entry] = OrderedDict()
        self._by_class: dict[type[Entity], dict[Any, _Entry]] = {}
        self._markers = BoundedCache[str, Marker](MAX_MARKER_BYTES, keep_large=True)
        self._max_entries, self._max_markers, self._clock = max_entries, max_markers, clock
        self._numbers: dict[type[Entity], int] = {}
        self._expired: Expired | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self, types: Sequence[EntityType], expired: Expired) -> None:
        self._expired = expired
        if any(made.ttl_s for made in types):
            self._sweeper = asyncio.create_task(self._sweep_for_ever())

    async def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
            self._sweeper = None

    async def get(self, entity: type[E], id: Any) -> E | None:
        entry = self._live((entity, id))
        return None if entry is None else _private_copy(entry.snapshot)  # type: ignore[return-value]

    latest = get

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        marker = batch.marker
        if marker is not None:
            known = self._markers.get(marker.key)
            if known is not None and known.command != marker.command and self._fresh(known):
                raise DuplicateCommandError(marker.key)
        found = [self._checked(change) for change in batch.changes]
        kept = [
            change.snapshot and _kept(change.snapshot, change.version) for change in batch.changes
        ]
        for change, entry, snapshot in zip(batch.changes, found, kept, strict=True):
            self._write(change, entry, snapshot)
        if marker is not None:
            self._remember(marker)
        while len(self._entries) > self._max_entries:
            key = next(iter(self._entries))
            log.warning(
                "memory store is full (%d): dropping %s", self._max_entries, key[0].__name__
            )
            self._remove(key)

    def _remember(self, marker: Marker) -> None:
        outcome = marker.outcome or ""
        if len(outcome) > MAX_OUTCOME_CHARS:  # a repeat is refused instead of answered
            marker, outcome = marker._replace(outcome=None), ""
        nbytes = 700 + len(marker.key) + 2 * len(outcome)
        self._markers.put(marker.key, marker, nbytes)
        if len(self._markers) > self._max_markers:
            self._markers.discard(next(iter(self._markers)))

    async def next_id(self, entity: type[Entity]) -> int:
        number = self._numbers[entity] = self._numbers.get(entity, 0) + 1
        return number

    async def list(self, query: Query) -> list[Entity]:
        return [_private_copy(snapshot) for snapshot in self._arranged(query)]

    async def stream(self, query: Query, batch: int) -> AsyncGenerator[Sequence[Entity], None]:
        ids = [snapshot.id for snapshot in self._arranged(query)]
        for start in range(0, len(ids), batch):
            keys = [(query.entity, id) for id in ids[start : start + batch]]
            live = [entry.snapshot for key in keys if (entry := self._live(key)) is not None]
            found = [_private_copy(snapshot) for snapshot in live if query.matches(snapshot)]
            if found:
                yield found

    async def count(self, query: Query) -> int:
        return sum(map(query.matches, self._snapshots(query.entity)))

    def matches(self, query: Query, entity: Entity) -> bool:
        return query.matches(entity)

    def _arranged(self, query: Query) -> Sequence[Entity]:
        return query.arrange(self._snapshots(query.entity))

    def _snapshots(self, entity: type[Entity]) -> Sequence[Entity]:
        keys = [(entity, id) for id in self._by_class.get(entity, ())]
        return [entry.snapshot for key in keys if (entry := self._live(key)) is not None]

    async def marker(self, key: str) -> Marker | None:
        found = self._markers.get(key)
        return found if found is not None and self._fresh(found) else None

    async def forget(self, key: str, command: str) -> None:
        found = self._markers.get(key)
        if found is not None and found.command == command:
            self._markers.discard(key)

    async def touch(self, entity: type[Entity], id: Any, ttl_s: float) -> None:
        entry = self._live((entity, id))
        if entry is not None:
            entry.dies_at = self._clock() + ttl_s

    def _fresh(self, marker: Marker) -> bool:
        return marker.at + MARKER_TTL_S > self._clock()

    def _live(self, key: tuple[type[Entity], Any]) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None or (entry.dies_at is not None and entry.dies_at <= self._clock()):
            return None
        self._entries.move_to_end(key)
        return entry

    def _checked(self, change: Change) -> _Entry | None:
        """What is stored, when the change may replace it. Raises: VersionConflictError."""
        entry = self._live((change.entity, change.id))
        now = None if entry is None else version_of(entry.snapshot)
        if now != (None if change.kind == "insert" else change.base):
            raise VersionConflictError(
                change.entity.__name__, change.id, read=change.base, stored=now
            )
        return entry

    def _write(self, change: Change, entry: _Entry | None, kept: Entity | None) -> None:
        key = (change.entity, change.id)
        if change.kind == "delete":
            self._remove(key)
        elif kept is not None:
            dies_at = None if change.ttl_s is None else self._clock() + change.ttl_s
            if entry is not None:
                entry.snapshot, entry.dies_at = kept, dies_at
                return
            entry = self._entries[key] = _Entry(kept, dies_at)
            self._entries.move_to_end(key)
            self._by_class.setdefault(change.entity, {})[change.id] = entry
            if isinstance(change.id, int):
                highest = self._numbers.get(change.entity, 0)
                self._numbers[change.entity] = max(highest, change.id)

    def _remove(self, key: tuple[type[Entity], Any]) -> None:
        self._entries.pop(key, None)
        self._by_class.get(key[0], {}).pop(key[1], None)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            await self.sweep()

    async def sweep(self) -> None:
        """Remove what has expired, and announce each."""
        now = self._clock()
        dead = [
            (key, entry)
            for key, entry in self._entries.items()
            if entry.dies_at is not None and entry.dies_at <= now
        ]
        for key, entry in dead:
            if self._entries.get(key) is not entry:
                continue  # stored anew while the others were announced
            self._remove(key)
            if self._expired is None:
                continue
            try:
                await self._expired(*key, version_of(entry.snapshot))
            except Exception:  # delivery: one failing listener must not end the sweeping
                log.exception("Nobody was told that a %s has expired", key[0].__name__)
        while self._markers and not self._fresh(next(iter(self._markers.values()))):
            self._markers.discard(next(iter(self._markers)))


def _private_copy(snapshot: E) -> E:
    """The snapshot itself when nothing in it can change, else a copy."""
    if type(snapshot).__entity__.atomic:
        return snapshot
    return stored(copy.deepcopy(snapshot), version_of(snapshot))  # type: ignore[return-value]


def _kept(snapshot: Entity, version: int) -> Entity:
    """What the store keeps: nothing that user code could still change."""
    if not type(snapshot).__entity__.atomic:
        snapshot = copy.deepcopy(snapshot)
    return stored(snapshot, version)
