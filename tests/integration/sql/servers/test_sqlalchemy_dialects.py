"""Where SQLAlchemy's dialects do the same as the SQL store, they are used; else the reason is here.

| of SQLAlchemy's dialects | same | why it is not used |
|---|---|---|
| SQLite: connect arguments, quoting | yes | used |
| MySQL: host, port, user, password, database | yes | used |
| MySQL: options of the URL | no | passes on every option, `ssl=true` as text |
| PostgreSQL: connect arguments | no | asyncpg takes `sslmode` in a DSN only |
| MySQL: quoting | no | needs a connection to choose the reserved words of MariaDB |
| PostgreSQL: lost connections | no | knows one error of its own adapter only |
| MySQL: lost connections | partly | lacks the codes of a shutdown and of network errors |
"""

from __future__ import annotations

import sqlite3
from typing import Any

import asyncpg
import pytest
from asyncmy import errors
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.dialects import mysql as plain_mysql
from sqlalchemy.dialects import sqlite as plain_sqlite
from sqlalchemy.dialects.mysql import asyncmy as asyncmy_dialect
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.schema import CreateTable

from starmodel.adapters.persistence.sql.dialects.mysql import MysqlDialect
from starmodel.adapters.persistence.sql.drivers.network.server import StatementError
from starmodel.adapters.persistence.sql.drivers.network.servers.mysql import (
    MysqlConnection,
    MysqlServer,
)
from starmodel.adapters.persistence.sql.drivers.network.servers.mysql_errors import CONNECTION_LOST
from starmodel.adapters.persistence.sql.drivers.network.servers.mysql_options import options_of
from starmodel.adapters.persistence.sql.drivers.network.servers.postgresql import (
    PostgresqlConnection,
    PostgresqlServer,
)
from starmodel.core.errors import ConfigurationError


def _dialect(module: Any) -> Dialect:
    dialect: Dialect = module.dialect(dbapi=module.dialect.import_dbapi())
    return dialect


ASYNCMY, ASYNCPG = _dialect(asyncmy_dialect), _dialect(asyncpg_dialect)


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=20))
def test_sqlite_identifiers_round_trip(name: str) -> None:
    quoted = plain_sqlite.dialect().identifier_preparer.quote_identifier(name)
    with sqlite3.connect(":memory:") as connection:
        cursor = connection.execute(f"SELECT 1 AS {quoted}")
        assert cursor.description[0][0] == name
    connection.close()


@pytest.mark.parametrize(
    "url", ["mysql://a:b%40c@host:3307/name", "mysql://a@[::1]/name", "mysql://a:b@host/na%2Fme"]
)
def test_mysql_url_parts_are_the_same(url: str) -> None:
    _, theirs = ASYNCMY.create_connect_args(make_url(url))
    own = options_of(make_url(url))
    theirs["database"] = theirs.pop("db")
    del theirs["client_flag"]
    assert {name: own[name] for name in theirs} == theirs
    assert {name for name in own if name not in theirs} <= {"port", "password"}  # the defaults


def test_mysql_options_are_checked_by_the_store_only() -> None:
    with_tls = make_url("mysql://a@host/name?ssl=true")
    assert ASYNCMY.create_connect_args(with_tls)[1]["ssl"] == "true"
    assert not isinstance(options_of(with_tls)["ssl"], str)
    misspelt = make_url("mysql://a@host/name?ssl_cax=file")
    assert ASYNCMY.create_connect_args(misspelt)[1]["ssl_cax"] == "file"
    with pytest.raises(ConfigurationError, match="ssl_cax"):
        options_of(misspelt)


async def test_asyncpg_takes_sslmode_in_a_dsn_only(postgresql_url: str) -> None:
    url = make_url(f"{postgresql_url}?sslmode=disable")
    _, theirs = ASYNCPG.create_connect_args(url)
    with pytest.raises(TypeError, match="sslmode"):
        await asyncpg.connect(**theirs)
    connection = await PostgresqlServer(url, 5.0).connect()
    assert [tuple(row) for row in await connection.rows("SELECT 1", ())] == [(1,)]
    await connection.terminate()


async def test_reserved_words_of_mariadb_are_quoted_by_the_store_only(mariadb_url: str) -> None:
    connection = await MysqlServer(make_url(mariadb_url), 5.0).connect()
    table = Table("reserved", MetaData(), Column("offset", Integer), Column("returning", Integer))
    plain = plain_mysql.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
    with pytest.raises(StatementError):
        await connection.execute(str(CreateTable(table).compile(dialect=plain)))
    await connection.execute(str(CreateTable(table).compile(dialect=MysqlDialect.sqlalchemy)))
    await connection.execute("DROP TABLE reserved")
    await connection.terminate()


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
def test_asyncpg_errors_of_lost_connections_are_known_to_the_store_only(error: Exception) -> None:
    dbapi_error: Any = error
    assert not ASYNCPG.is_disconnect(dbapi_error, None, None)
    assert PostgresqlConnection(None)._is_connection_lost(error)


@pytest.mark.parametrize("number", sorted(CONNECTION_LOST))
def test_asyncmy_error_codes_of_lost_connections(number: int) -> None:
    error: Any = errors.OperationalError(number, "text")
    is_known = number in {1927, 2006, 2013, 2014, 2055, 4031}
    assert ASYNCMY.is_disconnect(error, None, None) == is_known
    assert MysqlConnection(None)._is_connection_lost(error)
