"""The table of one-time secrets, and its statements."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    case,
    delete,
    insert,
    select,
    update,
)

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.system.parts import PartStatements, given

PART = "one-time secrets"
SCHEMA = 1


class OneTimeTables(PartStatements):
    """Statements compiled for one dialect.

    `use` is one UPDATE, so the database decides which of several concurrent uses wins; the
    winner finds its own mark in the row.
    """

    def __init__(self, sql_dialect: SqlDialect) -> None:
        super().__init__(MetaData(), sql_dialect, PART, SCHEMA)
        text = sql_dialect.column_type(str, Text(), is_indexed=False)
        table = Table(
            "starmodel_one_time",
            self.metadata,
            Column("id", String(64), primary_key=True),
            Column("purpose", String(32), nullable=False),
            Column("subject", String(64), nullable=False, index=True),
            Column("code", String(64), nullable=False),
            Column("data", text, nullable=False),
            Column("created_at", Double, nullable=False),
            Column("expires_at", Double, nullable=False, index=True),
            Column("attempts", Integer, nullable=False),
            Column("used_at", Double),
            Column("used_by", String(32)),
            **sql_dialect.table_options,
        )
        fields = [table.c[name] for name in ("id", "purpose", "subject", "code", "data",
                                             "created_at", "expires_at")]  # fmt: skip
        now = given("now_", table.c.expires_at)
        is_asked = table.c.id == given("id_", table.c.id)
        is_valid = (
            (table.c.purpose == given("purpose_", table.c.purpose))
            & table.c.used_at.is_(None)
            & (table.c.expires_at > now)
        )
        fits = table.c.code == given("code_", table.c.code)

        self.remove = self.compiled(delete(table).where(is_asked))
        self.add = self.compiled(
            insert(table).values({c.name: given(f"{c.name}_", c) for c in fields} | {"attempts": 0})
        )
        self.find = self.compiled(select(*fields).where(is_asked, is_valid))
        self.use = self.compiled(
            update(table)
            .where(is_asked, is_valid, table.c.attempts < given("most_", table.c.attempts))
            .values(
                attempts=table.c.attempts + 1,
                used_at=case((fits, now)),
                used_by=case((fits, given("by_", table.c.used_by))),
            )
        )
        self.used = self.compiled(
            select(*fields).where(is_asked, table.c.used_by == given("by_", table.c.used_by))
        )
        self.revoke = self.compiled(
            delete(table).where(
                table.c.purpose == given("purpose_", table.c.purpose),
                table.c.subject == given("subject_", table.c.subject),
            )
        )
        self.sweep = self.compiled(delete(table).where(table.c.expires_at <= now))
