"""Database connections of external writers, and tables that they create."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import MetaData
from sqlalchemy.schema import CreateTable

from starmodel.adapters.persistence.sql.dialects.mysql import MysqlDialect
from starmodel.adapters.persistence.sql.engines import dialect_for
from starmodel.adapters.persistence.sql.schema.existing.found_columns import FoundColumn
from starmodel.adapters.persistence.sql.schema.tables import derive_table
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity


class ExternalWriter:
    """A database connection outside StarModel.

    Shapes: statements have "?" for their parameters, in every database.
    """

    def __init__(self, url: str, link: Any) -> None:
        self.kind = urlsplit(url).scheme
        self._link = link

    @classmethod
    async def at(cls, url: str) -> ExternalWriter:
        """Connect in autocommit mode."""
        if url.startswith("sqlite"):
            file = url.removeprefix("sqlite:///")
            return cls(url, sqlite3.connect(file, isolation_level=None, timeout=20))
        parts = urlsplit(url)
        if parts.scheme == "postgresql":
            import asyncpg

            return cls(url, await asyncpg.connect(url))
        import asyncmy

        link = await asyncmy.connect(
            host=parts.hostname, port=parts.port, user=parts.username,
            password=parts.password or "", database=parts.path[1:], autocommit=True,
        )  # fmt: skip
        return cls(url, link)

    async def run(self, sql: str, *params: Any) -> int:
        """Execute a statement; returns the affected row count, where the driver has one."""
        if self.kind == "sqlite":
            return int(self._link.execute(sql, params).rowcount)
        if self.kind == "postgresql":
            status = await self._link.execute(_numbered(sql), *params)
            return int(status.rpartition(" ")[2]) if status[-1].isdigit() else 0
        async with self._link.cursor() as cursor:
            return int(await cursor.execute(sql.replace("?", "%s"), params or None) or 0)

    async def rows(self, sql: str, *params: Any) -> Sequence[tuple[Any, ...]]:
        """All rows of a query."""
        if self.kind == "sqlite":
            return self._link.execute(sql, params).fetchall()  # type: ignore[no-any-return]
        if self.kind == "postgresql":
            return [tuple(row) for row in await self._link.fetch(_numbered(sql), *params)]
        async with self._link.cursor() as cursor:
            await cursor.execute(sql.replace("?", "%s"), params or None)
            return await cursor.fetchall()  # type: ignore[no-any-return]

    async def create(self, *classes: type[Entity]) -> None:
        """Create the tables of these entity types, without version columns."""
        sql_dialect, metadata = dialect_for(f"{self.kind}://"), MetaData()
        if isinstance(sql_dialect, MysqlDialect):
            ((version,),) = await self.rows("SELECT VERSION()")
            sql_dialect.detect(version)
        for cls in classes:
            there = {name: FoundColumn() for name in cls.__pydantic_fields__}
            made = derive_table(entity_type(cls, "sql"), metadata, sql_dialect, there)
            made.key.column.autoincrement = False
        for table in metadata.sorted_tables:
            await self.run(str(CreateTable(table).compile(dialect=sql_dialect.sqlalchemy)))

    async def close(self) -> None:
        if self.kind == "postgresql":
            await self._link.close()
        else:
            self._link.close()


def _numbered(sql: str) -> str:
    first, *others = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))
