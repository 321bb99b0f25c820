"""Snapshots in this process: bounded, with a time to live, lost when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from starmodel.adapters.persistence.memory_conditions import by_keys, loaded_paths
from starmodel.adapters.persistence.memory_markers import MemoryMarkers
from starmodel.adapters.persistence.memory_sizes import bytes_of, is_small
from starmodel.app.access.conditions.condition import ALWAYS, Condition, Related
from starmodel.app.ports.clock import Clock, system_clock
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch, Change, Expired, IsWatched, Marker
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    DuplicateCommandError,
    ListQueryError,
    StoreFullError,
    VersionConflictError,
)
from starmodel.core.snapshot import stored, stored_copy, version_of

E = TypeVar("E", bound=Entity)
log = logging.getLogger("starmodel.memory")
SWEEP_S = 1.0


@dataclass(slots=True)
class _Entry:
    snapshot: Entity
    expires_at: float | None
    nbytes: int = 0


_EMPTY: OrderedDict[Any, _Entry] = OrderedDict()


class MemoryRepository:
    """A bounded dict per class.

    A full class of session scope evicts its least recently used entity that
    no open page shows. Entities of other scopes are never evicted: creating
    one more, or a larger one, is refused.

    There is no await between reading and writing, so compare-and-swap is
    atomic in one process.

    Units: max_entries and max_bytes apply to each class; max_markers applies
    to guests and to signed-in actors separately.
    """

    transactional = False
    process_local = True

    def __init__(
        self,
        *,
        max_entries: int = 100_000,
        max_bytes: int = 250_000_000,
        max_markers: int = 100_000,
        clock: Clock = system_clock,
    ) -> None:
        self.is_watched: IsWatched = lambda topic: False
        self._classes: dict[type[Entity], OrderedDict[Any, _Entry]] = {}
        self._known: frozenset[type[Entity]] = frozenset()
        self._sessions: dict[type[Entity], str] = {}  # classes of session scope, and their names
        self._markers = MemoryMarkers(clock, max_markers=max_markers)
        self._max_entries, self._max_bytes, self._clock = max_entries, max_bytes, clock
        self._bytes: dict[type[Entity], int] = {}
        self._warned: set[type[Entity]] = set()
        self._numbers: dict[type[Entity], int] = {}
        self._expired: Expired | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self, types: Sequence[EntityType], expired: Expired) -> None:
        self._expired = expired
        self._known = frozenset(made.cls for made in types)
        self._sessions |= {made.cls: made.name for made in types if made.scope == "session"}
        if any(made.ttl_s for made in types):
            self._sweeper = asyncio.create_task(self._sweep_for_ever())

    async def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
            self._sweeper = None

    async def get(self, entity: type[E], id: Any) -> E | None:
        entry = self._live(entity, id)
        if entry is None:
            return None
        if entity in self._sessions:
            self._classes[entity].move_to_end(id)
        snapshot: Any = entry.snapshot
        return snapshot if entity.__entity__.atomic else _private_copy(snapshot)  # type: ignore[no-any-return]

    latest = get

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        marker = batch.marker
        if marker is not None:
            known = self._markers.get(marker.key)
            if known is not None and known.command != marker.command:
                raise DuplicateCommandError(marker.key)
        found = []
        for change in batch.changes:
            found.append(self._checked(change))
        writes, grows = [], False
        for change, entry in zip(batch.changes, found, strict=True):
            snapshot, size = change.snapshot, 0
            if snapshot is not None:
                # A snapshot that user code could still mutate is stored as a copy.
                seal = stored if type(snapshot).__entity__.atomic else stored_copy
                snapshot = seal(snapshot, change.version)
                size = 0 if is_small(type(snapshot)) else bytes_of(snapshot)
            writes.append((change, entry, snapshot, size))
            grows = grows or entry is None or size > entry.nbytes
        if grows:
            self._make_room(batch.changes, [size for _, _, _, size in writes])
        for write in writes:
            self._write(*write)
        if marker is not None:
            self._markers.put(marker)

    async def next_id(self, entity: type[Entity]) -> int:
        number = self._numbers[entity] = self._numbers.get(entity, 0) + 1
        return number

    async def list(self, query: Query) -> list[Entity]:
        return [_private_copy(snapshot) for snapshot in self._arranged(query)]

    async def stream(self, query: Query, batch: int) -> AsyncGenerator[Sequence[Entity], None]:
        query = self._resolved(query)
        ids = [snapshot.id for snapshot in self._arranged(query)]
        for start in range(0, len(ids), batch):
            live = self._with_related(
                query, self._snapshots(query.entity, ids[start : start + batch])
            )
            found = [_private_copy(snapshot) for snapshot in live if query.matches(snapshot)]
            if found:
                yield found

    async def count(self, query: Query) -> int:
        query = self._resolved(query)
        return sum(map(query.matches, self._with_related(query, self._snapshots(query.entity))))

    def matches(self, query: Query, entity: Entity) -> bool | None:
        return query.matches(entity) if query.is_decidable(entity) else None

    def supports(self, entity: type[Entity], condition: Condition) -> bool:
        return not isinstance(condition, Related) or condition.step.target in self._known

    def _resolved(self, query: Query) -> Query:
        """The query with conditions on related records replaced by those on their keys."""
        if query.where is ALWAYS and not query.related_where:
            return query
        related = [(cls, by_keys(where, self._snapshots)) for cls, where in query.related_where]
        where = by_keys(query.where, self._snapshots)
        return replace(query, where=where, related_where=tuple(related))

    def _arranged(self, query: Query) -> Sequence[Entity]:
        query = self._resolved(query)
        return query.arrange(self._with_related(query, self._snapshots(query.entity)))

    def _with_related(self, query: Query, found: Sequence[Entity]) -> Sequence[Entity]:
        """The snapshots with the related records loaded that a query compares.

        Raises: ListQueryError, for a class in another store.
        """
        if not query.related:
            return found
        for path in query.related:
            if path.target not in self._known:
                raise ListQueryError(
                    f"{query.entity.__name__} can't be filtered or ordered by {path.name}: the "
                    "records of both classes must be in one store."
                )

        return loaded_paths(query, found, self._snapshot)

    def _snapshot(self, entity: type[Entity], id: Any) -> Entity | None:
        entry = self._live(entity, id)
        return None if entry is None else entry.snapshot

    def _snapshots(
        self, entity: type[Entity], ids: Iterable[Any] | None = None
    ) -> Sequence[Entity]:
        wanted = self._classes.get(entity, ()) if ids is None else ids
        live = [self._live(entity, id) for id in wanted]
        return [entry.snapshot for entry in live if entry is not None]

    async def marker(self, key: str) -> Marker | None:
        return self._markers.get(key)

    async def forget(self, key: str, command: str) -> None:
        found = self._markers.get(key)
        if found is not None and found.command == command:
            self._markers.remove(key)

    async def touch(self, entity: type[Entity], id: Any, ttl_s: float) -> None:
        entry = self._live(entity, id)
        if entry is not None:
            entry.expires_at = self._clock() + ttl_s

    def _live(self, entity: type[Entity], id: Any) -> _Entry | None:
        entry = self._classes.get(entity, _EMPTY).get(id)
        if entry is None or (entry.expires_at is not None and entry.expires_at <= self._clock()):
            return None
        return entry

    def _make_room(self, changes: Sequence[Change], sizes: Sequence[int]) -> None:
        """Evict session entities to make space for the changes. Raises: StoreFullError."""
        added: dict[type[Entity], int] = {}
        grown: dict[type[Entity], int] = {}
        for change, size in zip(changes, sizes, strict=True):
            entity, entries = change.entity, self._classes.get(change.entity, _EMPTY)
            entry = entries.get(change.id)
            if change.kind == "insert" and entry is None:
                added[entity] = added.get(entity, 0) + 1
            elif change.kind == "delete" and entry is not None:
                added[entity] = added.get(entity, 0) - 1
            if size or (entry is not None and entry.nbytes and change.kind != "check"):
                grown[entity] = grown.get(entity, 0) + size - (entry.nbytes if entry else 0)
        dropped = []
        for entity in added | grown:
            count, size = added.get(entity, 0), grown.get(entity, 0)
            over = len(self._classes.get(entity, ())) + count - self._max_entries
            over_bytes = self._bytes.get(entity, 0) + size - self._max_bytes
            over, over_bytes = over if count > 0 else 0, over_bytes if size > 0 else 0
            if over > 0 or over_bytes > 0:
                busy = {change.id for change in changes if change.entity is entity}
                dropped += [(entity, id) for id in self._unused(entity, over, over_bytes, busy)]
        for entity, id in dropped:
            self._remove(entity, id)

    def _unused(
        self, entity: type[Entity], count: int, nbytes: int, busy: Container[Any]
    ) -> Sequence[Any]:
        """Return the ids of the least recently used session entities. Raises: StoreFullError."""
        name, found = self._sessions.get(entity), list[Any]()
        entries = self._classes.get(entity, _EMPTY)
        freed = 0
        for _ in range(0 if name is None else len(entries)):
            id, entry = next(iter(entries.items()))
            entries.move_to_end(id)  # so that the next search does not scan it first
            if id not in busy and not self.is_watched(f"{name}:{id}"):
                found.append(id)
                freed += entry.nbytes
                if len(found) >= count and freed >= nbytes:
                    self._warn_once(entity, count > 0)
                    return found
        raise StoreFullError(
            f"The memory store holds {self._most(entity, count > 0)} allows. "
            "Raise it, delete some, or give the class store='sql'."
        )

    def _most(self, entity: type[Entity], by_number: bool) -> str:
        if by_number:
            return f"{self._max_entries} {entity.__name__}, as many as memory_max_entries"
        return f"{self._max_bytes} bytes of {entity.__name__}, as much as memory_max_bytes"

    def _warn_once(self, entity: type[Entity], by_number: bool) -> None:
        if entity not in self._warned:
            self._warned.add(entity)
            log.warning(
                "The memory store holds %s allows: from now on each new one drops the one that was "
                "not used for longest", self._most(entity, by_number),
            )  # fmt: skip

    def _checked(self, change: Change) -> _Entry | None:
        """Return the stored entry that the change may replace. Raises: VersionConflictError."""
        entry = self._live(change.entity, change.id)
        now = None if entry is None else version_of(entry.snapshot)
        if now != (None if change.kind == "insert" else change.base):
            raise VersionConflictError(
                change.entity.__name__, change.id, read=change.base, stored=now
            )
        return entry

    def _write(self, change: Change, entry: _Entry | None, made: Entity | None, size: int) -> None:
        if change.kind == "delete":
            self._remove(change.entity, change.id)
        elif made is not None:
            expires_at = None if change.ttl_s is None else self._clock() + change.ttl_s
            if entry is not None:
                if size != entry.nbytes:
                    self._bytes[change.entity] += size - entry.nbytes
                    entry.nbytes = size
                entry.snapshot, entry.expires_at = made, expires_at
                return
            self._remove(change.entity, change.id)  # expired, and not swept yet
            entries = self._classes.setdefault(change.entity, OrderedDict())
            entries[change.id] = _Entry(made, expires_at, size)
            self._bytes[change.entity] = self._bytes.get(change.entity, 0) + size
            entries.move_to_end(change.id)
            if isinstance(change.id, int):
                highest = self._numbers.get(change.entity, 0)
                self._numbers[change.entity] = max(highest, change.id)

    def _remove(self, entity: type[Entity], id: Any) -> None:
        entry = self._classes.get(entity, _EMPTY).pop(id, None)
        if entry is not None and entry.nbytes:
            self._bytes[entity] -= entry.nbytes

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            await self.sweep()

    async def sweep(self) -> None:
        """Delete expired entities, and announce each."""
        now = self._clock()
        expired = [
            (entity, id, entry)
            for entity, entries in self._classes.items()
            for id, entry in entries.items()
            if entry.expires_at is not None and entry.expires_at <= now
        ]
        for entity, id, entry in expired:
            if self._classes[entity].get(id) is not entry:
                continue  # stored again while the others were announced
            self._remove(entity, id)
            if self._expired is None:
                continue
            try:
                await self._expired(entity, id, version_of(entry.snapshot))
            except Exception:  # delivery: one failing handler must not stop the sweep
                log.exception("The expiry of a %s was not announced", entity.__name__)
        self._markers.sweep()


def _private_copy(snapshot: E) -> E:
    """Return the snapshot itself when it is immutable, else a copy."""
    if type(snapshot).__entity__.atomic:
        return snapshot
    return stored_copy(snapshot, version_of(snapshot))
