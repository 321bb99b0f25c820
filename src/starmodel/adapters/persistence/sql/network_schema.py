"""Tables on a database server: created when they are missing, never changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ForeignKeyConstraint, MetaData, Table
from sqlalchemy.exc import NoReferencedTableError
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, DDLElement

from starmodel.adapters.persistence.sql.server import (
    CollidedError,
    FailedError,
    Link,
    LockedError,
    LostError,
    Server,
)
from starmodel.adapters.persistence.sql.table_checks import check_columns, check_fit
from starmodel.adapters.persistence.sql.tables import EntityTable, creation_order
from starmodel.core.errors import ConfigurationError

SCHEMA_LOCK_S = 60.0


async def create_tables(
    server: Server, link: Link, metadata: MetaData, tables: Sequence[EntityTable]
) -> None:
    """Create what is missing; one process at a time.

    Raises: ConfigurationError, naming the table and the columns that it lacks.
    """
    try:
        await link.set_lock_timeout(SCHEMA_LOCK_S)
        await server.hold_schema(link)
        try:
            for mapped in tables:
                name = mapped.table.name
                check_columns(mapped, await server.columns(link, name), server.flavour.dialect)
                if not mapped.versioned:
                    check_fit(mapped, await server.unfit(link, name, mapped.key.column.name))
            ordered, later = creation_order(metadata)
            made = set()
            for table, keys in ordered:
                if not await server.columns(link, table.name):
                    made.add(table)
                    await _create(server, link, table, _ddl(server, table, keys))
            for key in later:
                if key.table in made:
                    await _create(server, link, key.table, _compiled(server, AddConstraint(key)))
        finally:
            if not link.closed:
                await server.release_schema(link)
                await link.set_lock_timeout(None)
    except (NoReferencedTableError, LostError, CollidedError, LockedError, FailedError) as error:
        raise ConfigurationError(f"The SQL tables can't be created: {error}") from error


async def _create(server: Server, link: Link, table: Table, statements: Sequence[str]) -> None:
    try:
        for sql in statements:
            await link.run(sql)
    except FailedError as error:
        raise ConfigurationError(
            f"The SQL table {table.name!r} can't be created: {error}. Let the user of the "
            f"database url create tables, or create it for them: {'; '.join(statements)}"
        ) from error


def _ddl(server: Server, table: Table, keys: Sequence[ForeignKeyConstraint]) -> list[str]:
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    made = CreateTable(table, include_foreign_key_constraints=keys)
    return _compiled(server, made, *map(CreateIndex, indexes))


def _compiled(server: Server, *statements: DDLElement) -> list[str]:
    return [str(statement.compile(dialect=server.flavour.dialect)) for statement in statements]
