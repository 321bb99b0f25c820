"""Copies the values of one column to another, inside the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.migrations.running.rows.table import RowTable
from starmodel.migrations.running.rows.works import RowWork


@dataclass(frozen=True)
class Copy(RowWork):
    """Copy a column where the other one differs, at the same version of the row.

    One statement reads and writes a batch, so that no concurrent change is lost.

    Shapes: source and target are names of fields.
    """

    source: str
    target: str

    def describe(self) -> str:
        return f"Copy {self.entity}.{self.source} to {self.target}"

    def batch(self, table: RowTable, after: Any) -> list[Sequence[Any]]:
        source, target = table.column(self.source), table.column(self.target)
        rows = table.batch([], after, where=self._differ(table, source, target))
        if rows:
            key = table.session.quote(table.key.column.name)
            marks = ", ".join(table.placeholder(number + 1) for number in range(len(rows)))
            table.session.execute(
                f"UPDATE {table.name} SET {target} = {source} WHERE {key} IN ({marks})",  # noqa: S608
                [row[0] for row in rows],
            )
        return rows

    def _differ(self, table: RowTable, source: str, target: str) -> str:
        if table.session.kind == "mysql":
            return f"NOT (BINARY {source} <=> BINARY {target})"
        if table.session.kind == "sqlite":
            return f"{source} IS NOT {target}"
        text = "::TEXT" if table.fields[self.source].definition.type.kind == "json" else ""
        return f"{source}{text} IS DISTINCT FROM {target}{text}"
