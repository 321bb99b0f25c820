"""Statements on the table of idempotency markers."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Double, Integer, MetaData, Table, bindparam, delete, or_, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects import postgresql, sqlite

from starmodel.adapters.persistence.sql.compiled_sql import Row, compile_sql
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.write.marker_table import MAX_MARKER_CHARS, marker_table
from starmodel.adapters.persistence.sql.write.single_statement import MarkedChanges
from starmodel.app.ports.repository import MARKER_TTL_S, Marker

PURGE_BATCH = 1000
_NAMES = ("digest", "command", "at", "outcome")


class Markers:
    """SQL to insert, find and delete markers; a marker expires after a day.

    Shapes: put_sql takes `put_params` and changes one row, or none when another
    run's marker has the key. On a database without such a statement (put_sql
    is None), insert_sql takes the marker alone, and after a unique violation
    replace takes `replace_params`. with_change combines a marker with a change in one
    statement, on databases that support it.
    """

    def __init__(self, metadata: MetaData, sql_dialect: SqlDialect) -> None:
        table = marker_table(metadata, sql_dialect)

        def compiled(statement: Any) -> Any:
            return compile_sql(statement, sql_dialect.sqlalchemy)

        stale = table.c.at <= bindparam("stale_", type_=Double)
        key = table.c.key == bindparam("key_", type_=table.c.key.type)
        self.put_sql = _put(table, sql_dialect, stale)
        self.with_change: MarkedChanges | None = None
        if sql_dialect.sqlalchemy.name == "postgresql":
            self.with_change = MarkedChanges(table, sql_dialect)
        self.insert_sql = compiled(plain_insert(table)).sql
        self.replace = compiled(
            update(table)
            .ordered_values(*((table.c[n], bindparam(f"{n}_")) for n in _NAMES))
            .where(key, or_(table.c.command == bindparam("command_again"), stale))
        )
        self.get_sql = compiled(
            select(table).where(key, table.c.at > bindparam("stale_", type_=Double))
        ).sql
        self.forget_sql = compiled(
            delete(table).where(key, table.c.command == bindparam("command_"))
        ).sql
        some = select(table.c.key).where(stale).limit(bindparam("limit_", type_=Integer))
        self.any_stale = compiled(some)
        self.purge = compiled(delete(table).where(table.c.key.in_(some)))
        self.purge_all = compiled(delete(table).where(stale)).sql

    def put_params(self, marker: Marker, now: float) -> Row:
        """Return the parameters of `put_sql`."""
        return (
            self.stored_key(marker.key), marker.digest, marker.command, marker.at, marker.outcome,
            now - MARKER_TTL_S,
        )  # fmt: skip

    def replace_params(self, marker: Marker, now: float) -> Row:
        """Return the parameters of `replace`."""
        return self.replace.params(  # type: ignore[no-any-return]
            {
                "key_": self.stored_key(marker.key),
                "digest_": marker.digest,
                "command_": marker.command,
                "at_": marker.at,
                "outcome_": marker.outcome,
                "command_again": marker.command,
                "stale_": now - MARKER_TTL_S,
            }
        )

    @staticmethod
    def stored_key(key: str) -> str:
        """Return the key as stored: a key that an index can't hold is replaced by its hash."""
        if len(key) <= MAX_MARKER_CHARS and "\0" not in key:
            return key
        return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def _put(table: Table, sql_dialect: SqlDialect, stale: Any) -> str | None:
    dialects: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    if sql_dialect.sqlalchemy.name not in dialects:
        return None
    put = dialects[sql_dialect.sqlalchemy.name](table)
    statement = put.on_conflict_do_update(
        index_elements=[table.c.key],
        set_={name: put.excluded[name] for name in _NAMES},
        where=or_(table.c.command == put.excluded.command, stale),
    )
    return compile_sql(statement, sql_dialect.sqlalchemy).sql
