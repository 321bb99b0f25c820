"""A view under the former name of a table."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.running.programs.program import Program


@dataclass(frozen=True)
class Alias(Program):
    """A view with the columns of the table, through which PostgreSQL and MariaDB write rows.

    None on SQLite: triggers would write there, and sqlite3_changes() doesn't count their rows.

    Shapes: name is the former name of the table.
    """

    name: str

    def creation(self, sql_dialect: SqlDialect) -> list[str]:
        if sql_dialect.sqlalchemy.name == "sqlite":
            return []
        preparer = sql_dialect.sqlalchemy.identifier_preparer
        table = self.defined(sql_dialect).table
        columns = ", ".join(preparer.quote(column.name) for column in table.columns)
        rows = f"SELECT {columns} FROM {preparer.format_table(table)}"  # noqa: S608 - quoted names
        return [f"CREATE OR REPLACE VIEW {self._name(sql_dialect)} AS {rows}"]

    def removal(self, sql_dialect: SqlDialect) -> list[str]:
        if sql_dialect.sqlalchemy.name == "sqlite":
            return []
        return [f"DROP VIEW IF EXISTS {self._name(sql_dialect)}"]

    def _name(self, sql_dialect: SqlDialect) -> str:
        quote = sql_dialect.sqlalchemy.identifier_preparer.quote
        schema = self.schema.entity(self.entity).schema_name
        return quote(self.name) if schema is None else f"{quote(schema)}.{quote(self.name)}"
