"""Selects the engine for a database URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.engine import Engine
from starmodel.core.errors import ConfigurationError

if TYPE_CHECKING:
    from starmodel.adapters.persistence.sql.drivers.network.servers.mysql import MysqlServer
    from starmodel.adapters.persistence.sql.drivers.network.servers.postgresql import (
        PostgresqlServer,
    )

    DatabaseServer = PostgresqlServer | MysqlServer

KINDS = {"sqlite": "sqlite", "postgresql": "postgresql", "postgres": "postgresql",
         "mysql": "mysql", "mariadb": "mysql"}  # fmt: skip
# The driver of each kind, and the driver names that a URL may contain.
DRIVERS = {
    "sqlite": ("", "pysqlite", "aiosqlite"),
    "postgresql": ("", "asyncpg"),
    "mysql": ("", "asyncmy"),
}
EXAMPLES = (
    "'sqlite:///starmodel.db', 'postgresql://user:password@host/name' or "
    "'mysql://user:password@host/name'"
)


def engine_for(
    url: str, *, synchronous: Literal["NORMAL", "FULL"], pool_size: int, timeout_s: float
) -> Engine:
    """Return the engine for a database URL; its driver is imported only here.

    Raises: ConfigurationError, naming the available kinds, never the password of the URL.
    """
    parsed, kind = parsed_url(url)
    if kind == "sqlite":
        from starmodel.adapters.persistence.sql.drivers.sqlite.engine import SqliteEngine

        return SqliteEngine(parsed, synchronous, timeout_s)
    from starmodel.adapters.persistence.sql.drivers.network.engine import NetworkEngine

    return NetworkEngine(server_for(url, timeout_s), pool_size=pool_size, timeout_s=timeout_s)


def server_for(url: str, timeout_s: float) -> DatabaseServer:
    """Return the server of a PostgreSQL, MySQL or MariaDB URL; its driver is imported here.

    Raises: ConfigurationError, as `engine_for` does.
    """
    parsed, kind = parsed_url(url)
    try:
        if kind == "postgresql":
            from starmodel.adapters.persistence.sql.drivers.network.servers.postgresql import (
                PostgresqlServer,
            )

            return PostgresqlServer(parsed, timeout_s)
        from starmodel.adapters.persistence.sql.drivers.network.servers.mysql import MysqlServer

        return MysqlServer(parsed, timeout_s)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in DRIVERS[kind]:
            raise
        raise ConfigurationError(
            f"The database url asks for {kind}, whose driver {error.name} is not installed. "
            f"Install it: pip install 'starmodel[{kind}]'."
        ) from error


def dialect_for(url: str) -> SqlDialect:
    """Return the SQL dialect for a database URL, without a connection or a driver.

    Raises: ConfigurationError, as `engine_for` does for the URL.
    """
    kind = parsed_url(url)[1]
    if kind == "sqlite":
        from starmodel.adapters.persistence.sql.dialects.sqlite import SqliteDialect

        return SqliteDialect()
    if kind == "postgresql":
        from starmodel.adapters.persistence.sql.dialects.postgresql import PostgresqlDialect

        return PostgresqlDialect()
    from starmodel.adapters.persistence.sql.dialects.mysql import MysqlDialect

    return MysqlDialect()


def parsed_url(url: str) -> tuple[URL, str]:
    """Return the URL and the kind of database: sqlite, postgresql or mysql.

    Raises: ConfigurationError, without the password of the URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # not chained: the cause contains the URL with its password
        parsed = None
    if parsed is None or "@" in (parsed.host or ""):  # part of an unescaped password
        raise ConfigurationError(
            f"The database url can't be read; expected one like {EXAMPLES}. In a password, write "
            "%40 for @, %2F for / and %3A for a colon."
        )
    name, _, driver = parsed.drivername.partition("+")
    kind = KINDS.get(name)
    if kind is None:
        raise ConfigurationError(
            f"The database url asks for {parsed.drivername!r}, which the SQL store does not speak. "
            f"Use a url like {EXAMPLES}."
        )
    if driver not in DRIVERS[kind]:
        raise ConfigurationError(
            f"The database url asks for the driver {driver!r}. StarModel speaks to {kind} by "
            f"{DRIVERS[kind][1]}: write {name}://…"
        )
    return parsed, kind
