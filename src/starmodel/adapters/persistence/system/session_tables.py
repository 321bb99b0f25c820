"""The tables of server-side sessions, and their statements."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

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

SESSIONS = "starmodel_session"


class Upgrade(NamedTuple):
    """The statements that migrate the tables to one schema version from the one before it.

    Shapes: column exists once they have run; mysql is one statement, since MySQL and MariaDB
    commit each DDL statement.
    """

    column: str
    statements: tuple[str, ...]
    mysql: str


SCHEMA = 3
"""The current schema version; raised together with a migration in UPGRADES."""
UPGRADES = {
    2: Upgrade(
        "actor_key",
        (
            f"ALTER TABLE {SESSIONS} ADD COLUMN actor_key VARCHAR(64)",
            f"ALTER TABLE {SESSIONS} ADD COLUMN device VARCHAR(200) NOT NULL DEFAULT ''",
            f"ALTER TABLE {SESSIONS} ADD COLUMN address VARCHAR(64) NOT NULL DEFAULT ''",
            f"CREATE INDEX ix_{SESSIONS}_actor_key ON {SESSIONS} (actor_key)",
        ),
        f"ALTER TABLE {SESSIONS} ADD COLUMN actor_key VARCHAR(64), "
        "ADD COLUMN device VARCHAR(200) NOT NULL DEFAULT '', "
        "ADD COLUMN address VARCHAR(64) NOT NULL DEFAULT '', "
        f"ADD INDEX ix_{SESSIONS}_actor_key (actor_key)",
    ),
    3: Upgrade(
        "confirmed_at",
        (f"ALTER TABLE {SESSIONS} ADD COLUMN confirmed_at DOUBLE PRECISION NOT NULL DEFAULT 0",),
        f"ALTER TABLE {SESSIONS} ADD COLUMN confirmed_at DOUBLE NOT NULL DEFAULT 0",
    ),
}
PART = "sessions"
SWEEP_BATCH = 500
UNKEYED_BATCH = 500
MAX_DEVICE_CHARS, MAX_ADDRESS_CHARS = 200, 64


def actor_key(actor_id: str) -> str:
    """The indexed key of an actor; ids of actors have no limit of length."""
    return hashlib.sha256(actor_id.encode("utf-8", "surrogatepass")).hexdigest()


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
            # Null in rows of earlier versions of StarModel, "" without an actor.
            Column("actor_key", String(64), index=True),
            Column("device", String(MAX_DEVICE_CHARS), nullable=False, server_default=""),
            Column("address", String(MAX_ADDRESS_CHARS), nullable=False, server_default=""),
            Column("confirmed_at", Double, nullable=False, server_default="0"),
            **sql_dialect.table_options,
        )

        def compiled(statement: Any) -> Any:
            return compile_sql(statement, sql_dialect.sqlalchemy)

        def given(name: str, column: Column[Any]) -> Any:
            return bindparam(name, type_=column.type)

        mine = system.c.part == PART
        revision = select(system.c.revision).where(mine).scalar_subquery()
        fields = [column for column in table.c if column.name not in ("revision", "actor_key")]
        key = given("actor_key_", table.c.actor_key)
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
                | {"revision": revision, "actor_key": key}
            )
        )
        self.of_actor = compiled(
            select(*fields)
            .where(table.c.actor_key == key, is_valid)
            .order_by(table.c.created_at.desc(), table.c.id)
        )
        self.update = compiled(
            update(table)
            .where(table.c.id == id, is_valid)
            .values(
                actor=given("actor_", table.c.actor),
                ended_at=given("ended_at_", table.c.ended_at),
                revision=revision,
            )
        )
        self.unkeyed = compiled(
            select(table.c.id, table.c.actor)
            .where(table.c.actor_key.is_(None), is_valid)
            .limit(UNKEYED_BATCH)
        )
        self.set_key = compiled(update(table).where(table.c.id == id).values(actor_key=key))
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
