"""The table of saved views, and its statements."""

from __future__ import annotations

from sqlalchemy import Column, Double, MetaData, String, Table, Text, delete, insert, select, update

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.system.parts import PartStatements, given
from starmodel.app.ports.saved_views import SavedView

PART, SCHEMA = "saved views", 1
TABLE = "starmodel_saved_view"


class SavedViewTables(PartStatements):
    """Statements compiled for one dialect."""

    def __init__(self, sql_dialect: SqlDialect) -> None:
        super().__init__(MetaData(), sql_dialect, PART, SCHEMA)
        text = sql_dialect.column_type(str, Text(), is_indexed=False)
        table = Table(
            TABLE,
            self.metadata,
            Column("id", String(32), primary_key=True),
            Column("owner", String(64), nullable=False, index=True),
            Column("entity", text, nullable=False),
            Column("name", text, nullable=False),
            Column("question", text, nullable=False),
            Column("created_at", Double, nullable=False),
            **sql_dialect.table_options,
        )
        fields = [table.c[name] for name in SavedView._fields]
        owned = table.c.owner == given("owner_", table.c.owner)
        mine = (table.c.id == given("id_", table.c.id)) & owned
        self.of = self.compiled(
            select(*fields)
            .where(owned, table.c.entity == given("entity_", table.c.entity))
            .order_by(table.c.created_at, table.c.id)
        )
        self.add = self.compiled(
            insert(table).values({c.name: given(f"{c.name}_", c) for c in fields})
        )
        self.rename = self.compiled(
            update(table).where(mine).values(name=given("name_", table.c.name))
        )
        self.remove = self.compiled(delete(table).where(mine))
