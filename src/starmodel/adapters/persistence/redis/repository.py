"""Repository of snapshots in Redis or Valkey."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

from starmodel.adapters.persistence.redis.indexes import build_indexes
from starmodel.adapters.persistence.redis.keys import Keys
from starmodel.adapters.persistence.redis.query.ranges import supports
from starmodel.adapters.persistence.redis.query.reading import Reader
from starmodel.adapters.persistence.redis.records import Records
from starmodel.adapters.persistence.redis.scripts import FORGET, LOCK, NEXT_ID, TOUCH, UNLOCK
from starmodel.adapters.persistence.redis.server.checks import check_server, server_info
from starmodel.adapters.persistence.redis.server.connection import RedisLink
from starmodel.adapters.persistence.redis.sweeper import Sweeper
from starmodel.adapters.persistence.redis.writing import (
    GRACE_S,
    LOCK_POLL_S,
    Lease,
    Writer,
    marker_of,
)
from starmodel.app.access.conditions.condition import Condition
from starmodel.app.commit.deadlines import deadline_of
from starmodel.app.ports.clock import Clock, system_clock
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import (
    MARKER_TTL_S,
    Batch,
    Expired,
    Marker,
    RecordKey,
    Repository,
)
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConfigurationError,
    StoreBusyError,
    StoreUnavailableError,
    TransactionAbortedError,
)

E = TypeVar("E", bound=Entity)
LEASE_S = 3.0
"""How long the lock of a process that was killed stays. Units: seconds."""


@dataclass(frozen=True, slots=True)
class OpenRedis:
    """The parts of the store between `open` and `close`."""

    link: RedisLink
    records: dict[type[Entity], Records]
    reader: Reader
    writer: Writer
    sweeper: Sweeper
    process: int


class RedisRepository:
    """Records as JSON by key, in a Redis or Valkey that other processes may use too.

    A batch is one script, so it is stored as a whole or not at all. What the server has
    accepted survives its restart as far as its own persistence goes: with `appendfsync
    everysec` the last second may be lost, and a failover may lose what had not been replicated.

    Shapes: url is "redis://user:password@host:6379/0", "rediss://" or "unix://".
    Units: timeout_s limits a connection attempt, the wait for a reply, and that for a lock.

    Raises: ConfigurationError, for another url.
    """

    transactional = False

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379/0",
        *,
        prefix: str = "starmodel",
        timeout_s: float = 5.0,
        clock: Clock = system_clock,
    ) -> None:
        self.url, self.keys = url, Keys(prefix)
        self._timeout_s, self._clock = timeout_s, clock
        self._make_link = partial(RedisLink, url, timeout_s=timeout_s)
        self._make_link()  # validates the url early
        self._opened: OpenRedis | None = None
        self._committing: set[asyncio.Task[Any]] = set()

    async def open(self, types: Sequence[EntityType], expired: Expired) -> None:
        """Check the server, build missing indexes, then serve.

        Raises: ConfigurationError, for an unreachable or unsuitable server, or a class that
        can't be stored.
        """
        if self._opened is not None:
            raise ConfigurationError("This Redis store is open already; one application owns it.")
        records = {each.cls: Records(each, self.keys) for each in types}
        link = self._make_link()
        try:
            info = await server_info(link)
            check_server(
                info, link.place, has_hash_tag=self.keys.has_hash_tag, prefix=self.keys.prefix
            )
            for each in records.values():
                await self._refuse_renamed(link, each)
                await build_indexes(link, each)
        except BaseException:
            await link.close()
            raise
        self._opened = OpenRedis(
            link,
            records,
            Reader(link, records, self._clock),
            Writer(link, self.keys, records, timeout_s=self._timeout_s),
            Sweeper(link, list(records.values()), self._clock, expired),
            os.getpid(),
        )
        self._opened.sweeper.start()

    async def _refuse_renamed(self, link: RedisLink, records: Records) -> None:
        """Refuse a class whose records are under an earlier name. Raises: ConfigurationError."""
        for old in records.cls.__entity__.renamed_from:
            count = await link.call("ZCARD", self.keys.index(old))
            if count:
                raise ConfigurationError(
                    f"{records.name} is renamed_from {old!r}, and the store can't rename the "
                    f"records of {old} in Redis. Copy them by an event of a class with the old "
                    f"name, then delete them by `starmodel redis flush {old}`; or keep the name."
                )

    async def close(self) -> None:
        """Finish accepted commits, then close every connection. A second call does nothing."""
        store, self._opened = self._opened, None
        if store is not None:
            await store.sweeper.stop()
            if self._committing:
                await asyncio.wait(self._committing)
            await store.link.close()

    async def get(self, entity: type[E], id: Any) -> E | None:
        store = self.store
        found = await store.reader.get(_records(store, entity), id)
        return cast("E | None", found)

    latest = get

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Store the batch. `between` runs before it: a script can't be held open."""
        await self._commit(batch, between, Lease())

    async def _commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None, lease: Lease
    ) -> None:
        store = self.store
        for change in batch.changes:
            _records(store, change.entity)
        now = self._clock()
        encoded = store.writer.encode(batch, now)
        if between is not None:
            await between()
        # A separate task: the outcome is known even if the caller is cancelled.
        task = asyncio.ensure_future(store.writer.commit(batch, encoded, now, lease))
        self._committing.add(task)
        task.add_done_callback(self._committed)
        await asyncio.shield(task)

    def _committed(self, task: asyncio.Task[Any]) -> None:
        self._committing.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, also where the caller was cancelled

    @asynccontextmanager
    async def lock_rows(self, keys: Collection[RecordKey]) -> AsyncIterator[Repository]:
        store = self.store
        names = set()
        for entity, id in keys:
            try:
                names.add(_records(store, entity).lock_key(id))
            except ValueError:
                continue  # no record has such an id
        lease = Lease(secrets.token_hex(8), sorted(names))
        deadline = deadline_of(self._timeout_s)
        lease_ms = int(LEASE_S * 1000)
        pause_s = LOCK_POLL_S
        while names and not await store.link.script(LOCK, lease.keys, lease.token, lease_ms):
            if time.monotonic() > deadline:
                raise StoreBusyError(
                    "The records of this command are locked by other commands. Nothing was "
                    "stored; dispatch it again."
                )
            await asyncio.sleep(pause_s)
        held = _LockedRepository(self, lease)
        try:
            yield held
        finally:
            if names and not held.is_released:
                await store.link.script(UNLOCK, lease.keys, lease.token)

    async def next_id(self, entity: type[Entity]) -> int:
        store = self.store
        number = await store.link.script(NEXT_ID, [_records(store, entity).sequence_key])
        return int(number)

    async def list(self, query: Query) -> list[Entity]:
        return list(await self.store.reader.rows(query))

    async def stream(self, query: Query, batch: int) -> AsyncGenerator[Sequence[Entity], None]:
        async for chunk in self.store.reader.stream(query, batch):
            yield chunk

    async def count(self, query: Query) -> int:
        store = self.store
        records = _records(store, query.entity)
        if records.ttl_s is not None:
            await store.sweeper.sweep_class(records)  # so that no expired record is counted
        return await store.reader.count(query)

    def matches(self, query: Query, entity: Entity) -> bool | None:
        return query.matches(entity) if query.is_decidable(entity) else None

    def supports(self, entity: type[Entity], condition: Condition) -> bool:
        store = self.store
        return supports(store.records, _records(store, entity), condition)

    async def marker(self, key: str) -> Marker | None:
        raw = await self.store.link.call("GET", self.keys.marker(key))
        found = None if raw is None else marker_of(key, raw)
        return None if found is None or found.at + MARKER_TTL_S <= self._clock() else found

    async def forget(self, key: str, command: str) -> None:
        await self.store.link.script(FORGET, [self.keys.marker(key)], command)

    async def touch(self, entity: type[Entity], id: Any, ttl_s: float) -> None:
        store = self.store
        records = _records(store, entity)
        try:
            text = records.id_entry(id)
        except ValueError:
            return
        now = self._clock()
        await store.link.script(
            TOUCH, [records.key(id), records.expiry_key],
            now, f"{now + ttl_s:.3f}", int((ttl_s + GRACE_S) * 1000), text,
        )  # fmt: skip

    async def sweep(self) -> None:
        """Delete expired records and announce each; runs automatically each second."""
        await self.store.sweeper.sweep()

    @property
    def store(self) -> OpenRedis:
        """The parts of the open store. Raises: StoreUnavailableError, when it is not open."""
        store = self._opened
        if store is None:
            raise StoreUnavailableError(
                "The Redis store is not open, so nothing was read or stored. Use it between the "
                "start and the end of its application."
            )
        if store.process != os.getpid():
            raise StoreUnavailableError(
                f"The Redis store was opened by process {store.process}, and a connection must "
                "not cross a fork. Create the application after forking."
            )
        return store


def _records(store: OpenRedis, entity: type[Entity]) -> Records:
    try:
        return store.records[entity]
    except KeyError:
        raise ConfigurationError(
            f"{entity.__name__} is not in this Redis store, which was opened with "
            f"{', '.join(each.name for each in store.records.values()) or 'no class'}."
        ) from None


class _LockedRepository(RedisRepository):
    """The repository while its caller holds locks, which end with the first commit."""

    def __init__(self, repository: RedisRepository, lease: Lease) -> None:
        self.url, self.keys = repository.url, repository.keys
        self._timeout_s, self._clock = repository._timeout_s, repository._clock
        self._opened, self._committing = repository._opened, repository._committing
        self._lease = lease
        self.is_released = False

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        try:
            await self._commit(batch, between, self._lease)
        except StoreBusyError as error:
            raise TransactionAbortedError(
                "The locks of this command ended before it committed, and another command was "
                "faster. Nothing was stored; it is dispatched again."
            ) from error
        self.is_released = True
