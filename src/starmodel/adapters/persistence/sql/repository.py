"""Repository of snapshots in any database with an engine."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import replace
from functools import partial
from typing import Literal, TypeVar, cast

from starmodel.adapters.persistence.sql.engine import RowKey, Transaction
from starmodel.adapters.persistence.sql.engines import engine_for
from starmodel.adapters.persistence.sql.open_store import OpenStore, open_store, this_process
from starmodel.adapters.persistence.sql.query.selects import Plan
from starmodel.adapters.persistence.sql.query.streaming import Stream
from starmodel.adapters.persistence.sql.query.summaries import groups_of
from starmodel.adapters.persistence.sql.schema.existing.checks import (
    TableWarning,
    external_table_note,
)
from starmodel.adapters.persistence.sql.schema.sequences import (
    sequence_of,
)
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.adapters.persistence.sql.write.pending import PendingStates, bases_of
from starmodel.adapters.persistence.sql.write.plan import steps_of
from starmodel.app.access.conditions.condition import ALWAYS, Condition
from starmodel.app.ports.clock import Clock, system_clock
from starmodel.app.ports.query import Query
from starmodel.app.ports.related_paths import with_paths
from starmodel.app.ports.repository import (
    MARKER_TTL_S,
    Batch,
    ColumnDefaults,
    Expired,
    Marker,
    RecordKey,
    Repository,
)
from starmodel.app.ports.summaries import Group, SummaryQuery
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, StoreUnavailableError
from starmodel.core.snapshot import version_of

E = TypeVar("E", bound=Entity)
Opening = Callable[[Sequence[EntityType]], AbstractAsyncContextManager[list[str]]]
"""Surrounds the opening of a database. Its value has, at the end, what it logged on the tables."""


def without_check(types: Sequence[EntityType]) -> AbstractAsyncContextManager[list[str]]:
    """Open a database as it is."""
    return nullcontext([])


log = logging.getLogger("starmodel.sql")


class SqlRepository:
    """One table per entity class, in a database that other processes may use too.

    A commit is durable before it returns; in SQLite it survives a killed
    process with NORMAL, with FULL also a power failure. `between` must not
    commit to this same repository, which may wait for it.

    Shapes: url is "sqlite:///path.db", "postgresql://user@host/name" or
    "mysql://user@host/name"; "sqlite://" is a private file that `close`
    removes. opening surrounds the creation of missing tables: it may
    migrate the database before, and refuse it.
    Units: pool_size counts connections; timeout_s limits a command's wait
    for a connection and for an unreachable database.

    Raises: ConfigurationError, for any other url, or when its driver is not installed.
    """

    transactional = True

    def __init__(
        self,
        url: str = "sqlite:///starmodel.db",
        *,
        synchronous: Literal["NORMAL", "FULL"] = "NORMAL",
        pool_size: int = 10,
        timeout_s: float = 5.0,
        clock: Clock = system_clock,
        opening: Opening = without_check,
    ) -> None:
        self.url = url
        self._opening = opening
        self._make_engine = partial(
            engine_for, url, synchronous=synchronous, pool_size=pool_size, timeout_s=timeout_s
        )
        self._make_engine()  # validates the url early
        self._clock = clock
        self._pending = PendingStates()
        self._opened: OpenStore | None = None

    def check_by(self, opening: Opening) -> None:
        """Surround the creation of tables so, unless the constructor was given an `opening`."""
        if self._opening is without_check:
            self._opening = opening

    async def open(self, types: Sequence[EntityType], expired: Expired) -> None:
        """Create missing tables, then serve.

        Raises: ConfigurationError, for a class that no table can store, an unreachable
        database, or a table that lacks columns of its class.
        """
        if self._opened is not None:
            raise ConfigurationError("This SQL store is open already; one application owns it.")
        engine = self._make_engine()  # a new one, since the previous one may still be closing
        async with AsyncExitStack() as opened:
            opened.push_async_callback(engine.close)
            async with self._opening(types) as said:
                await engine.connect()
                store = await open_store(engine, types, self._clock, expired)
            opened.pop_all()
        self._opened = store
        for warning in () if said else store.warnings:
            log.warning("%s", warning.text)
        for note in self.notes:
            log.info("%s", note)
        store.sweeper.start()

    @property
    def notes(self) -> list[str]:
        """Return notes about the tables in use, one sentence each."""
        mapped = [own.mapped for own in self._store().statements.values()]
        return [note for table in mapped if (note := external_table_note(table))]

    @property
    def warnings(self) -> Sequence[TableWarning]:
        """Differences between tables and classes that make writes fail or hide records."""
        return self._store().warnings

    async def close(self) -> None:
        """Commit all queued changes, then close the database. A second call does nothing."""
        store, self._opened = self._opened, None
        if store is not None:
            await store.sweeper.stop()
            await store.engine.close()

    async def get(self, entity: type[E], id: object) -> E | None:
        store = self._store()
        statements = store.statements_of(entity)
        params = statements.key_params(id, self._clock)
        if params is None:
            return None
        _, found = await statements.read(store.rows.one_row, statements.get, params)
        return cast(E, found[0]) if found else None

    async def latest(self, entity: type[E], id: object) -> E | None:
        pending = self._pending.find(entity, id)
        if pending is None:
            found = await self.get(entity, id)
            pending = self._pending.find(entity, id)  # queued during the query
            if pending is None or found is None or pending.version <= version_of(found):
                return found
        return cast("E | None", pending.snapshot_for_caller())

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        store = self._store()
        now = self._clock()
        for change in batch.changes:
            store.statements_of(change.entity)
        steps = steps_of(batch.changes, store.statements, now)
        transaction = Transaction(steps, batch.marker, store.markers, now, between)
        transaction.ids = [(change.entity, change.id) for change in batch.changes]
        transaction.bases = [
            (step, earlier)
            for change, earlier in bases_of(batch.changes)
            for step in steps
            if step.executes(change)
        ]
        transaction.on_settled = self._pending.put(batch.changes, transaction)
        try:
            future = store.rows.submit(transaction)
        except StoreUnavailableError as error:
            transaction.settle(error)
            raise
        await future

    @asynccontextmanager
    async def lock_rows(self, keys: Collection[RecordKey]) -> AsyncIterator[Repository]:
        store = self._store()
        rows = []
        for entity, id in keys:
            statements = store.statements_of(entity)
            params = statements.key_params(id, self._clock)
            if params is not None:
                rows.append(RowKey(statements, params, (entity, id)))
        rows.sort(key=lambda row: row.lock_order)
        async with store.engine.lock(rows) as engine:
            yield _LockedRepository(replace(store, rows=engine), self._pending, self._clock)

    async def next_id(self, entity: type[Entity]) -> int:
        store = self._store()
        statements = store.statements_of(entity)
        sequence = sequence_of(statements.mapped, store.rows.sql_dialect.sqlalchemy)
        return await store.rows.next_number(sequence)

    def column_defaults(self, entity: type[Entity]) -> ColumnDefaults | None:
        """Return the defaults and onupdates of the columns; None for a class without any."""
        fields = self._store().statements_of(entity).mapped.fields
        insert = {name: field.insert for name, field in fields.items() if field.insert}
        update = {name: field.update for name, field in fields.items() if field.update}
        return ColumnDefaults(insert, update) if insert or update else None

    async def list(self, query: Query) -> list[Entity]:
        own, plan = self._plan(query)
        found = await own.read_list(self._store().rows.rows, plan.sql, plan.params)
        if plan.exact:
            return found
        return _unruled(query).arrange(await with_paths(query, found, self.list))

    async def stream(self, query: Query, batch: int) -> AsyncGenerator[Sequence[Entity], None]:
        store = self._store()
        statements = store.statements_of(query.entity)
        planner = store.planners[query.entity]
        load = partial(with_paths, query, read=self.list)
        stream = Stream(store.rows, statements, planner, query, self._clock, load)
        async for chunk in stream.chunks(batch):
            yield chunk

    async def count(self, query: Query) -> int:
        own, plan = self._plan(query, count=True)
        rows = await self._store().rows.rows(plan.sql, plan.params)
        if plan.exact:
            return int(rows[0][0])
        query = _unruled(query)
        found = [own.snapshot_of(row, 0) for row in rows]
        return sum(map(query.matches, await with_paths(query, found, self.list)))

    async def summary(self, query: Query, asked: SummaryQuery) -> Sequence[Group] | None:
        store = self._store()
        store.statements_of(query.entity)
        planner = store.planners[query.entity]
        plan = planner.summary(query, self._clock(), asked)
        if plan is None:
            return None
        rows = await store.rows.rows(plan.sql, plan.params)
        return groups_of(rows, planner.fields, asked)

    def supports(self, entity: type[Entity], condition: Condition) -> bool:
        store = self._store()
        store.statements_of(entity)
        return store.planners[entity].rules.supports(condition)

    def matches(self, query: Query, entity: Entity) -> bool | None:
        store = self._store()
        store.statements_of(query.entity)
        return store.planners[query.entity].matches(query, entity)

    def _plan(self, query: Query, *, count: bool = False) -> tuple[Statements, Plan]:
        store = self._store()
        own = store.statements_of(query.entity)
        return own, store.planners[query.entity].plan(query, self._clock(), count=count)

    async def marker(self, key: str) -> Marker | None:
        store = self._store()
        stale = self._clock() - MARKER_TTL_S
        rows = await store.rows.one_row(
            store.markers.get_sql, (store.markers.stored_key(key), stale)
        )
        return Marker(key, *tuple(rows[0])[1:]) if rows else None

    async def forget(self, key: str, command: str) -> None:
        store = self._store()
        markers = store.markers
        await store.engine.execute(markers.forget_sql, (markers.stored_key(key), command))

    async def touch(self, entity: type[Entity], id: object, ttl_s: float) -> None:
        """Extend the time to live of an entity; does nothing for a class without a ttl."""
        store = self._store()
        statements = store.statements_of(entity)
        params = statements.key_params(id, self._clock)
        if params is not None and statements.has_ttl:
            await store.engine.execute(statements.touch, (self._clock() + ttl_s, *params))

    async def sweep(self) -> None:
        """Delete expired entities and announce each; runs automatically about every second."""
        await self._store().sweeper.sweep()

    def _store(self) -> OpenStore:
        store = self._opened
        if store is None:
            raise StoreUnavailableError(
                "The SQL store is not open, so nothing was read or stored. Use it between the "
                "start and the end of its application."
            )
        if store.process != this_process.id:
            raise StoreUnavailableError(
                f"The SQL store was opened by process {store.process}, and a connection to a "
                "database must not cross a fork. Create the application after forking."
            )
        return store


def _unruled(query: Query) -> Query:
    """The query for Python, without the condition that the database has applied."""
    return replace(query, where=ALWAYS)


class _LockedRepository(SqlRepository):
    """The repository inside one transaction; reads by id lock their rows until its commit."""

    def __init__(self, store: OpenStore, pending: PendingStates, clock: Clock) -> None:
        self._opened, self._pending, self._clock = store, pending, clock

    async def get(self, entity: type[E], id: object) -> E | None:
        store = self._store()
        statements = store.statements_of(entity)
        params = statements.key_params(id, self._clock)
        if params is None:
            return None
        _, found = await statements.read(store.rows.one_row, statements.get_locked, params)
        return cast(E, found[0]) if found else None

    async def latest(self, entity: type[E], id: object) -> E | None:
        return await self.get(entity, id)
