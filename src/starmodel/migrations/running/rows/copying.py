"""Copies the values of one column to another, inside the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.migrations.running.rows.sql_conversions import ColumnPair
from starmodel.migrations.running.rows.table import RowTable
from starmodel.migrations.running.rows.works import RowWork
from starmodel.migrations.steps.values import UNSET


@dataclass(frozen=True)
class Copy(RowWork):
    """Copy a column where the other one differs, at the same version of the row.

    One statement reads and writes a batch, so that no concurrent change is lost.

    Shapes: source and target are names of fields; between two types the values are converted.
    is_forward, the source is the old field of a mirror; on_error is that of its `MirrorField`.
    """

    source: str
    target: str
    on_error: Any = UNSET
    is_forward: bool = True

    def describe(self) -> str:
        return f"Copy {self.entity}.{self.source} to {self.target}"

    def batch(self, table: RowTable, after: Any) -> list[Sequence[Any]]:
        source, target = table.column(self.source), table.column(self.target)
        pair = self.pair(table)
        made = (pair.to_new if self.is_forward else pair.to_old).of(source)
        names = (source, target) if self.is_forward else (target, source)
        rows = table.batch([], after, where=pair.unequal(*names))
        if rows:
            key = table.session.quote(table.key.column.name)
            marks = ", ".join(table.placeholder(number + 1) for number in range(len(rows)))
            table.session.execute(
                f"UPDATE {table.name} SET {target} = {made} WHERE {key} IN ({marks})",  # noqa: S608
                [row[0] for row in rows],
            )
        return rows

    def pair(self, table: RowTable) -> ColumnPair:
        """Return the two columns."""
        names = (self.source, self.target) if self.is_forward else (self.target, self.source)
        old, new = (table.fields[name] for name in names)
        return ColumnPair(old, new, table.session.sql_dialect, self.on_error)
