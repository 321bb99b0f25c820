"""DDL of SQLite: ALTER TABLE where it is enough, otherwise the table is made again.

A rebuild copies the rows into a new table and renames it, as SQLite's documentation of ALTER TABLE
describes. It needs foreign keys switched off, or it would delete the rows that refer to the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.entity_table import VERSION
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.clauses import (
    column_clause,
    create_index,
    create_table,
    quoted,
)
from starmodel.migrations.running.ddl.difference import Difference, TableDifference, column_sql
from starmodel.migrations.running.ddl.sqlite_text import TableText, is_plain, merged
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.tables import build_tables

TEMPORARY = "_starmodel_new_"


class SqliteDdl:
    """Returns the statements of a difference, in an order in which they can run.

    Shapes: renamed is the schema of before under the names of after.
    """

    def __init__(self, sql_dialect: SqlDialect, session: Session, renamed: Schema) -> None:
        self._dialect, self._session = sql_dialect, session
        self._catalogue = Catalogue(session)
        self._renamed = build_tables(renamed, sql_dialect)

    def statements(self, found: Difference) -> Iterator[str]:
        """Yield the statements, each when those before it have run."""
        for table in found.tables:
            for index in table.dropped_indexes:
                yield f"DROP INDEX IF EXISTS {self._q(index.name)}"
            for was, _ in table.renamed_indexes:
                yield f"DROP INDEX IF EXISTS {self._q(was)}"
        for dropped in found.dropped:
            yield f"DROP TABLE {self._q(dropped.table.name)}"
        for table in found.tables:
            old, new = table.old.table.name, table.new.table.name
            if old != new:
                yield f"ALTER TABLE {self._q(old)} RENAME TO {self._q(new)}"
            swapped = _swapped(table)
            for was, now in table.renamed:
                if swapped.get(now) == was:
                    continue  # takes the place of a column when the table is made again
                yield (f"ALTER TABLE {self._q(new)} RENAME COLUMN {self._q(was)} TO {self._q(now)}")
        for made in found.created:
            yield create_table(made.table, self._dialect)
            for sqlite_index in sorted(made.table.indexes, key=lambda index: str(index.name)):
                yield create_index(sqlite_index, self._dialect)
        for table in found.tables:
            yield from (
                self._rebuild(table)
                if needs_rebuild(table, self._dialect)
                else (self._direct(table))
            )
        for table in found.tables:
            renamed = {now for _, now in table.renamed_indexes}
            wanted = [i for i in table.new.table.indexes if str(i.name) in renamed]
            for sqlite_index in (*table.added_indexes, *wanted):
                yield create_index(sqlite_index, self._dialect)

    def _direct(self, table: TableDifference) -> Iterator[str]:
        name = self._q(table.new.table.name)
        for column in table.added:
            yield f"ALTER TABLE {name} ADD COLUMN {column_clause(column, self._dialect)}"

    def _rebuild(self, table: TableDifference) -> Iterator[str]:
        name = table.new.table.name
        objects = self._session.rows(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL "
            "AND tbl_name = ? COLLATE NOCASE AND type IN ('index', 'trigger')",
            (name,),
        )
        again = [str(sql) for (sql,) in objects]
        sql = self._session.value(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE",
            (name,),
        )
        earlier = self._renamed[table.new.definition.name].table
        text = merged(
            TableText.parse(str(sql)),
            TableText.parse(create_table(earlier, self._dialect)),
            TableText.parse(create_table(table.new.table, self._dialect)),
            _swapped(table),
        )
        copied, values = self._copied_columns(name, text, _swapped(table))
        temporary = self._q(TEMPORARY + name)
        yield text.create(temporary)
        yield f"INSERT INTO {temporary} ({copied}) SELECT {values} FROM {self._q(name)}"  # noqa: S608
        yield from self._sequence(name)
        yield f"DROP TABLE {self._q(name)}"
        # Without it, renaming would fail where a view or a trigger names the dropped table.
        yield "PRAGMA legacy_alter_table=ON"
        yield f"ALTER TABLE {temporary} RENAME TO {self._q(name)}"
        yield "PRAGMA legacy_alter_table=OFF"
        gone = {column.lower() for column in table.dropped} - _swapped(table).keys()
        yield from (statement for statement in again if not _mentions(statement, gone))

    def _sequence(self, name: str) -> Iterator[str]:
        """Keep the counter of AUTOINCREMENT, which DROP TABLE deletes."""
        has_counters = self._session.value(
            "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
        )
        if has_counters and self._session.value(
            "SELECT 1 FROM sqlite_sequence WHERE name = ?", (name,)
        ):
            own, new = (text.replace("'", "''") for text in (name, TEMPORARY + name))
            yield (
                "UPDATE sqlite_sequence SET seq = "  # noqa: S608 - quoted names
                f"(SELECT MAX(seq) FROM sqlite_sequence WHERE name IN ('{own}', '{new}')) "
                f"WHERE name = '{new}'"
            )

    def _copied_columns(
        self, name: str, text: TableText, swapped: Mapping[str, str]
    ) -> tuple[str, str]:
        """Return the columns to copy, which both tables have and neither generates; their values.

        A new column of versions is 1.
        """
        rows = self._session.rows(
            "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (name,)
        )
        new = {item.column: item for item in text.items if item.column}
        copied, values = [], []
        for (column,) in rows:
            item = new.get(str(column).lower())
            if item is not None and not _is_generated(item.normal):
                copied.append(self._q(str(column)))
                values.append(self._q(swapped.get(str(column), str(column))))
        if VERSION in new and VERSION not in {str(column) for (column,) in rows}:
            copied.append(self._q(VERSION))
            values.append("1")
        return ", ".join(copied), ", ".join(values)

    def _q(self, name: str) -> str:
        return quoted(name, self._dialect)


def _swapped(table: TableDifference) -> dict[str, str]:
    """Return the columns whose values replace those of dropped columns, by the latter's names."""
    return {now: was for was, now in table.renamed if now in table.dropped}


def _is_generated(words: tuple[str, ...]) -> bool:
    return "generated" in words or "as" in words


def _mentions(statement: str, columns: set[str]) -> bool:
    """True for an index over one of these columns; a trigger is never left out."""
    if not columns or not statement.lstrip().upper().startswith(("CREATE INDEX", "CREATE UNIQUE")):
        return False
    _, _, rest = statement.partition(" ON ")
    words = {word.strip('"`[] ').lower() for word in rest.replace("(", ",").split(",")}
    return bool(words & columns)


def needs_rebuild(table: TableDifference, sql_dialect: SqlDialect) -> bool:
    """True when ALTER TABLE is not enough: the rows of the table are copied."""
    return bool(
        table.changed
        or table.dropped
        or table.dropped_constraints
        or table.added_constraints
        or table.key_changed
        or not all(is_plain(column_sql(column, sql_dialect)) for column in table.added)
        or not all(column.nullable for column in table.added)
    )
