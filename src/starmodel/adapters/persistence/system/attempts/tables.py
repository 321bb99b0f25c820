"""The table of attempts, and its statements."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    case,
    delete,
    select,
    update,
)

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.system.parts import PartStatements, given, insert_or_skip

PART = "attempts"
SCHEMA = 1


class AttemptTables(PartStatements):
    """Statements compiled for one dialect.

    `count` is a compare-and-swap: every write sets a new `changed_by`, and counts only where it
    still finds the one that was read.
    """

    def __init__(self, sql_dialect: SqlDialect) -> None:
        super().__init__(MetaData(), sql_dialect, PART, SCHEMA)
        table = Table(
            "starmodel_attempt",
            self.metadata,
            Column("id", String(64), primary_key=True),
            Column("count", BigInteger, nullable=False),
            Column("free_at", Double, nullable=False),
            Column("last_at", Double, nullable=False, index=True),
            Column("changed_by", String(32), nullable=False),
            **sql_dialect.table_options,
        )
        is_asked = table.c.id == given("id_", table.c.id)
        written = {
            name: given(f"{name}_", table.c[name])
            for name in ("count", "free_at", "last_at", "changed_by")
        }
        before = given("before_", table.c.last_at)
        self.add = self.compiled(
            insert_or_skip(table, sql_dialect, {"id": given("id_", table.c.id), **written})
        )
        self.find = self.compiled(
            select(table.c.count, table.c.free_at, table.c.last_at, table.c.changed_by).where(
                is_asked
            )
        )
        self.count = self.compiled(
            update(table)
            .where(is_asked, table.c.changed_by == given("was_", table.c.changed_by))
            .values(written)
        )
        self.forgive = self.compiled(
            update(table)
            .where(is_asked)
            .values(
                count=case((table.c.count > 0, table.c.count - 1), else_=0),
                free_at=0.0,
                changed_by=written["changed_by"],
            )
        )
        self.clear = self.compiled(delete(table).where(is_asked))
        self.sweep = self.compiled(delete(table).where(table.c.last_at < before))
        most = given("most_", Column("most", Integer))
        newest = select(table.c.last_at).order_by(table.c.last_at.desc())
        self.newest_dropped = self.compiled(newest.limit(1).offset(most))
        self.drop = self.compiled(delete(table).where(table.c.last_at <= before))
