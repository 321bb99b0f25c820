"""What PostgreSQL does to large tables without blocking writers, after the other statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Table, UniqueConstraint

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.identifiers import short_name
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.clauses import create_index, quoted, table_name

LARGE_ROWS = 100_000
"""The number of rows from which a table is changed in more, but shorter, statements."""
WITHOUT_TIMEOUT = "SET lock_timeout = 0"
WITH_TIMEOUT = "SET lock_timeout = '2s'"


@dataclass(frozen=True)
class BuildIndex:
    """Creates an index while rows are written."""

    index: Index

    def statements(self, catalogue: Catalogue, sql_dialect: SqlDialect) -> Iterator[str]:
        """Yield the statements; an index that an interruption left incomplete is built again."""
        table = self.index.table
        assert table is not None  # noqa: S101 - it is attached
        sql = create_index(self.index, sql_dialect)
        yield from _built(sql, str(self.index.name), table, catalogue, sql_dialect)


@dataclass(frozen=True)
class BuildUnique:
    """Adds a unique constraint, whose index is built while rows are written."""

    constraint: UniqueConstraint

    @staticmethod
    def is_possible(constraint: UniqueConstraint) -> bool:
        """False for a constraint with options that its index would need."""
        return not any(constraint.dialect_kwargs.values())

    def statements(self, catalogue: Catalogue, sql_dialect: SqlDialect) -> Iterator[str]:
        """Yield the statements; none where the table has the constraint already."""
        constraint, table = self.constraint, self.constraint.table
        columns = [column.name for column in constraint.columns]
        if catalogue.has_unique(table.name, columns, table.schema):
            return
        name = short_name(str(constraint.name or f"{table.name}_{'_'.join(columns)}_key"))
        own, where = quoted(name, sql_dialect), table_name(table, sql_dialect)
        listed = ", ".join(quoted(column, sql_dialect) for column in columns)
        sql = f"CREATE UNIQUE INDEX {own} ON {where} ({listed})"
        yield from _built(sql, name, table, catalogue, sql_dialect)
        yield WITH_TIMEOUT
        end = f" DEFERRABLE INITIALLY {constraint.initially or 'IMMEDIATE'}"
        yield (
            f"ALTER TABLE {where} ADD CONSTRAINT {own} UNIQUE USING INDEX {own}"
            f"{end if constraint.deferrable else ''}"
        )


def _built(
    sql: str, name: str, table: Table, catalogue: Catalogue, sql_dialect: SqlDialect
) -> Iterator[str]:
    """Yield the statements for an index. Shapes: sql is CREATE INDEX as for a small table."""
    prefix = "" if table.schema is None else f"{quoted(table.schema, sql_dialect)}."
    own = f"{prefix}{quoted(name, sql_dialect)}"
    yield WITHOUT_TIMEOUT  # it waits for others, and nobody waits for it
    if catalogue.is_invalid_index(own):
        yield f"DROP INDEX CONCURRENTLY {own}"
    head, _, tail = sql.partition("INDEX ")
    yield f"{head}INDEX CONCURRENTLY IF NOT EXISTS {tail}"


@dataclass(frozen=True)
class Validate:
    """Checks the rows that existed before a constraint was added."""

    constraint: ForeignKeyConstraint | CheckConstraint

    def statements(self, catalogue: Catalogue, sql_dialect: SqlDialect) -> Iterator[str]:
        table = self.constraint.table
        assert table is not None  # noqa: S101 - it is attached
        name = None if self.constraint.name is None else str(self.constraint.name)
        if name is None and isinstance(self.constraint, ForeignKeyConstraint):
            columns = list(self.constraint.column_keys)
            name = catalogue.foreign_key_name(table.name, columns, table.schema)
        if name is not None:
            where = table_name(table, sql_dialect)
            yield f"ALTER TABLE {where} VALIDATE CONSTRAINT {quoted(name, sql_dialect)}"


@dataclass(frozen=True)
class Require:
    """Makes a column NOT NULL, by a check that was validated while rows were written."""

    table: str
    schema: str | None
    quoted_table: str
    column: str

    @property
    def check(self) -> str:
        return short_name(f"_required_{self.column}")

    def added(self, sql_dialect: SqlDialect) -> str:
        """Return the clause that adds the check."""
        column = quoted(self.column, sql_dialect)
        name = quoted(self.check, sql_dialect)
        return f"ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID"

    def statements(self, catalogue: Catalogue, sql_dialect: SqlDialect) -> Iterator[str]:
        alter, name = f"ALTER TABLE {self.quoted_table}", quoted(self.check, sql_dialect)
        if catalogue.has_constraint(self.table, self.check, self.schema):
            yield f"{alter} VALIDATE CONSTRAINT {name}"
        yield f"{alter} ALTER COLUMN {quoted(self.column, sql_dialect)} SET NOT NULL"
        yield f"{alter} DROP CONSTRAINT IF EXISTS {name}"


Later = BuildIndex | BuildUnique | Validate | Require
