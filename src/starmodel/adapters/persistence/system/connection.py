"""The engine of the system store's database, and the tables of its parts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar
from urllib.parse import quote

from starmodel.core.errors import ConfigurationError, StoreUnavailableError

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from starmodel.adapters.persistence.sql.compiled_sql import CompiledSql
    from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
    from starmodel.adapters.persistence.sql.engine import Engine

POOL_SIZE = 2


class SystemDatabase:
    """The database of a URL, connected on first use in the running event loop.

    SQLAlchemy is not imported until then, and an SQLite file not created.
    """

    def __init__(
        self, url: str, *, synchronous: Literal["NORMAL", "FULL"], timeout_s: float
    ) -> None:
        self.url, self._synchronous, self._timeout_s = url, synchronous, timeout_s
        self._engine: Engine | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()

    def may_have(self, table: str) -> bool:
        """False for an SQLite file without the table; it is not opened by SQLAlchemy."""
        if self._engine is not None or not self.url.startswith("sqlite"):
            return True
        path, _, options = self.url.partition(":///")[2].partition("?")
        if options:
            return True
        if path in ("", ":memory:") or not os.path.exists(path):
            return False
        try:
            with contextlib.closing(
                sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=1)
            ) as link:
                named = "SELECT 1 FROM sqlite_master WHERE name = ?"
                return link.execute(named, (table,)).fetchone() is not None
        except sqlite3.Error:
            return True

    async def engine(self) -> Engine:
        """The connected engine. Raises: StoreUnavailableError."""
        loop = asyncio.get_running_loop()
        if self._engine is not None and self._loop is loop:
            return self._engine
        if self._loop is not loop:
            self._loop, self._opening = loop, asyncio.Lock()
            await self.close()
        async with self._opening:
            if self._engine is None:
                self._engine = await self._connected()
        return self._engine

    async def close(self) -> None:
        """Close the connections; the next call of `engine` opens new ones."""
        engine, self._engine = self._engine, None
        if engine is not None:
            with contextlib.suppress(RuntimeError):  # connections of a closed event loop
                await engine.close()

    async def _connected(self) -> Engine:
        from starmodel.adapters.persistence.sql.engines import engine_for

        try:
            engine = engine_for(
                self.url,
                synchronous=self._synchronous,
                pool_size=POOL_SIZE,
                timeout_s=self._timeout_s,
            )
            await connect(engine)
        except ConfigurationError as error:
            raise StoreUnavailableError(f"The system store can't be opened: {error}") from error
        return engine


async def connect(engine: Engine) -> None:
    """Connect and start an engine; close it when that fails, or is cancelled."""
    try:
        await engine.connect()
        await engine.start()
    except BaseException:
        await engine.close()
        raise


class PartTables(Protocol):
    """The tables of one part, with the statements of its row in the table of parts."""

    metadata: MetaData
    register: CompiledSql
    schema: CompiledSql
    set_schema: CompiledSql


T = TypeVar("T", bound=PartTables)
Steps = Sequence[tuple["CompiledSql", Mapping[str, Any]]]


class SqlPart(Generic[T]):
    """One part of the system store; its first use creates its tables, or upgrades them.

    Shapes: number is the current schema number of the part, upgrades has the statements that
    lead to each number from the one before.
    """

    def __init__(
        self,
        database: SystemDatabase,
        name: str,
        make_tables: Callable[[SqlDialect], T],
        *,
        number: int = 1,
        upgrades: Mapping[int, Sequence[str]] | None = None,
    ) -> None:
        self.database, self._name, self._make_tables = database, name, make_tables
        self._number, self._upgrades = number, upgrades or {}
        self._ready: tuple[Engine, T] | None = None
        self._preparing = asyncio.Lock()

    async def open(self) -> tuple[Engine, T]:
        """The engine and the statements. Raises: StoreUnavailableError."""
        engine = await self.database.engine()
        if self._ready is None or self._ready[0] is not engine:
            async with self._preparing:
                if self._ready is None or self._ready[0] is not engine:
                    self._ready = engine, await self._prepared(engine)
        return self._ready

    async def exists(self, table: str) -> bool:
        """Whether the table was created; creates nothing. Raises: StoreUnavailableError."""
        if not self.database.may_have(table):
            return False
        if self._ready is not None and self._ready[0] is await self.database.engine():
            return True
        return bool(await (await self.database.engine()).columns(table))

    async def rows(self, choose: Callable[[T], CompiledSql], **given: Any) -> Sequence[Any]:
        """The rows of a query."""
        engine, tables = await self.open()
        statement = choose(tables)
        return await engine.rows(statement.sql, statement.params(given))

    async def write(self, choose: Callable[[T], CompiledSql], given: Mapping[str, Any]) -> None:
        """Run one statement, durably; it may be repeated after a lost connection."""
        await self.run(lambda tables: [(choose(tables), given)])

    async def run(self, steps: Callable[[T], Steps]) -> None:
        """Run statements in one transaction, which may be repeated after a lost connection."""
        engine, tables = await self.open()
        await engine.execute_all([(step.sql, step.params(given)) for step, given in steps(tables)])

    async def _prepared(self, engine: Engine) -> T:
        tables = self._make_tables(engine.sql_dialect)
        try:
            await engine.create(tables.metadata, ())
        except ConfigurationError as error:  # the tables can't be created
            raise StoreUnavailableError(str(error)) from error
        await engine.execute(tables.register.sql, tables.register.params({}))
        found = int((await engine.rows(tables.schema.sql, tables.schema.params({})))[0][0])
        if found > self._number:
            raise StoreUnavailableError(
                f"The tables of {self._name} have schema number {found}; this version of StarModel "
                f"knows {self._number}. Install the newer version, or set system_store to another "
                "database."
            )
        if found < self._number:
            numbers = range(found + 1, self._number + 1)
            upgrades = [(sql, ()) for number in numbers for sql in self._upgrades[number]]
            last = tables.set_schema.sql, tables.set_schema.params({})
            await engine.execute_all([*upgrades, last])
        return tables
