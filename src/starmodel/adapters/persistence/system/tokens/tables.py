"""The table of bearer tokens, and its statements."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.system.parts import PartStatements, given

PART = "tokens"
SCHEMA = 1
TABLE = "starmodel_token"
FIELDS = ("id", "actor", "name", "grants", "created_at", "expires_at", "used_at", "ended_at")


class TokenTables(PartStatements):
    """Statements compiled for one dialect.

    Every change first increments the revision, whose row stays locked until the commit:
    revisions become visible in order.
    """

    def __init__(self, sql_dialect: SqlDialect) -> None:
        super().__init__(MetaData(), sql_dialect, PART, SCHEMA)
        text = sql_dialect.column_type(str, Text(), is_indexed=False)
        table = Table(
            TABLE,
            self.metadata,
            Column("id", String(64), primary_key=True),
            Column("owner", String(64), nullable=False, index=True),
            Column("actor", text, nullable=False),
            Column("name", text, nullable=False),
            Column("grants", text, nullable=False),
            Column("created_at", Double, nullable=False),
            Column("expires_at", Double, nullable=False, index=True),
            Column("used_at", Double),
            Column("ended_at", Double, index=True),
            Column("revision", BigInteger, nullable=False, index=True),
            **sql_dialect.table_options,
        )
        fields = [table.c[name] for name in FIELDS]
        revision = select(self.system.c.revision).where(self.is_part).scalar_subquery()
        is_asked = table.c.id == given("id_", table.c.id)
        is_valid = table.c.ended_at.is_(None)

        self.add = self.compiled(
            insert(table).values(
                {c.name: given(f"{c.name}_", c) for c in [*fields, table.c.owner]}
                | {"revision": revision}
            )
        )
        self.remove = self.compiled(delete(table).where(is_asked))
        self.find = self.compiled(select(*fields).where(is_asked))
        self.of_owner = self.compiled(
            select(*fields)
            .where(table.c.owner == given("owner_", table.c.owner), is_valid)
            .order_by(table.c.created_at.desc())
        )
        self.change = self.compiled(
            update(table)
            .where(is_asked, is_valid)
            .values(
                actor=given("actor_", table.c.actor),
                ended_at=given("ended_at_", table.c.ended_at),
                revision=revision,
            )
        )
        self.changes = self.compiled(
            select(*fields)
            .where(
                table.c.revision > given("since_", table.c.revision),
                table.c.revision <= given("until_", table.c.revision),
            )
            .order_by(table.c.revision)
        )
        self.touch = self.compiled(
            update(table).where(is_asked).values(used_at=given("used_at_", table.c.used_at))
        )
        before = given("before_", table.c.ended_at)
        self.sweep = self.compiled(
            delete(table).where(or_(table.c.ended_at < before, table.c.expires_at < before))
        )
