"""Creates missing tables on a database server; never alters an existing table."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ForeignKeyConstraint, MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import NoReferencedTableError
from sqlalchemy.schema import (
    AddConstraint,
    CreateIndex,
    CreateTable,
    DDLElement,
    SetColumnComment,
    SetTableComment,
)

from starmodel.adapters.persistence.sql.drivers.network.server import (
    CONNECTION_ERRORS,
    Connection,
    Server,
    StatementError,
)
from starmodel.adapters.persistence.sql.schema.creation_order import creation_order
from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable
from starmodel.adapters.persistence.sql.schema.existing.checks import check_columns, check_row_key
from starmodel.core.errors import ConfigurationError

SCHEMA_LOCK_S = 60.0


async def create_tables(
    server: Server, connection: Connection, metadata: MetaData, tables: Sequence[EntityTable]
) -> None:
    """Create missing tables, under a lock for one process at a time.

    Raises: ConfigurationError, naming the table and its missing columns.
    """
    try:
        await connection.set_lock_timeout(SCHEMA_LOCK_S)
        await server.lock_schema(connection)
        try:
            for mapped in tables:
                name, schema = mapped.table.name, mapped.table.schema
                there = await server.columns(connection, name, schema)
                check_columns(mapped, there, server.sql_dialect.sqlalchemy)
                if not mapped.versioned:
                    key = mapped.key.column.name
                    check_row_key(
                        mapped, await server.row_key_problem(connection, name, key, schema)
                    )
            ordered, later = creation_order(metadata.tables.values())
            made = set()
            for table, keys in ordered:
                if not await server.columns(connection, table.name, table.schema):
                    made.add(table)
                    await _create_types(connection, server, table)
                    await _create(server, connection, table, _ddl(server, table, keys))
            for added in later:
                if added.table in made:
                    sql = _compiled(server, AddConstraint(added))
                    await _create(server, connection, added.table, sql)
        finally:
            if not connection.closed:
                await server.unlock_schema(connection)
                await connection.set_lock_timeout(None)
    except (NoReferencedTableError, *CONNECTION_ERRORS) as error:
        raise ConfigurationError(f"The SQL tables can't be created: {error}") from error


async def _create_types(connection: Connection, server: Server, table: Table) -> None:
    """Create the PostgreSQL enum types that the columns of a new table need."""
    for column in table.columns:
        kind = column.type
        if isinstance(kind, postgresql.ENUM) and kind.name:
            found = await connection.rows("SELECT 1 FROM pg_type WHERE typname = $1", (kind.name,))
            if not found:
                await _create(
                    server, connection, table, _compiled(server, postgresql.CreateEnumType(kind))
                )


async def _create(
    server: Server, connection: Connection, table: Table, statements: Sequence[str]
) -> None:
    try:
        for sql in statements:
            await connection.execute(sql)
    except StatementError as error:
        raise ConfigurationError(
            f"The SQL table {table.name!r} can't be created: {error}. Let the user of the "
            f"database url create tables, or create it for them: {'; '.join(statements)}"
        ) from error


def _ddl(server: Server, table: Table, keys: Sequence[ForeignKeyConstraint]) -> list[str]:
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    made: list[DDLElement] = [CreateTable(table, include_foreign_key_constraints=keys)]
    made += map(CreateIndex, indexes)
    if server.sql_dialect.sqlalchemy.name == "postgresql":  # MySQL: in the table definition
        made += [SetTableComment(table)] if table.comment else []
        made += [SetColumnComment(column) for column in table.columns if column.comment]
    return _compiled(server, *made)


def _compiled(server: Server, *statements: DDLElement) -> list[str]:
    dialect = server.sql_dialect.sqlalchemy
    compiled = [str(statement.compile(dialect=dialect)) for statement in statements]
    if dialect.paramstyle == "format":  # compiled for statements with parameters, which have none
        return [sql.replace("%%", "%") for sql in compiled]
    return compiled
