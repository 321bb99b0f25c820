"""Snapshots in SQL: SQLite, with reads at once and writes in groups."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

from sqlalchemy import MetaData

from starmodel.adapters.persistence.sql.changes import steps_of
from starmodel.adapters.persistence.sql.heads import Heads
from starmodel.adapters.persistence.sql.markers import Markers
from starmodel.adapters.persistence.sql.queries import Planner
from starmodel.adapters.persistence.sql.sqlite_database import SqliteDatabase, create_tables
from starmodel.adapters.persistence.sql.sqlite_reader import PATIENT_S, SqliteReader
from starmodel.adapters.persistence.sql.sqlite_writer import Job, SqliteWriter
from starmodel.adapters.persistence.sql.statements import Row, Statements
from starmodel.adapters.persistence.sql.sweeper import Sweeper
from starmodel.adapters.persistence.sql.tables import derive_table
from starmodel.app.ports import MARKER_TTL_S, Batch, Clock, Expired, Marker, system_clock
from starmodel.app.query import Query
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, StoreUnavailableError
from starmodel.core.registry import EntityType

E = TypeVar("E", bound=Entity)
Rows = list[Row]


@dataclass(frozen=True, slots=True)
class _Serving:
    """What there is between `open` and `close`."""

    reader: SqliteReader
    writer: SqliteWriter
    statements: dict[type[Entity], Statements]
    planners: dict[type[Entity], Planner]
    markers: Markers
    sweeper: Sweeper
    process: int

    def of(self, entity: type[Entity]) -> Statements:
        try:
            return self.statements[entity]
        except KeyError:
            known = ", ".join(cls.__name__ for cls in self.statements) or "none"
            raise ConfigurationError(
                f"The SQL store was opened without {entity.__name__}; it has {known}. "
                "Pass the class in create_app(entities=[…])."
            ) from None


class SqlRepository:
    """One table per entity class, in one SQLite file that other processes may use too.

    A commit is durable before it returns: with NORMAL it survives a killed
    process, with FULL also a power failure. Datetimes with a zone come
    back in UTC. `between` must not commit to this same repository, whose
    writer waits for it.

    Shapes: url is "sqlite:///path.db"; "sqlite://" keeps everything in a
    private file that goes with `close`.

    Raises: ConfigurationError, for any other url.
    """

    transactional = True

    def __init__(
        self,
        url: str = "sqlite:///starmodel.db",
        *,
        synchronous: Literal["NORMAL", "FULL"] = "NORMAL",
        clock: Clock = system_clock,
    ) -> None:
        self._database = SqliteDatabase(url, synchronous)
        self._clock = clock
        self._heads = Heads()
        self._opened: _Serving | None = None

    async def open(self, types: Sequence[EntityType], expired: Expired) -> None:
        """Create the tables that are missing, then serve.

        Raises: ConfigurationError, for a class that no table can keep, a file that can't be
        opened, or a table that lacks columns of its class.
        """
        if self._opened is not None:
            raise ConfigurationError("This SQL store is open already; one application owns it.")
        metadata = MetaData()
        tables = [derive_table(type, metadata) for type in types]
        markers = Markers(metadata)

        def prepare() -> tuple[sqlite3.Connection, SqliteReader]:
            with ExitStack() as opened:
                connection = self._database.connect(PATIENT_S)
                opened.callback(self._database.close)
                opened.callback(connection.close)
                create_tables(connection, metadata, tables)
                reader = SqliteReader(self._database.connect)
                opened.pop_all()
            return connection, reader

        connection, reader = await asyncio.to_thread(prepare)
        depths = {table.name: depth for depth, table in enumerate(metadata.sorted_tables)}
        statements = {m.cls: Statements(m, depths[m.table.name]) for m in tables}
        writer = SqliteWriter(connection)
        sweeper = Sweeper(statements, markers, reader, writer, self._clock, expired)
        planners = {cls: Planner(own) for cls, own in statements.items()}
        self._opened = _Serving(reader, writer, statements, planners, markers, sweeper, os.getpid())
        sweeper.start()

    async def close(self) -> None:
        """Commit what was accepted, then close the file. A second call does nothing."""
        serving, self._opened = self._opened, None
        if serving is not None:
            await serving.sweeper.stop()
            await serving.writer.close()
            await asyncio.to_thread(serving.reader.close)
            self._database.close()

    async def get(self, entity: type[E], id: object) -> E | None:
        serving = self._serving()
        statements = serving.of(entity)
        params = statements.by_id(id, self._clock)
        if params is None:
            return None
        rows = await serving.reader.rows(statements.get, params)
        return cast(E, statements.load(rows[0])) if rows else None

    async def latest(self, entity: type[E], id: object) -> E | None:
        head = self._heads.find(entity, id)
        if head is None:
            return await self.get(entity, id)
        return cast("E | None", head.handed_out())

    async def commit(
        self, batch: Batch, between: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        serving = self._serving()
        now = self._clock()
        for change in batch.changes:
            serving.of(change.entity)
        steps = steps_of(batch.changes, serving.statements, now)
        marker, put = batch.marker, serving.markers.put
        under = self._heads.under(batch.changes)

        def work(connection: sqlite3.Connection) -> None:
            while under:  # emptied, so that no chain of jobs is kept
                change, earlier = under.pop()
                if earlier.error is not None:
                    [step] = (step for step in steps if step.does(change))
                    raise step.conflict(connection) from earlier.error
            if marker is not None:
                put(connection, marker, now)
            for step in steps:
                step.run(connection)

        alone = marker is None and len(steps) == 1 and steps[0].single
        job = Job(work, alone=alone, between=between)
        future = serving.writer.submit(job)
        job.settled = self._heads.put(batch.changes, job)
        await future

    async def list(self, query: Query) -> list[Entity]:
        rows, exact = await self._ask(query)
        load = self._serving().of(query.entity).load
        found = [load(row) for row in rows]
        return found if exact else query.arrange(found)

    async def count(self, query: Query) -> int:
        rows, exact = await self._ask(query, count=True)
        if exact:
            return int(rows[0][0])
        load = self._serving().of(query.entity).load
        return sum(1 for row in rows if query.matches(load(row)))

    async def _ask(self, query: Query, *, count: bool = False) -> tuple[Rows, bool]:
        serving = self._serving()
        serving.of(query.entity)
        plan = serving.planners[query.entity].plan(query, self._clock(), count=count)
        return await serving.reader.rows(plan.sql, plan.params), plan.exact

    async def marker(self, key: str) -> Marker | None:
        serving = self._serving()
        stale = self._clock() - MARKER_TTL_S
        rows = await serving.reader.rows(serving.markers.get_sql, (key, stale))
        return Marker(*rows[0]) if rows else None

    async def forget(self, key: str, command: str) -> None:
        serving = self._serving()
        sql = serving.markers.forget_sql
        await serving.writer.submit(
            Job(lambda connection: connection.execute(sql, (key, command)), alone=True)
        )

    async def touch(self, entity: type[Entity], id: object, ttl_s: float) -> None:
        """Let the entity live on; nothing, for a class without a ttl."""
        serving = self._serving()
        statements = serving.of(entity)
        params = statements.by_id(id, self._clock)
        if params is not None and statements.mapped.mortal:
            given = (self._clock() + ttl_s, *params)
            sql = statements.touch
            await serving.writer.submit(
                Job(lambda connection: connection.execute(sql, given), alone=True)
            )

    async def sweep(self) -> None:
        """Remove what has expired, and announce each; happens by itself about every second."""
        await self._serving().sweeper.sweep()

    def _serving(self) -> _Serving:
        serving = self._opened
        if serving is None:
            raise StoreUnavailableError(
                "The SQL store is not open, so nothing was read or stored. Use it between the "
                "start and the end of its application."
            )
        if serving.process != os.getpid():
            raise StoreUnavailableError(
                f"The SQL store was opened by process {serving.process}, and a connection to "
                "SQLite must not cross a fork. Create the application after forking."
            )
        return serving
