"""The statements on the table of command markers."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Float, Integer, MetaData, bindparam, delete, or_, select
from sqlalchemy.dialects.sqlite import insert

from starmodel.adapters.persistence.sql.statements import compile_sql
from starmodel.adapters.persistence.sql.tables import marker_table
from starmodel.app.ports import MARKER_TTL_S, Marker
from starmodel.core.errors import DuplicateCommandError

PURGED_AT_ONCE = 1000


class Markers:
    """Put, find and forget markers; those older than a day count as gone."""

    def __init__(self, metadata: MetaData) -> None:
        table = marker_table(metadata)
        put = insert(table)
        stale = table.c.at <= bindparam("stale_", type_=Float)
        replaceable = or_(table.c.command == put.excluded.command, stale)
        names = ("digest", "command", "at", "outcome")
        self.put_sql = compile_sql(
            put.on_conflict_do_update(
                index_elements=[table.c.key],
                set_={name: put.excluded[name] for name in names},
                where=replaceable,
            )
        ).sql
        key = table.c.key == bindparam("key_")
        self.get_sql = compile_sql(
            select(table).where(key, table.c.at > bindparam("stale_", type_=Float))
        ).sql
        self.forget_sql = compile_sql(
            delete(table).where(key, table.c.command == bindparam("command_"))
        ).sql
        some = select(table.c.key).where(stale).limit(bindparam("limit_", type_=Integer))
        self.any_stale = compile_sql(some)
        self.purge = compile_sql(delete(table).where(table.c.key.in_(some)))

    def put(self, connection: sqlite3.Connection, marker: Marker, now: float) -> None:
        """Insert it, or replace one of the same run. Raises: DuplicateCommandError."""
        row = (marker.key, marker.digest, marker.command, marker.at, marker.outcome)
        if connection.execute(self.put_sql, (*row, now - MARKER_TTL_S)).rowcount != 1:
            raise DuplicateCommandError(marker.key)
