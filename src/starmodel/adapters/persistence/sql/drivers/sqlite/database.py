"""Configures connections to one SQLite database."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Index, MetaData
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoReferencedTableError
from sqlalchemy.schema import CreateIndex, CreateTable

from starmodel.adapters.persistence.sql.dialects.codecs import SCALARS
from starmodel.adapters.persistence.sql.dialects.sqlite import (
    DECIMAL_ORDER,
    ISO,
    LOWER,
    SUM,
    SqliteDialect,
)
from starmodel.adapters.persistence.sql.drivers.sqlite.file import SqliteFile
from starmodel.adapters.persistence.sql.schema.creation_order import creation_order
from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable
from starmodel.adapters.persistence.sql.schema.existing.checks import (
    check_columns,
    check_row_key,
    missing_key_problem,
)
from starmodel.adapters.persistence.sql.schema.existing.found_columns import (
    FoundColumn,
    FoundColumns,
)
from starmodel.core.errors import ConfigurationError

DIALECT = SqliteDialect.sqlalchemy
_quote = DIALECT.identifier_preparer.quote_identifier


class SqliteDatabase:
    """A database file in WAL mode; `sqlite://` is a private file that `close` removes."""

    def __init__(self, url: URL, synchronous: Literal["NORMAL", "FULL"]) -> None:
        if synchronous not in ("NORMAL", "FULL"):
            raise ConfigurationError(
                f"synchronous is {synchronous!r}; expected 'NORMAL' or 'FULL'."
            )
        self._url, self._synchronous = url, synchronous
        self._private: str | None = None

    def connect(self, timeout_s: float) -> sqlite3.Connection:
        """Open a connection in autocommit mode that any thread may use.

        Units: timeout_s limits the wait of a statement for the lock of another process.
        Raises: ConfigurationError, when the file can't be opened.
        """
        try:
            return self._connect(timeout_s)
        except sqlite3.Error as error:
            raise ConfigurationError(
                f"The database {self.name} can't be opened: {error}. Its folder must exist and "
                "be writable, and the file must be SQLite's."
            ) from error

    @property
    def name(self) -> str:
        """The file name for messages."""
        return self._url.database or "in memory"

    def file_check(self, connection: sqlite3.Connection) -> Callable[[], None]:
        """Return a callback that raises StoreUnavailableError once the file is deleted or replaced.

        A private file is not checked, since no other process has its path.
        """
        return (lambda: None) if self._private is not None else SqliteFile(connection).check

    def close(self) -> None:
        """Remove the private file, if any; every connection must be closed first."""
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)
            self._private = None

    def _connect(self, timeout_s: float) -> sqlite3.Connection:
        if self._url.database in (None, "", ":memory:"):
            # Readers and the writer need a database that they can lock separately: SQLite's shared
            # in-memory databases don't support that, a file does.
            if self._private is None:
                self._private = tempfile.mkdtemp(prefix="starmodel-")
            where, options = str(Path(self._private) / "memory.db"), dict[str, Any]()
        else:
            (where,), given = DIALECT.create_connect_args(self._url)
            options = dict(given)
        options |= {"timeout": timeout_s, "isolation_level": None, "check_same_thread": False}
        connection: sqlite3.Connection = sqlite3.connect(where, cached_statements=256, **options)
        with contextlib.ExitStack() as opened:
            opened.callback(connection.close)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(
                f"PRAGMA synchronous={'OFF' if self._private else self._synchronous}"
            )
            connection.execute("PRAGMA foreign_keys=ON")
            connection.create_collation(DECIMAL_ORDER, _compare_decimals)
            connection.create_function(LOWER, 1, _lower, deterministic=True)
            connection.create_function(ISO, 2, _iso, deterministic=True)
            connection.create_aggregate(SUM, 1, _Sum)
            opened.pop_all()
        return connection


def create_tables(
    connection: sqlite3.Connection, metadata: MetaData, tables: Collection[EntityTable]
) -> None:
    """Create missing tables; never alter an existing one.

    Raises: ConfigurationError, naming the table and its missing columns.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        add_tables(connection, metadata, tables)
        connection.execute("COMMIT")
    except BaseException as error:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise ConfigurationError(f"The SQL tables can't be created: {error}") from error
        raise


def add_tables(
    connection: sqlite3.Connection, metadata: MetaData, tables: Collection[EntityTable]
) -> None:
    """Create missing tables in the transaction that is open. Raises: as `create_tables`."""
    for mapped in tables:
        check_columns(mapped, columns_of(connection, mapped.table.name), DIALECT)
        if not mapped.versioned:
            check_row_key(
                mapped, _row_key_problem(connection, mapped.table.name, mapped.key.column.name)
            )
    external_tables = {mapped.table for mapped in tables if not mapped.versioned}
    try:
        for table, _ in creation_order(metadata.tables.values())[0]:
            if table in external_tables:
                continue
            connection.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=DIALECT)))
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                connection.execute(_index(index))
    except (NoReferencedTableError, sqlite3.Error) as error:
        raise ConfigurationError(f"The SQL tables can't be created: {error}") from error


def columns_of(connection: sqlite3.Connection, table: str) -> FoundColumns:
    """Return the columns of a table, empty when missing. SQLite's column types mean little."""
    rows = connection.execute(
        'SELECT name, hidden, type, "notnull", dflt_value IS NOT NULL OR hidden > 1 '
        "OR (pk > 0 AND upper(type) = 'INTEGER') FROM pragma_table_xinfo(?) WHERE hidden <> 1",
        (table,),
    ).fetchall()
    names = ", ".join(_quote(name) for name, *_ in rows)
    sample = None
    if rows:
        query = f"SELECT {names} FROM {_quote(table)} LIMIT 1"  # noqa: S608 - quoted names
        sample = connection.execute(query).fetchone()
    sample = sample or (None,) * len(rows)
    return {
        name: FoundColumn(
            generated=hidden > 1,
            length=_length(entity_type),
            sample=value,
            declared=entity_type,
            not_null=bool(not_null),
            has_default=bool(has_default),
        )
        for (name, hidden, entity_type, not_null, has_default), value in zip(
            rows, sample, strict=True
        )
    }


def _length(entity_type: str) -> int | None:
    found = re.search(r"\((\d+)\)", entity_type)
    return int(found[1]) if found else None


def _row_key_problem(connection: sqlite3.Connection, table: str, column: str) -> str:
    """Explain why this column can't serve as the key of rows; "" when it can."""
    keys = connection.execute(
        "SELECT group_concat(name) FROM pragma_table_info(?) WHERE pk > 0 UNION ALL "
        "SELECT (SELECT group_concat(name) FROM pragma_index_info(made.name)) "
        'FROM pragma_index_list(?) AS made WHERE "unique" AND NOT partial',
        (table, table),
    ).fetchall()
    names = {str(name).lower() for (name,) in keys}
    return "" if column.lower() in names else missing_key_problem(table, column)


def _index(index: Index) -> str:
    return str(CreateIndex(index, if_not_exists=True).compile(dialect=DIALECT))


def _compare_decimals(a: str, b: str) -> int:
    try:
        return int(decimal.Decimal(a).compare(decimal.Decimal(b)))
    except (decimal.InvalidOperation, ValueError):
        return (a > b) - (a < b)


_KINDS = {
    kind.__name__: SCALARS[kind] for kind in (datetime.datetime, datetime.date, datetime.time)
}


def _iso(kind: str, value: Any) -> Any:
    """Convert to our text of a date, time or datetime; return other values unchanged."""
    codec = _KINDS[kind]
    try:
        return value if codec.decode is None else codec.encode(codec.decode(value))
    except (AttributeError, ArithmeticError, TypeError, ValueError):
        return value


class _Sum:
    """The aggregate function SUM: the total as text, None without values."""

    def __init__(self) -> None:
        self._total: decimal.Decimal | None = None

    def step(self, value: Any = None, /) -> None:
        if value is not None:
            made = decimal.Decimal(str(value))
            self._total = made if self._total is None else _EXACT.add(self._total, made)

    def finalize(self) -> Any:
        return None if self._total is None else f"{self._total:f}"


_EXACT = decimal.Context(prec=200)


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text
