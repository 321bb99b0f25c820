"""DDL of MySQL and MariaDB, where each statement commits by itself.

Each statement is atomic. After an interruption the clauses that have taken effect are left out, as
far as the names in the database show it; the others may run twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table
from sqlalchemy.schema import UniqueConstraint

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.creation_order import creation_order
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.clauses import (
    column_clause,
    constraint_clause,
    create_index,
    create_table,
    is_version,
    quoted,
    table_name,
)
from starmodel.migrations.running.ddl.difference import (
    Difference,
    SqlConstraint,
    TableDifference,
    without_null,
)
from starmodel.migrations.running.ddl.remade_keys import remake_keys
from starmodel.migrations.schema.definitions import (
    CheckDefinition,
    Constraint,
    ForeignKeyDefinition,
)
from starmodel.migrations.schema.tables import DefinedTable

LOCK_NONE = ", LOCK=NONE"
"""Makes a statement fail where the database would keep writers away from the table."""


class MysqlDdl:
    """Returns the statements of a difference, in an order in which they can run.

    Shapes: resuming, some of the statements may have run already.
    """

    def __init__(
        self, sql_dialect: SqlDialect, catalogue: Catalogue, *, resuming: bool = False
    ) -> None:
        self._dialect, self._catalogue, self._resuming = sql_dialect, catalogue, resuming

    def statements(self, found: Difference) -> Iterator[str]:
        """Yield the statements, each when those before it have run."""
        remake_keys(found)
        for table in found.tables:
            yield from self._clauses(self._present(table), self._dropped_keys(table))
        for dropped in found.dropped:
            if not self._resuming or self._has(dropped.table):
                yield f"DROP TABLE {table_name(dropped.table, self._dialect)}"
        for table in found.tables:
            old, new = table.old.table, table.new.table
            if table.is_renamed and not (self._resuming and self._has(new)):
                yield (
                    f"ALTER TABLE {table_name(old, self._dialect)} "
                    f"RENAME TO {table_name(new, self._dialect)}"
                )
        yield from self._create(found)
        for table in found.tables:
            yield from self._alter(table)
        for table in found.tables:
            keys = [c for c in table.added_constraints if isinstance(c, ForeignKeyConstraint)]
            clauses = [self._add(c) for c in keys if not self._is_there(table.new.table, c)]
            yield from self._clauses(table.new.table, clauses)

    def _present(self, table: TableDifference) -> Table:
        """Return the table under the name that it has now."""
        renamed = self._resuming and table.is_renamed and self._has(table.new.table)
        return table.new.table if renamed else table.old.table

    def _has(self, table: Table) -> bool:
        return self._catalogue.has_table(table.name, table.schema)

    def _clauses(self, table: Table, clauses: list[str], *, online: bool = False) -> Iterator[str]:
        if clauses:
            end = LOCK_NONE if online else ""
            yield f"ALTER TABLE {table_name(table, self._dialect)} {', '.join(clauses)}{end}"

    def _dropped_keys(self, table: TableDifference) -> list[str]:
        clauses = []
        present = self._present(table)
        for constraint in table.dropped_constraints:
            if isinstance(constraint, ForeignKeyDefinition):
                name = constraint.name or self._catalogue.foreign_key_name(
                    present.name, constraint.columns, present.schema
                )
                if name is not None and not self._is_gone(present, name):
                    clauses.append(f"DROP FOREIGN KEY {self._q(name)}")
                clauses += self._automatic_index(table, present, constraint, name)
        return clauses

    def _automatic_index(
        self, table: TableDifference, present: Table, key: ForeignKeyDefinition, name: str | None
    ) -> list[str]:
        """Return the clause that drops the index which the database made for a foreign key."""
        columns = list(key.columns)
        own = {index.name for index in table.old.definition.indexes}
        own |= {str(unique.name) for unique in table.old.definition.uniques}
        others = [k for k in table.old.definition.foreign_keys if k != key]
        if any(other.columns[0] == columns[0] for other in others):
            return []
        found = self._catalogue.index_columns(present.name, present.schema)
        return [
            f"DROP INDEX {self._q(index)}"
            for index in dict.fromkeys((name, columns[0]))
            if index is not None and index not in own and found.get(index) == columns
        ]

    def _is_gone(self, table: Table, name: str) -> bool:
        return self._resuming and name not in self._catalogue.constraints(table.name, table.schema)

    def _create(self, found: Difference) -> Iterator[str]:
        ordered, later = creation_order(made.table for made in found.created)
        for table, keys in ordered:
            if not (self._resuming and self._has(table)):
                yield create_table(table, self._dialect, list(keys))
            there = self._catalogue.indexes(table.name, table.schema) if self._resuming else set()
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                if index.name not in there:
                    yield create_index(index, self._dialect)
        for key in later:
            if not self._is_there(key.table, key):
                yield from self._clauses(key.table, [self._add(key)])

    def _is_there(self, table: Table, constraint: SqlConstraint) -> bool:
        if not self._resuming:
            return False
        name = None if constraint.name is None else str(constraint.name)
        if isinstance(constraint, CheckConstraint) or name is not None:
            return name in self._catalogue.constraints(table.name, table.schema)
        columns = [column.name for column in constraint.columns]
        if isinstance(constraint, UniqueConstraint):
            return self._catalogue.unique_name(table.name, columns, table.schema) is not None
        return self._catalogue.foreign_key_name(table.name, columns, table.schema) is not None

    def _alter(self, table: TableDifference) -> Iterator[str]:
        """Yield the change of one table, which is one statement."""
        new = table.new.table
        there = set(self._catalogue.columns(new.name, new.schema)) if self._resuming else set()
        clauses = [
            clause
            for constraint in table.dropped_constraints
            for clause in self._drop(table, constraint)
        ]
        indexes = self._catalogue.indexes(new.name, new.schema) if self._resuming else set()
        clauses += [
            self._drop_index(table, index.name, index.parts)
            for index in table.dropped_indexes
            if not self._resuming or index.name in indexes
        ]
        clauses += [
            f"DROP COLUMN {self._q(name)}"
            for name in table.dropped
            if not self._resuming or name in there
        ]
        changed = {change.new.name: change for change in table.changed}
        for was, now in table.renamed:
            if self._resuming and was not in there:
                continue
            if now in changed:
                change = changed.pop(now)
                clauses.append(f"CHANGE {self._q(was)} {self._column(change.new)}")
            else:
                clauses.append(f"RENAME COLUMN {self._q(was)} TO {self._q(now)}")
        clauses += self._renamed_automatic_indexes(table)
        clauses += [f"MODIFY {self._column(change.new)}" for change in changed.values()]
        clauses += [
            f"ADD COLUMN {self._column(column)}{' DEFAULT 1' if is_version(column) else ''}"
            for column in table.added
            if column.name not in there
        ]
        if table.key_changed:
            columns = ", ".join(self._q(name) for name in table.new.definition.primary_key)
            clauses += ["DROP PRIMARY KEY", f"ADD PRIMARY KEY ({columns})"]
        clauses += [
            f"RENAME INDEX {self._q(was)} TO {self._q(now)}"
            for was, now in table.renamed_indexes
            if not self._resuming or was in indexes
        ]
        clauses += [
            self._add(constraint)
            for constraint in table.added_constraints
            if not isinstance(constraint, ForeignKeyConstraint)
            and not self._is_there(new, constraint)
        ]
        if table.comment_changed:
            text = (table.new.definition.comment or "").replace("\\", "\\\\").replace("'", "''")
            clauses.append(f"COMMENT '{text}'")
        if not (self._resuming and _has_taken_effect(table, there)):
            yield from self._clauses(new, clauses, online=not copies(table))
        yield from self._clauses(
            new,
            [f"ALTER {self._q(c.name)} DROP DEFAULT" for c in table.added if is_version(c)],
        )
        for index in table.added_indexes:
            if index.name not in indexes:
                yield create_index(index, self._dialect)

    def _renamed_automatic_indexes(self, table: TableDifference) -> list[str]:
        """Rename the index of an unnamed foreign key, which has the name of its column."""
        renamed = dict(table.renamed)
        keys = [k for k in table.old.definition.foreign_keys if k.columns[0] in renamed]
        if not keys:
            return []
        present = table.new.table
        found = self._catalogue.index_columns(present.name, present.schema)
        own = {index.name for index in table.old.definition.indexes}
        return [
            f"RENAME INDEX {self._q(name)} TO {self._q(renamed[name])}"
            for name in dict.fromkeys(key.columns[0] for key in keys)
            if name not in own and any(found.get(name) == list(key.columns) for key in keys)
        ]

    def _drop(self, table: TableDifference, constraint: Constraint) -> Iterator[str]:
        new = table.new.table
        if isinstance(constraint, ForeignKeyDefinition):
            return
        if isinstance(constraint, CheckDefinition):
            if not self._is_gone(new, constraint.name):
                yield f"DROP CONSTRAINT {self._q(constraint.name)}"
            return
        name = constraint.name or self._catalogue.unique_name(
            new.name, constraint.columns, new.schema
        )
        if name is not None and not self._is_gone(new, name):
            yield self._drop_index(table, name, constraint.columns)

    def _drop_index(self, table: TableDifference, name: str, parts: Sequence[str]) -> str:
        """Return the clause that drops an index, with another one for a foreign key over it.

        The database refuses to drop the only index of a foreign key.
        """
        renamed = dict(table.renamed)
        columns = tuple(renamed.get(part, part) for part in parts)
        for key in table.new.definition.foreign_keys:
            count = len(key.columns)
            if columns[:count] != key.columns or _is_indexed(table.new, key.columns):
                continue
            new = table.new.table
            declared = {name, *(index.name for index in table.old.definition.indexes)}
            if not self._catalogue.is_indexed(new.name, key.columns, declared, new.schema):
                own = ", ".join(map(self._q, key.columns))
                other = self._q(key.name or key.columns[0])
                return f"DROP INDEX {self._q(name)}, ADD INDEX {other} ({own})"
        return f"DROP INDEX {self._q(name)}"

    def _add(self, constraint: SqlConstraint) -> str:
        return constraint_clause(constraint, self._dialect)

    def _column(self, column: Column[Any]) -> str:
        return column_clause(column, self._dialect)

    def _q(self, name: str) -> str:
        return quoted(name, self._dialect)


def _is_indexed(table: DefinedTable, columns: Sequence[str]) -> bool:
    """True when an index that is declared begins with these columns."""
    own = table.definition
    declared = [index.parts for index in own.indexes]
    declared += [own.primary_key, *(unique.columns for unique in own.uniques)]
    return any(parts[: len(columns)] == tuple(columns) for parts in declared)


def _has_taken_effect(table: TableDifference, there: set[str]) -> bool:
    """True when the columns show that the one statement of this change has run."""
    swapped = {now for _, now in table.renamed if now in table.dropped}
    shown = [was not in there for was, _ in table.renamed]
    shown += [name not in there for name in table.dropped if name not in swapped]
    shown += [column.name in there for column in table.added]
    return bool(shown) and all(shown)


def copies(table: TableDifference) -> bool:
    """True when the database copies the table, and keeps writers away meanwhile."""
    retyped = any(
        without_null(change.old_sql) != without_null(change.new_sql) for change in table.changed
    )
    constrained = any(not isinstance(c, UniqueConstraint) for c in table.added_constraints)
    generated = any(column.computed is not None for column in table.added)
    return retyped or constrained or generated or table.key_changed
