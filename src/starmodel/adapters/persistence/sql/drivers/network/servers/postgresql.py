"""PostgreSQL through asyncpg alone: SQLAlchemy's engine would cost as much as a query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import asyncpg
from asyncpg import exceptions as errors
from sqlalchemy.engine import URL

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.dialects.postgresql import ICU, PostgresqlDialect
from starmodel.adapters.persistence.sql.drivers.network.connection import DriverConnection
from starmodel.adapters.persistence.sql.drivers.network.server import (
    Connection,
    LockTimeoutError,
    PermissionDeniedError,
    SerializationError,
    StatementError,
    UnreachableError,
    connection_remedy,
)
from starmodel.adapters.persistence.sql.schema.constraints import (
    ConstraintViolatedError,
    ViolationKind,
)
from starmodel.adapters.persistence.sql.schema.existing.checks import missing_key_problem
from starmodel.adapters.persistence.sql.schema.existing.found_columns import (
    FoundColumn,
    FoundColumns,
)
from starmodel.adapters.persistence.sql.schema.sequences import Sequence as Numbers
from starmodel.core.errors import ConfigurationError

STATEMENT_S = 60.0
SETTINGS = {"application_name": "starmodel", "TimeZone": "UTC"}
LOCK_MS = 200  # longer waits are reserved for a few connections: see `NetworkEngine`
LOCK_TIMEOUT = "SET lock_timeout = {:d}"  # not a startup parameter, which poolers refuse
SCHEMA_LOCK = 7_823_549_017  # an arbitrary key for the advisory lock
_CONNECTION_LOST = (
    errors.PostgresConnectionError, errors.AdminShutdownError, errors.CrashShutdownError,
    errors.CannotConnectNowError, errors.IdleInTransactionSessionTimeoutError,
    errors.InternalClientError,  # an idle connection has received a FATAL shutdown notice
    OSError, TimeoutError,
)  # fmt: skip
_TABLE = "to_regclass(COALESCE(quote_ident($2::TEXT) || '.', '') || quote_ident($1::TEXT))"
_TEMPORARY = (*_CONNECTION_LOST, errors.TooManyConnectionsError)
_VIOLATIONS: dict[type[Exception], ViolationKind] = {
    errors.UniqueViolationError: "unique",
    errors.ExclusionViolationError: "unique",
    errors.ForeignKeyViolationError: "foreign",
    errors.RestrictViolationError: "foreign",
    errors.NotNullViolationError: "null",
    errors.CheckViolationError: "check",
    errors.DataError: "value",
    errors.IntegrityConstraintViolationError: "check",
    errors.WithCheckOptionViolationError: "check",
    errors.RaiseError: "check",  # raised by a trigger
    errors.TriggeredDataChangeViolationError: "check",
}


class PostgresqlConnection(DriverConnection):
    """One asyncpg connection, which prepares each statement once."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def closed(self) -> bool:
        return bool(self._connection.is_closed())

    async def _fetch(self, sql: str, params: Sequence[Any]) -> Sequence[Row]:
        return await self._connection.fetch(sql, *params)  # type: ignore[no-any-return]

    async def _fetch_each(self, sql: str, params: Sequence[Sequence[Any]]) -> Sequence[Row]:
        index = f"${len(params[0]) + 1}::integer"
        placed = f"SELECT {index}, found.* FROM ({sql}) AS found"  # noqa: S608 - of compiled SQL
        given = [(*each, number) for number, each in enumerate(params)]
        return await self._connection.fetchmany(placed, given)  # type: ignore[no-any-return]

    async def _execute(self, sql: str, params: Sequence[Any]) -> int:
        status: str = await self._connection.execute(sql, *params)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    def _lock_timeout(self, seconds: float | None) -> str:
        return LOCK_TIMEOUT.format(LOCK_MS if seconds is None else max(1, int(seconds * 1000)))

    def _terminate(self) -> None:
        self._connection.terminate()

    def _is_connection_lost(self, error: Exception) -> bool:
        return isinstance(error, _CONNECTION_LOST)

    async def _translate(self, error: Exception, text: str) -> Exception:
        if isinstance(error, errors.DeadlockDetectedError | errors.SerializationError):
            return SerializationError(text)
        if isinstance(error, errors.LockNotAvailableError):
            return LockTimeoutError(text)
        if isinstance(error, errors.InsufficientPrivilegeError):
            return PermissionDeniedError(text)
        for kind, broken in _VIOLATIONS.items():
            if isinstance(error, kind):
                check = getattr(error, "constraint_name", None) or ""
                return ConstraintViolatedError(broken, _columns(error), check)
        if isinstance(error, errors.PostgresError | errors.InterfaceError):
            return StatementError(text)
        return error


def _columns(error: Any) -> list[str]:
    """Return the columns that an error names, whatever the language of its message."""
    name = getattr(error, "column_name", None)
    if name:
        return [name]
    found = re.search(r"\(([^=]*)\)=\(", getattr(error, "detail", None) or "")
    return [part.strip(' "') for part in found[1].split(",")] if found else []


def _found(
    name: str,
    entity_type: str,
    generated: bool,
    modifier: int,
    labels: Sequence[str] | None,
    not_null: bool,
    has_default: bool,
) -> FoundColumn:
    is_number = entity_type == "numeric" and modifier > 0
    return FoundColumn(
        entity_type,
        tuple(labels or ()),
        generated,
        modifier if entity_type in ("character varying", "character") and modifier > 0 else None,
        modifier >> 16 if is_number else None,
        modifier & 0x7FF if is_number else None,
        not_null=not_null,
        has_default=has_default,
    )


class PostgresqlServer:
    """One database on a PostgreSQL server, from version 13 on."""

    def __init__(self, url: URL, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._sql_dialect = PostgresqlDialect()
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._database = url.database or url.username
        host = url.host or url.query.get("host") or "the local socket"
        self.where = f"PostgreSQL at {host}:{url.port or 5432}, database {url.database!r},"

    @property
    def sql_dialect(self) -> SqlDialect:
        return self._sql_dialect

    async def connect(self, within_s: float | None = None) -> Connection:
        made = await self.driver_connection(within_s, statement_s=STATEMENT_S)
        try:
            await made.execute(LOCK_TIMEOUT.format(LOCK_MS))
        except _TEMPORARY as error:
            made.terminate()
            raise self._unreachable(error) from error
        except BaseException:
            made.terminate()
            raise
        return PostgresqlConnection(made)

    async def driver_connection(
        self, within_s: float | None = None, *, statement_s: float | None = None
    ) -> Any:
        """Open a connection of asyncpg, with the settings of a session but no lock timeout.

        Units: statement_s limits each statement; None, there is no limit.
        Raises: UnreachableError; ConfigurationError, when a retry can't succeed.
        """
        try:
            return await asyncpg.connect(
                self._dsn,
                timeout=self._timeout_s if within_s is None else within_s,
                command_timeout=statement_s,
                statement_cache_size=0 if statement_s is None else 500,
                server_settings=SETTINGS,
            )
        except _TEMPORARY as error:
            raise self._unreachable(error) from error
        except (errors.PostgresError, errors.InterfaceError, ValueError) as error:
            reason = str(error).rstrip(".")
            raise ConfigurationError(
                f"{self.where} can't be used: {reason}. {self._remedy(error)}"
            ) from error

    def _unreachable(self, error: BaseException) -> UnreachableError:
        reason = f"{error or type(error).__name__}"
        return UnreachableError(
            f"{self.where} can't be reached: {reason}. {connection_remedy(reason)}"
        )

    def _remedy(self, error: Exception) -> str:
        if isinstance(error, errors.InvalidCatalogNameError):
            return f"It is made by: createdb {self._database}."
        if isinstance(error, errors.InvalidAuthorizationSpecificationError):
            return "Check user and password in DATABASE_URL."
        return "Check DATABASE_URL."

    async def detect(self, connection: Connection) -> None:
        found = await connection.rows("SELECT 1 FROM pg_collation WHERE collname = $1", (ICU,))
        self._sql_dialect.icu = bool(found)

    async def columns(
        self, connection: Connection, table: str, schema: str | None = None
    ) -> FoundColumns:
        rows = await connection.rows(
            "SELECT attname, format_type(COALESCE(NULLIF(typbasetype, 0), atttypid), NULL), "  # noqa: S608
            "attgenerated <> '', GREATEST(atttypmod, typtypmod) - 4, "
            "(SELECT array_agg(enumlabel::TEXT ORDER BY enumsortorder) FROM pg_enum "
            "WHERE enumtypid = COALESCE(NULLIF(typbasetype, 0), atttypid)), "
            "attnotnull, atthasdef OR attidentity <> '' "
            "FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid "
            f"WHERE attrelid = {_TABLE} AND attnum > 0 AND NOT attisdropped",
            (table, schema),
        )
        return {row[0]: _found(*row) for row in rows}

    async def row_key_problem(
        self, connection: Connection, table: str, column: str, schema: str | None = None
    ) -> str:
        found = await connection.rows(
            "SELECT 1 FROM pg_index "  # noqa: S608 - no name of anybody's
            "JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] "
            f"WHERE indrelid = {_TABLE} AND attname = $3 AND indisunique "
            "AND indisvalid AND indnkeyatts = 1 AND indpred IS NULL",
            (table, schema, column),
        )
        return "" if found else missing_key_problem(table, column)

    async def next_number(self, connection: Connection, sequence: Numbers) -> int:
        if sequence.native is not None:
            number, taken = 0, True
            while taken:
                given = (sequence.table, sequence.column, sequence.schema)
                ((number, taken),) = await connection.rows(sequence.native, given)
            if number is not None:
                return int(number)
        rows = await connection.rows(sequence.next, (sequence.key,))
        return int(rows[0][0])

    async def lock_schema(self, connection: Connection) -> None:
        await connection.rows("SELECT pg_advisory_lock($1)", (SCHEMA_LOCK,))

    async def unlock_schema(self, connection: Connection) -> None:
        await connection.rows("SELECT pg_advisory_unlock($1)", (SCHEMA_LOCK,))
