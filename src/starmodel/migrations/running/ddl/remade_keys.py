"""Foreign keys that MySQL and MariaDB need to be made again, because their columns change.

The databases refuse to change the type of a column that a foreign key contains or refers to.
"""

from __future__ import annotations

from collections.abc import Iterator

from starmodel.migrations.running.ddl.difference import (
    Difference,
    TableDifference,
    constraint_of,
    without_null,
)
from starmodel.migrations.schema.definitions import ForeignKeyDefinition
from starmodel.migrations.schema.editing import qualified_table
from starmodel.migrations.schema.tables import DefinedTable


def remake_keys(found: Difference) -> None:
    """Let a difference drop and add the foreign keys of columns whose type changes."""
    retyped = {
        qualified_table(table.new.definition): {
            change.new.name
            for change in table.changed
            if without_null(change.old_sql) != without_null(change.new_sql)
        }
        for table in found.tables
    }
    if not any(retyped.values()):
        return
    tables = {table.new.definition.id: table for table in found.tables}
    olds = {entity.id: entity for entity in found.before.definitions.values()}
    for entity in found.after.definitions.values():
        earlier = olds.get(entity.id)
        if earlier is None or entity.external or not entity.foreign_keys:
            continue
        old, new = found.before[earlier.name], found.after[entity.name]
        for before, after in _kept_keys(tables.get(entity.id), old, new):
            own = retyped.get(qualified_table(entity), set())
            theirs = retyped.get(after.target, set())
            if own.isdisjoint(after.columns) and theirs.isdisjoint(after.target_columns):
                continue
            if entity.id not in tables:
                tables[entity.id] = TableDifference(old, new)
                found.tables.append(tables[entity.id])
            table = tables[entity.id]
            table.dropped_constraints.append(before)
            table.added_constraints.append(constraint_of(new.table, after))


def _kept_keys(
    table: TableDifference | None, old: DefinedTable, new: DefinedTable
) -> Iterator[tuple[ForeignKeyDefinition, ForeignKeyDefinition]]:
    """Yield the foreign keys that stay, as they are before and after."""
    dropped = [] if table is None else table.dropped_constraints
    added = [] if table is None else table.added_constraints
    before = [key for key in old.definition.foreign_keys if key not in dropped]
    after = [
        key for key in new.definition.foreign_keys if constraint_of(new.table, key) not in added
    ]
    ids = {field.column: field.id for field in old.definition.fields}
    present = {field.id: field.column for field in new.definition.fields}
    by_columns = {key.columns: key for key in after}
    for key in before:
        columns = tuple(present.get(ids.get(column, ""), "") for column in key.columns)
        if columns in by_columns:
            yield key, by_columns[columns]
