"""MySQL and MariaDB through asyncmy, with statements prepared on the server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Sequence
from typing import Any

import asyncmy
from asyncmy import errors
from asyncmy.constants.CLIENT import FOUND_ROWS
from sqlalchemy.engine import URL

from starmodel.adapters.persistence.sql._compat.asyncmy import is_connected
from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.dialects.mysql import MysqlDialect, is_mariadb
from starmodel.adapters.persistence.sql.drivers.network.connection import DriverConnection
from starmodel.adapters.persistence.sql.drivers.network.server import (
    Connection,
    ConnectionLostError,
    LockTimeoutError,
    PermissionDeniedError,
    SerializationError,
    StatementError,
    UnreachableError,
    connection_remedy,
)
from starmodel.adapters.persistence.sql.drivers.network.servers.mysql_errors import (
    CONNECTION_LOST,
    LOCK_TIMEOUTS,
    MISSING_DATABASE,
    PERMISSION_DENIED,
    SERIALIZATION,
    TEMPORARY,
    VIOLATIONS,
    error_number,
    error_text,
    violation_of,
)
from starmodel.adapters.persistence.sql.drivers.network.servers.mysql_options import options_of
from starmodel.adapters.persistence.sql.schema.constraints import (
    ConstraintViolatedError,
)
from starmodel.adapters.persistence.sql.schema.existing.checks import missing_key_problem
from starmodel.adapters.persistence.sql.schema.existing.found_columns import (
    FoundColumn,
    FoundColumns,
)
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.core.errors import ConfigurationError

STATEMENT_S = 60
ISOLATION = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
SETTINGS = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'"
)
# Locks on rows, and metadata locks on tables. In whole seconds; longer waits are reserved for a
# few connections: see `NetworkEngine`.
LOCK_TIMEOUT = "innodb_lock_wait_timeout = {0:d}, lock_wait_timeout = {0:d}"
LOCK_S = 1
SCHEMA_LOCK = "starmodel_schema"


class MysqlConnection(DriverConnection):
    """One asyncmy connection; row counts include rows found but not changed."""

    def __init__(self, connection: Any, min_lock_timeout_s: int = LOCK_S) -> None:
        self._connection, self._min_lock_timeout_s = connection, min_lock_timeout_s
        self._lost = False

    @property
    def closed(self) -> bool:
        return self._lost or not is_connected(self._connection)

    async def _fetch(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        cursor = self._connection.cursor()
        await self._within_limit(cursor.execute(sql, tuple(params)))
        return await cursor.fetchall()  # type: ignore[no-any-return]

    async def _fetch_each(self, sql: str, params: Sequence[Sequence[Any]]) -> Sequence[Row]:
        # Pad to a power of two, repeating the last set, so that few texts have to be prepared.
        spare = (1 << (len(params) - 1).bit_length()) - len(params)
        one = f"(SELECT %s, found.* FROM ({sql}) AS found)"  # noqa: S608 - of compiled SQL
        given = [value for number, each in enumerate(params) for value in (number, *each)]
        given += [-1, *params[-1]] * spare
        rows = await self._fetch(" UNION ALL ".join([one] * (len(params) + spare)), given)
        return [row for row in rows if row[0] >= 0] if spare else rows

    async def _execute(self, sql: str, params: Sequence[Any]) -> int:
        execution = self._connection.cursor().execute(sql, tuple(params) or None)
        return int(await self._within_limit(execution) or 0)

    async def _within_limit(self, execution: Awaitable[Any]) -> Any:
        """Drop the connection when a statement is too slow; cheaper than `asyncio.timeout`."""
        timer = asyncio.get_running_loop().call_later(STATEMENT_S, self._terminate)
        try:
            return await execution
        finally:
            timer.cancel()

    def _lock_timeout(self, seconds: float | None) -> str:
        whole = LOCK_S if seconds is None else max(self._min_lock_timeout_s, int(seconds))
        return f"SET SESSION {LOCK_TIMEOUT.format(whole)}"

    def _terminate(self) -> None:
        self._lost = True
        self._connection.close()

    async def _columns_of_key(self, text: str) -> list[str]:
        """Return the columns of the key that an error names: "Duplicate entry … for key 't.k'"."""
        found = re.search(r"for key '(?:([^']*?)\.)?([^'.]+)'\s*$", text)
        if found is None:
            return []
        rows = await self.rows(
            "SELECT DISTINCT column_name, table_schema = DATABASE() "
            "FROM information_schema.statistics "
            "WHERE index_name = %s AND %s IN ('', table_name)",
            (found[2], found[1] or ""),
        )
        here = [name for name, is_here in rows if is_here]
        return here or [name for name, _ in rows]

    def _text(self, error: Exception) -> str:
        return error_text(error)

    def _is_connection_lost(self, error: Exception) -> bool:
        return isinstance(error, OSError | TimeoutError) or error_number(error) in CONNECTION_LOST

    async def _translate(self, error: Exception, text: str) -> Exception:
        number = error_number(error)
        if number in SERIALIZATION:
            return SerializationError(text)
        if number in LOCK_TIMEOUTS:
            return LockTimeoutError(text)
        if number in PERMISSION_DENIED:
            return PermissionDeniedError(text)
        broken = VIOLATIONS.get(number)
        if broken == "unique":
            return ConstraintViolatedError(broken, await self._columns_of_key(text))
        if broken is not None:
            return violation_of(broken, text)
        return StatementError(text) if isinstance(error, errors.MySQLError) else error


def _found(
    entity_type: Any,
    whole_type: Any,
    extra: str,
    length: Any,
    precision: Any,
    scale: Any,
    not_null: Any,
    has_default: Any,
) -> FoundColumn:
    entity_type, whole_type = _decoded(entity_type).lower(), _decoded(whole_type)
    labels = re.findall(r"'((?:[^']|'')*)'", whole_type) if entity_type == "enum" else []
    return FoundColumn(
        entity_type,
        tuple(label.replace("''", "'") for label in labels),
        "GENERATED" in _decoded(extra).upper().replace("DEFAULT_GENERATED", ""),
        length if length is not None and length < 2**31 else None,
        precision if entity_type == "decimal" else None,
        scale if entity_type == "decimal" else None,
        not_null=bool(not_null),
        has_default=bool(has_default),
    )


def _decoded(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class MysqlServer:
    """One database on a server: MySQL from 8.0.17 on, MariaDB from 10.6 on."""

    def __init__(self, url: URL, timeout_s: float) -> None:
        self._timeout_s, self._min_lock_timeout_s = timeout_s, LOCK_S
        self._sql_dialect = MysqlDialect()
        self._options = options_of(url)
        given = self._options
        where = given.get("unix_socket") or f"{given['host']}:{given['port']}"
        self.where = f"MySQL at {where}, database {url.database!r},"

    @property
    def sql_dialect(self) -> SqlDialect:
        return self._sql_dialect

    async def connect(self, within_s: float | None = None) -> Connection:
        made = await self.driver_connection(within_s)
        connection = MysqlConnection(made, self._min_lock_timeout_s)
        try:
            await connection.execute(f"{SETTINGS}, {LOCK_TIMEOUT.format(LOCK_S)}")
        except (ConnectionLostError, StatementError) as error:
            raise UnreachableError(f"{self.where} can't be reached: {error}.") from error
        return connection

    async def driver_connection(self, within_s: float | None = None) -> Any:
        """Open a connection of asyncmy, without SETTINGS.

        Raises: UnreachableError; ConfigurationError, when a retry can't succeed.
        """
        try:
            return await asyncmy.connect(
                **self._options,
                charset="utf8mb4",
                autocommit=True,
                client_flag=FOUND_ROWS,
                init_command=ISOLATION,
                connect_timeout=self._timeout_s if within_s is None else within_s,
                program_name="starmodel",
                stmt_cache_size=500,
            )
        # RuntimeError: the server closed the connection during asyncmy's handshake, or the
        # authentication plugin needs a package that is not installed.
        except (OSError, TimeoutError, RuntimeError, errors.MySQLError) as error:
            raise self._connection_error(error) from error

    def _connection_error(self, error: Exception) -> Exception:
        """Explain a failed connection attempt and its remedy."""
        number, text = error.args[0] if error.args else 0, error_text(error) or type(error).__name__
        package = re.match(r"'(\w+)' package is required", text)
        if package:
            remedy = f"Install it: pip install {package[1]}."
        elif not isinstance(error, errors.MySQLError) or number in TEMPORARY:
            return UnreachableError(
                f"{self.where} can't be reached: {text}. {connection_remedy(text)}"
            )
        elif number == MISSING_DATABASE:
            remedy = f"It is made by: CREATE DATABASE {self._options['database']}."
        else:
            remedy = "Check user, password and name in DATABASE_URL."
        return ConfigurationError(f"{self.where} can't be used: {text}. {remedy}")

    async def detect(self, connection: Connection) -> None:
        ((version,),) = await connection.rows("SELECT VERSION()", ())
        self._sql_dialect.detect(version)
        if is_mariadb(version):
            self._min_lock_timeout_s = 0  # MySQL has no lock timeout below one second
            self.where = self.where.replace("MySQL", "MariaDB", 1)

    async def columns(
        self, connection: Connection, table: str, schema: str | None = None
    ) -> FoundColumns:
        rows = await connection.rows(
            "SELECT column_name, data_type, column_type, extra, character_maximum_length, "
            "numeric_precision, numeric_scale, is_nullable = 'NO', "
            "column_default IS NOT NULL OR LOCATE('auto_increment', LOWER(extra)) > 0 "
            "OR LOCATE('generated', LOWER(extra)) > 0 FROM information_schema.columns "
            "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
            (schema, table),
        )
        return {row[0]: _found(*row[1:]) for row in rows}

    async def row_key_problem(
        self, connection: Connection, table: str, column: str, schema: str | None = None
    ) -> str:
        ((engine,),) = await connection.rows(
            "SELECT COALESCE(engine, 'VIEW') FROM information_schema.tables "
            "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
            (schema, table),
        )
        if engine.lower() != "innodb":
            return (
                f"is of the kind {engine}, whose rows can't be held while they are changed. Make "
                f"it transactional: ALTER TABLE {table} ENGINE=InnoDB"
            )
        found = await connection.rows(
            "SELECT index_name FROM information_schema.statistics "
            "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s "
            "AND non_unique = 0 GROUP BY index_name "
            "HAVING COUNT(*) = 1 AND MAX(column_name) = %s",
            (schema, table, column),
        )
        return "" if found else missing_key_problem(table, column)

    async def next_number(self, connection: Connection, sequence: Numbers) -> int:
        await connection.execute(sequence.next, (sequence.key,))
        rows = await connection.rows("SELECT LAST_INSERT_ID()", ())
        return int(rows[0][0])

    async def lock_schema(self, connection: Connection) -> None:
        await connection.rows("SELECT GET_LOCK(%s, 60)", (SCHEMA_LOCK,))

    async def unlock_schema(self, connection: Connection) -> None:
        await connection.rows("SELECT RELEASE_LOCK(%s)", (SCHEMA_LOCK,))
