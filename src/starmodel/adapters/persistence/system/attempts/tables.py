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

    `count` is a compare-and-swap: every write puts a mark of its own before those of the last
    writes, and takes place only where it still finds the marks that were read. A writer finds its
    mark also after others have written.
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
            Column("marks", String(240), nullable=False),
            **sql_dialect.table_options,
        )
        is_asked = table.c.id == given("id_", table.c.id)
        written = {
            name: given(f"{name}_", table.c[name])
            for name in ("count", "free_at", "last_at", "marks")
        }
        before = given("before_", table.c.last_at)
        self.add = self.compiled(
            insert_or_skip(table, sql_dialect, {"id": given("id_", table.c.id), **written})
        )
        self.find = self.compiled(
            select(table.c.count, table.c.free_at, table.c.last_at, table.c.marks).where(is_asked)
        )
        self.count = self.compiled(
            update(table)
            .where(is_asked, table.c.marks == given("was_", table.c.marks))
            .values(written)
        )
        self.clear = self.compiled(delete(table).where(is_asked))
        self.sweep = self.compiled(delete(table).where(table.c.last_at < before))
        most = given("most_", Column("most", Integer))
        newest = select(table.c.last_at).order_by(table.c.last_at.desc())
        self.newest_dropped = self.compiled(newest.limit(1).offset(most))
        self.drop = self.compiled(delete(table).where(table.c.last_at <= before))
