"""The tables of StarModel's own entities, such as users: their schema number."""

from __future__ import annotations

from sqlalchemy import MetaData

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.system.connection import SqlPart, SystemDatabase
from starmodel.adapters.persistence.system.parts import PartStatements
from starmodel.core.errors import ConfigurationError, StoreUnavailableError

PART, NUMBER = "entities", 1
"""The part of the system store, and its schema number, raised with each change of a table."""


async def prepare_entity_tables(database: SystemDatabase) -> None:
    """Register the schema number of the tables, or migrate them to it; closes the connection.

    Raises: ConfigurationError, for tables of a newer version and an unreachable database.
    """
    part = SqlPart(database, PART, _statements, number=NUMBER)
    try:
        await part.open()
    except StoreUnavailableError as error:
        raise ConfigurationError(str(error)) from error
    finally:
        await database.close()


def _statements(sql_dialect: SqlDialect) -> PartStatements:
    return PartStatements(MetaData(), sql_dialect, PART, NUMBER)
