"""The tables of server-side sessions, and their statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    MetaData,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from starmodel.adapters.persistence.sql.compiled_sql import compile_sql
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.system.parts import insert_once, system_table

SCHEMA = 1
"""The current schema version; raised together with a migration in UPGRADES."""
UPGRADES: dict[int, tuple[str, ...]] = {}
"""The migration statements to each schema version from the one before it."""
SESSIONS = "starmodel_session"
PART = "sessions"
SWEEP_BATCH = 500


class SessionTables:
    """Statements compiled for one dialect.

    Every write first increments the revision, whose row stays locked until
    the commit: revisions become visible in order.
    """

    def __init__(self, sql_dialect: SqlDialect) -> None:
        self.metadata = MetaData()
        text = sql_dialect.column_type(str, Text(), is_indexed=False)
        system = self._system = system_table(self.metadata, sql_dialect)
        table = Table(
            SESSIONS,
            self.metadata,
            Column("id", String(64), primary_key=True),
            Column("visitor", String(64), nullable=False, index=True),
            Column("actor", text),
            Column("provider", String(64), nullable=False),
            Column("created_at", Double, nullable=False, index=True),
            Column("seen_at", Double, nullable=False, index=True),
            Column("ended_at", Double, index=True),
            Column("revision", BigInteger, nullable=False, index=True),
            **sql_dialect.table_options,
        )

        def compiled(statement: Any) -> Any:
            return compile_sql(statement, sql_dialect.sqlalchemy)

        def given(name: str, column: Column[Any]) -> Any:
            return bindparam(name, type_=column.type)

        mine = system.c.part == PART
        revision = select(system.c.revision).where(mine).scalar_subquery()
        fields = [column for column in table.c if column.name != "revision"]
        id, now = given("id_", table.c.id), given("now_", table.c.ended_at)
        is_valid = table.c.ended_at.is_(None)
        expired = and_(
            is_valid,
            or_(
                table.c.seen_at < given("idle_", table.c.seen_at),
                table.c.created_at < given("absolute_", table.c.created_at),
            ),
        )
        end = update(table).values(ended_at=now, revision=revision)
        visitor = table.c.visitor == given("visitor_", table.c.visitor)

        self.register = compiled(insert_once(system, sql_dialect, PART, SCHEMA))
        self.schema = compiled(select(system.c.schema_number, system.c.revision).where(mine))
        self.set_schema = compiled(update(system).where(mine).values(schema_number=SCHEMA))
        self.raise_revision = compiled(
            update(system).where(mine).values(revision=system.c.revision + 1)
        )
        self.find = compiled(select(*fields).where(table.c.id == id))
        self.latest = compiled(
            select(*fields).where(visitor).order_by(table.c.created_at.desc()).limit(1)
        )
        self.end_all = compiled(end.where(visitor, is_valid))
        self.remove = compiled(delete(table).where(table.c.id == id))
        self.add = compiled(
            insert(table).values(
                {column.name: given(f"{column.name}_", column) for column in fields}
                | {"revision": revision}
            )
        )
        self.changes = compiled(
            select(*fields)
            .where(
                table.c.revision > given("since_", table.c.revision),
                table.c.revision <= given("until_", table.c.revision),
            )
            .order_by(table.c.revision, table.c.created_at)
        )
        self.touch = compiled(
            update(table)
            .where(table.c.id == id, is_valid)
            .values(seen_at=given("seen_at_", table.c.seen_at))
        )
        self.expired = compiled(select(table.c.id).where(expired).limit(SWEEP_BATCH))
        self.end_expired = compiled(end.where(table.c.id == id, expired))
        self.purge = compiled(
            delete(table).where(table.c.ended_at < given("ended_before_", table.c.ended_at))
        )
