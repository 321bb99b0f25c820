"""Tables on a database server: created when they are missing, never changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import MetaData, Table
from sqlalchemy.exc import NoReferencedTableError
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from starmodel.adapters.persistence.sql.server import (
    CollidedError,
    FailedError,
    Link,
    LostError,
    Server,
)
from starmodel.adapters.persistence.sql.tables import EntityTable
from starmodel.core.errors import ConfigurationError


async def create_tables(
    server: Server, link: Link, metadata: MetaData, tables: Sequence[EntityTable]
) -> None:
    """Create what is missing; one process at a time.

    Raises: ConfigurationError, naming the table and the columns that it lacks.
    """
    try:
        await server.hold_schema(link)
        try:
            for mapped in tables:
                _check_columns(mapped, await server.columns(link, mapped.table.name))
            for table in metadata.sorted_tables:
                if not await server.columns(link, table.name):
                    for sql in _ddl(server, table):
                        await link.run(sql)
        finally:
            if not link.closed:
                await server.release_schema(link)
    except (NoReferencedTableError, LostError, CollidedError, FailedError) as error:
        raise ConfigurationError(f"The SQL tables can't be created: {error}") from error


def _ddl(server: Server, table: Table) -> list[str]:
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    made: list[DDLElement] = [CreateTable(table), *map(CreateIndex, indexes)]
    return [str(statement.compile(dialect=server.flavour.dialect)) for statement in made]


def _check_columns(mapped: EntityTable, there: set[str]) -> None:
    names = {name.lower() for name in there}
    missing = [c.name for c in mapped.table.columns if c.name.lower() not in names]
    if there and missing:
        raise ConfigurationError(
            f"The table {mapped.table.name!r} of {mapped.entity_type.name} lacks the columns "
            f"{', '.join(map(repr, missing))}. Run `starmodel migrate`, or drop the table in a "
            "development database so that it is made anew."
        )
