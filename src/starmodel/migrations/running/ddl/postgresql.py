"""DDL of PostgreSQL, which is transactional."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable, SetColumnComment, SetTableComment

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.creation_order import creation_order
from starmodel.adapters.persistence.sql.schema.identifiers import short_name
from starmodel.migrations.running.ddl import online
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.clauses import (
    column_clause,
    constraint_clause,
    create_index,
    create_table,
    ddl,
    is_version,
    quoted,
    table_name,
)
from starmodel.migrations.running.ddl.difference import (
    ColumnChange,
    Difference,
    SqlConstraint,
    TableDifference,
)
from starmodel.migrations.running.ddl.online import (
    BuildIndex,
    BuildUnique,
    Later,
    Require,
    Validate,
)
from starmodel.migrations.schema.definitions import (
    CheckDefinition,
    Constraint,
    ForeignKeyDefinition,
)


class PostgresqlDdl:
    """Returns the statements of a difference, in an order in which they can run.

    Shapes: later is what is done to large tables afterwards, outside of the
    transaction; all_large, every table is taken for large.
    """

    def __init__(
        self, sql_dialect: SqlDialect, catalogue: Catalogue, *, all_large: bool = False
    ) -> None:
        self._dialect, self._catalogue, self._all_large = sql_dialect, catalogue, all_large
        self.later: list[Later] = []
        self._large: set[str] = set()
        self._targets: list[set[str]] = []

    def statements(self, found: Difference) -> Iterator[str]:
        """Yield the statements, each when those before it have run."""
        self._targets = [
            {element.target_fullname for element in constraint.elements}
            for table in found.tables
            for constraint in table.added_constraints
            if isinstance(constraint, ForeignKeyConstraint)
        ]
        for table in found.tables:
            old = table.old.table
            rows = self._catalogue.row_estimate(old.name, old.schema)
            if self._all_large or rows >= online.LARGE_ROWS:
                self._large.add(table.new.table.fullname)
        for table in found.tables:
            yield from self._drop_constraints(table, foreign=True)
        for table in found.tables:
            yield from self._drop_constraints(table, foreign=False)
            for index in table.dropped_indexes:
                yield f"DROP INDEX {self._in_schema(table.old.table, index.name)}"
        for dropped in found.dropped:
            yield f"DROP TABLE {table_name(dropped.table, self._dialect)}"
        for table in found.tables:
            if table.dropped:  # another column may take the name
                clauses = ", ".join(f"DROP COLUMN {self._q(name)}" for name in table.dropped)
                yield f"{self._alter_table(table.old.table)} {clauses}"
        for table in found.tables:
            yield from self._rename(table)
        yield from self._create(found)
        for table in found.tables:
            yield from self._alter(table)
        for table in found.tables:
            yield from self._add(table)
        for table in found.tables:  # they may refer to what was just added
            yield from self._add_keys(table)

    def _drop_constraints(self, table: TableDifference, *, foreign: bool) -> Iterator[str]:
        for constraint in table.dropped_constraints:
            if isinstance(constraint, ForeignKeyDefinition) is foreign:
                name = self._name_of(table.old.table, constraint)
                if name is not None:
                    yield f"{self._alter_table(table.old.table)} DROP CONSTRAINT {self._q(name)}"

    def _name_of(self, table: Table, constraint: Constraint) -> str | None:
        if isinstance(constraint, CheckDefinition) or constraint.name is not None:
            return constraint.name
        if isinstance(constraint, ForeignKeyDefinition):
            return self._catalogue.foreign_key_name(table.name, constraint.columns, table.schema)
        return self._catalogue.unique_name(table.name, constraint.columns, table.schema)

    def _rename(self, table: TableDifference) -> Iterator[str]:
        old, new = table.old.table, table.new.table
        if old.name != new.name:
            yield f"{self._alter_table(old)} RENAME TO {self._q(new.name)}"
        if old.schema != new.schema:
            moved = new.name if old.schema is None else f"{old.schema}.{new.name}"
            source = ".".join(self._q(part) for part in moved.split("."))
            yield f"ALTER TABLE {source} SET SCHEMA {self._q(new.schema or 'public')}"
        for was, now in table.renamed:
            yield f"{self._alter_table(new)} RENAME COLUMN {self._q(was)} TO {self._q(now)}"
        for was, now in table.renamed_indexes:
            yield f"ALTER INDEX {self._in_schema(new, was)} RENAME TO {self._q(now)}"

    def _create(self, found: Difference) -> Iterator[str]:
        ordered, later = creation_order(made.table for made in found.created)
        for table, keys in ordered:
            if table.schema is not None:
                yield f"CREATE SCHEMA IF NOT EXISTS {self._q(table.schema)}"
            for column in table.columns:
                yield from self._enum_type(column.type)
            yield create_table(table, self._dialect, list(keys))
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                yield create_index(index, self._dialect)
            yield from self._comments(table)
        for key in later:
            yield f"{self._alter_table(key.table)} {constraint_clause(key, self._dialect)}"

    def _comments(self, table: Table) -> Iterator[str]:
        if table.comment:
            yield ddl(SetTableComment(table), self._dialect)
        for column in table.columns:
            if column.comment:
                yield ddl(SetColumnComment(column), self._dialect)

    def _enum_type(self, kind: Any) -> Iterator[str]:
        """Create an enum type, or add the labels that it lacks."""
        if not isinstance(kind, postgresql.ENUM) or not kind.name:
            return
        labels = self._catalogue.labels(kind.name)
        if not labels:
            yield ddl(postgresql.CreateEnumType(kind), self._dialect)
        for label in kind.enums:
            if labels and label not in labels:
                text = label.replace("'", "''")
                yield f"ALTER TYPE {self._q(kind.name)} ADD VALUE IF NOT EXISTS '{text}'"

    def _shrunk_types(self, table: TableDifference) -> Iterator[str]:
        """Replace the enum types that lose labels: PostgreSQL can't remove one."""
        for change in table.changed:
            kind = change.new.type
            if not isinstance(kind, postgresql.ENUM) or not kind.name:
                continue
            if set(self._catalogue.labels(kind.name)) <= set(kind.enums):
                continue
            name, earlier = self._q(kind.name), self._q(short_name(f"{kind.name}_before"))
            column = self._q(change.new.name)
            alter = f"{self._alter_table(table.new.table)} ALTER COLUMN {column}"
            yield f"ALTER TYPE {name} RENAME TO {earlier}"
            yield ddl(postgresql.CreateEnumType(kind), self._dialect)
            default = _default_sql(change.new, self._dialect)
            if change.old.server_default is not None:
                yield f"{alter} DROP DEFAULT"
            yield f"{alter} TYPE {name} USING {column}::TEXT::{name}"
            if default is not None:
                yield f"{alter} SET DEFAULT {default}"
            yield f"DROP TYPE {earlier}"

    def _alter(self, table: TableDifference) -> Iterator[str]:
        for column in table.added:
            yield from self._enum_type(column.type)
        for change in table.changed:
            yield from self._enum_type(change.new.type)
        yield from self._shrunk_types(table)
        clauses = [f"ADD COLUMN {self._added(column)}" for column in table.added]
        for change in table.changed:
            clauses += self._column_clauses(change)
        if table.key_changed:
            clauses += self._primary_key(table)
        if clauses:
            yield f"{self._alter_table(table.new.table)} {', '.join(clauses)}"
        for column in table.added:
            if is_version(column):
                name = self._q(column.name)
                yield f"{self._alter_table(table.new.table)} ALTER COLUMN {name} DROP DEFAULT"
            if column.comment:
                yield ddl(SetColumnComment(column), self._dialect)
        for change in table.changed:
            if change.old.comment != change.new.comment:
                yield ddl(SetColumnComment(change.new), self._dialect)
        if table.comment_changed:
            yield ddl(SetTableComment(table.new.table), self._dialect)

    def _added(self, column: Any) -> str:
        made = column_clause(column, self._dialect)
        return f"{made} DEFAULT 1" if is_version(column) else made

    def _primary_key(self, table: TableDifference) -> list[str]:
        name = self._catalogue.primary_key_name(table.new.table.name, table.new.table.schema)
        columns = ", ".join(self._q(name) for name in table.new.definition.primary_key)
        dropped = [] if name is None else [f"DROP CONSTRAINT {self._q(name)}"]
        return [*dropped, f"ADD PRIMARY KEY ({columns})"]

    def _retyped(self, change: ColumnChange) -> bool:
        return self._type(change.old.type) != self._type(change.new.type)

    def _type(self, kind: Any) -> str:
        return str(self._dialect.sqlalchemy.type_compiler_instance.process(kind))

    def _column_clauses(self, change: ColumnChange) -> list[str]:
        old, new = change.old, change.new
        alter = f"ALTER COLUMN {self._q(new.name)}"
        clauses = []
        default = _default_sql(new, self._dialect)
        changed = default != _default_sql(old, self._dialect)
        if changed and old.server_default is not None and new.computed is None:
            clauses.append(f"{alter} DROP DEFAULT")
        if self._retyped(change):
            made = self._type(new.type)
            cast = f" USING {self._q(new.name)}::TEXT::{made.partition(' COLLATE')[0]}"
            clauses.append(f"{alter} TYPE {made}{cast}")
        if changed and default is not None:
            clauses.append(f"{alter} SET DEFAULT {default}")
        if not new.nullable and old.nullable and new.table.fullname in self._large:
            where = table_name(new.table, self._dialect)
            required = Require(new.table.name, new.table.schema, where, new.name)
            clauses.append(required.added(self._dialect))
            self.later.append(required)
        elif old.nullable != new.nullable:
            clauses.append(f"{alter} {'DROP' if new.nullable else 'SET'} NOT NULL")
        return clauses

    def _add(self, table: TableDifference) -> Iterator[str]:
        is_large = table.new.table.fullname in self._large
        for constraint in table.added_constraints:
            if isinstance(constraint, ForeignKeyConstraint):
                continue
            if isinstance(constraint, UniqueConstraint):
                is_later = is_large and BuildUnique.is_possible(constraint)
                if is_later and not self._is_referred(constraint):
                    self.later.append(BuildUnique(constraint))
                    continue
                yield self._adding(constraint)
            else:
                yield self._adding(constraint, validates_later=is_large)
        for index in table.added_indexes:
            if is_large:
                self.later.append(BuildIndex(index))
            else:
                yield create_index(index, self._dialect)

    def _add_keys(self, table: TableDifference) -> Iterator[str]:
        for constraint in table.added_constraints:
            if isinstance(constraint, ForeignKeyConstraint):
                is_large = table.new.table.fullname in self._large
                yield self._adding(constraint, validates_later=is_large)

    def _adding(self, constraint: SqlConstraint, *, validates_later: bool = False) -> str:
        clause = constraint_clause(constraint, self._dialect)
        if validates_later and not isinstance(constraint, UniqueConstraint):
            clause += " NOT VALID"
            self.later.append(Validate(constraint))
        return f"{self._alter_table(constraint.table)} {clause}"

    def _is_referred(self, unique: UniqueConstraint) -> bool:
        """True when a foreign key that is added now refers to the columns."""
        names = {f"{unique.table.fullname}.{column.name}" for column in unique.columns}
        return any(targets == names for targets in self._targets)

    def _alter_table(self, table: Table) -> str:
        return f"ALTER TABLE {table_name(table, self._dialect)}"

    def _in_schema(self, table: Table, name: str) -> str:
        return self._q(name) if table.schema is None else f"{self._q(table.schema)}.{self._q(name)}"

    def _q(self, name: str) -> str:
        return quoted(name, self._dialect)


def _default_sql(column: Any, sql_dialect: SqlDialect) -> str | None:
    compiler = sql_dialect.sqlalchemy.ddl_compiler(
        sql_dialect.sqlalchemy, CreateTable(column.table)
    )
    return compiler.get_column_default_string(column)
