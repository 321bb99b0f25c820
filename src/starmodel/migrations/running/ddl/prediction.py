"""Predicts the names of constraints that recorded statements would lead to."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.difference import Difference
from starmodel.migrations.schema.editing import qualified_table


class PredictedCatalogue(Catalogue):
    """The catalogue as it would be after the differences whose statements were recorded."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._applied: list[Difference] = []
        self._labels: dict[str, list[str]] = {}

    def use(self, session: Session) -> None:
        """Read from another session of the same connection."""
        self._session = session

    def apply(self, difference: Difference) -> None:
        """Take the statements of a difference for executed."""
        self._applied.append(difference)
        for defined in difference.after:
            for column in defined.table.columns:
                enums = getattr(column.type, "enums", None)
                if enums and getattr(column.type, "name", None):
                    self._labels[str(column.type.name)] = list(enums)  # type: ignore[attr-defined]

    def labels(self, name: str) -> list[str]:
        return self._labels.get(name) or super().labels(name)

    def primary_key_name(self, table: str, schema: str | None = None) -> str | None:
        origin = self._origin(table, (), schema)
        return f"{table}_pkey" if origin is None else super().primary_key_name(origin[0], schema)

    def unique_name(
        self, table: str, columns: Sequence[str], schema: str | None = None
    ) -> str | None:
        origin = self._origin(table, columns, schema)
        if origin is not None:
            return super().unique_name(origin[0], origin[1], schema)
        if self._session.kind == "mysql":
            return columns[0]
        return f"{table}_{'_'.join(columns)}_key"

    def has_unique(self, table: str, columns: Sequence[str], schema: str | None = None) -> bool:
        return False  # it is asked before the constraint is added

    def foreign_key_name(
        self, table: str, columns: Sequence[str], schema: str | None = None
    ) -> str | None:
        origin = self._origin(table, columns, schema)
        if origin is not None:
            return super().foreign_key_name(origin[0], origin[1], schema)
        if self._session.kind == "mysql":
            return f"{table}_ibfk_1"
        return f"{table}_{'_'.join(columns)}_fkey"

    def has_constraint(self, table: str, name: str, schema: str | None = None) -> bool:
        return True

    def is_invalid_index(self, quoted_name: str) -> bool:
        return False

    def row_estimate(self, table: str, schema: str | None = None) -> int:
        origin = self._origin(table, (), schema)
        return 0 if origin is None else super().row_estimate(origin[0], schema)

    def index_columns(self, table: str, schema: str | None = None) -> dict[str, list[str]]:
        origin = self._origin(table, (), schema)
        if origin is None:
            return {}
        renamed = self._renamed(table, schema)
        return {
            renamed.get(name, name): [renamed.get(column, column) for column in columns]
            for name, columns in super().index_columns(origin[0], schema).items()
        }

    def _renamed(self, table: str, schema: str | None) -> dict[str, str]:
        """Return the present names of the columns of a table, by those in the database."""
        back: dict[str, str] = {}
        for difference in reversed(self._applied):
            for found in difference.tables:
                if (found.new.table.name, found.new.table.schema) == (table, schema):
                    table = found.old.table.name
                    for old, new in found.renamed:
                        back[old] = back.pop(new, new)
        return back

    def _origin(
        self, table: str, columns: Sequence[str], schema: str | None
    ) -> tuple[str, list[str]] | None:
        """Return the names in the database; None for a table or constraint that is new."""
        names = list(columns)
        for difference in reversed(self._applied):
            created = {qualified_table(made.definition) for made in difference.created}
            if (table if schema is None else f"{schema}.{table}") in created:
                return None
            for found in difference.tables:
                if (found.new.table.name, found.new.table.schema) != (table, schema):
                    continue
                added = [
                    [column.name for column in constraint.columns]
                    for constraint in found.added_constraints
                ]
                if names and names in added:
                    return None
                back = {new: old for old, new in found.renamed}
                names = [back.get(name, name) for name in names]
                table = found.old.table.name
        return table, names
