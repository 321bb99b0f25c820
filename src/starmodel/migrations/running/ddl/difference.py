"""The differences between two physical schemas, matched by the ids of definitions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateColumn

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.schema.definitions import (
    Constraint,
    EntityDefinition,
    ForeignKeyDefinition,
    IndexDefinition,
    Schema,
)
from starmodel.migrations.schema.editing import qualified_table
from starmodel.migrations.schema.tables import DefinedTable, DefinedTables, build_tables

SqlConstraint = UniqueConstraint | CheckConstraint | ForeignKeyConstraint


@dataclass(frozen=True)
class ColumnChange:
    """A column whose SQL differs, beside its name. Shapes: old has the name of before."""

    old: Column[Any]
    new: Column[Any]
    old_sql: str
    new_sql: str


@dataclass
class TableDifference:
    """How one table differs.

    Shapes: renamed are the columns (old, new); dropped columns have the name of
    before; the constraints and indexes to drop are definitions with the names
    of before, those to add are of `new`.
    """

    old: DefinedTable
    new: DefinedTable
    renamed: list[tuple[str, str]] = field(default_factory=list)
    added: list[Column[Any]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    changed: list[ColumnChange] = field(default_factory=list)
    dropped_constraints: list[Constraint] = field(default_factory=list)
    added_constraints: list[SqlConstraint] = field(default_factory=list)
    dropped_indexes: list[IndexDefinition] = field(default_factory=list)
    added_indexes: list[Index] = field(default_factory=list)
    renamed_indexes: list[tuple[str, str]] = field(default_factory=list)
    key_changed: bool = False
    comment_changed: bool = False

    @property
    def is_renamed(self) -> bool:
        return self.old.table.fullname != self.new.table.fullname

    @property
    def is_empty(self) -> bool:
        return not (
            self.is_renamed or self.renamed or self.added or self.dropped or self.changed
            or self.dropped_constraints or self.added_constraints or self.dropped_indexes
            or self.added_indexes or self.renamed_indexes or self.key_changed
            or self.comment_changed
        )  # fmt: skip


@dataclass
class Difference:
    """How two physical schemas differ.

    Shapes: created and dropped are tables; foreign keys of created tables that
    refer to each other are in `late_keys`.
    """

    before: DefinedTables
    after: DefinedTables
    created: list[DefinedTable] = field(default_factory=list)
    dropped: list[DefinedTable] = field(default_factory=list)
    tables: list[TableDifference] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.created or self.dropped or self.tables)


def difference(before: Schema, after: Schema, sql_dialect: SqlDialect) -> Difference:
    """Compare two physical schemas; tables of other programs are never part of it."""
    old, new = build_tables(before, sql_dialect), build_tables(after, sql_dialect)
    olds = {entity.id: entity for entity in before if not entity.external}
    news = {entity.id: entity for entity in after if not entity.external}
    names = Names(before, after)
    made = Difference(old, new)
    made.created = [new[entity.name] for id, entity in news.items() if id not in olds]
    made.dropped = [old[entity.name] for id, entity in olds.items() if id not in news]
    for id, entity in olds.items():
        if id in news and (entity != news[id]):
            found = _table(old[entity.name], new[news[id].name], names, sql_dialect)
            if not found.is_empty:
                made.tables.append(found)
    return made


class Names:
    """The names of tables and columns after the change, by those of before."""

    def __init__(self, before: Schema, after: Schema) -> None:
        news = {entity.id: entity for entity in after}
        self.tables: dict[str, str] = {}
        self.columns: dict[str, dict[str, str | None]] = {}
        for entity in before:
            other = news.get(entity.id)
            table = qualified_table(entity)
            if other is not None:
                self.tables[table] = qualified_table(other)
            columns = {} if other is None else {f.id: f.column for f in other.fields}
            self.columns[table] = {f.column: columns.get(f.id) for f in entity.fields}

    def of(self, table: str, columns: Iterable[str]) -> tuple[str | None, ...]:
        """Return the new names; None for a column that is dropped."""
        known = self.columns.get(table, {})
        return tuple(known.get(column, column) for column in columns)


def _table(
    old: DefinedTable, new: DefinedTable, names: Names, sql_dialect: SqlDialect
) -> TableDifference:
    made = TableDifference(old, new)
    before, after = old.definition, new.definition
    columns = {f.id: f.column for f in after.fields}
    renames = {f.column: columns[f.id] for f in before.fields if f.id in columns}
    made.renamed = [(a, b) for a, b in renames.items() if a != b]
    hidden = {c.name for c in old.table.columns} - {f.column for f in before.fields}
    renames |= {name: name for name in hidden if name in new.table.c}
    made.dropped = [c.name for c in old.table.columns if c.name not in renames]
    kept = set(renames.values())
    made.added = [c for c in new.table.columns if c.name not in kept]
    for was, now in renames.items():
        a, b = old.table.c[was], new.table.c[now]
        sqls = [column_sql(column, sql_dialect) for column in (a, b)]
        same = _renamed_sql(sqls[0], renames) == sqls[1]
        if not same and (a.computed is not None or b.computed is not None):
            made.dropped.append(was)  # no database changes the expression of a column
            made.added.append(b)
        elif not same or a.comment != b.comment or labels_of(a) != labels_of(b):
            made.changed.append(ColumnChange(a, b, sqls[0], sqls[1]))
    _compare_constraints(made, names, sql_dialect)
    _compare_indexes(made, names)
    key = names.of(qualified_table(before), before.primary_key)
    made.key_changed = key != tuple(after.primary_key)
    made.comment_changed = before.comment != after.comment
    return made


def column_sql(column: Column[Any], sql_dialect: SqlDialect) -> str:
    """Return the definition of a column without its name, as in CREATE TABLE."""
    dialect = sql_dialect.sqlalchemy
    made = str(CreateColumn(column).compile(dialect=dialect))
    name = dialect.identifier_preparer.format_column(column)
    # With NULL or NOT NULL written out, so that a change of one alone shows.
    return made.removeprefix(name).strip() + ("" if column.nullable else " /*required*/")


def without_null(sql: str) -> str:
    """Return the SQL of `column_sql` without NULL and NOT NULL."""
    return sql.replace(" /*required*/", "").replace(" NOT NULL", "").removesuffix(" NULL")


def labels_of(column: Column[Any]) -> list[str]:
    """Return the labels of a type that the database knows by its name alone."""
    return list(column.type.enums) if isinstance(column.type, postgresql.ENUM) else []


def _renamed_sql(sql: str, renames: Mapping[str, str]) -> str:
    """Replace column names in the SQL of a generated column."""
    if "GENERATED" not in sql:
        return sql
    return re.sub(r"\w+", lambda found: renames.get(found[0], found[0]), sql)


def _compare_constraints(made: TableDifference, names: Names, sql_dialect: SqlDialect) -> None:
    before, after = made.old.definition, made.new.definition
    table = qualified_table(before)
    dialect = sql_dialect.sqlalchemy.name
    renames = {a: b or "" for a, b in names.columns.get(table, {}).items()}
    olds: list[tuple[Any, Constraint]] = [
        *((("unique", names.of(table, u.columns), u.name, str(u.options)), u)
          for u in before.uniques),
        *((("check", c.name, _words(_condition(c, dialect), renames)), c) for c in before.checks),
        *((_key_identity(k, names, table), k) for k in before.foreign_keys),
    ]  # fmt: skip
    news: list[tuple[Any, Constraint]] = [
        *((("unique", u.columns, u.name, str(u.options)), u) for u in after.uniques),
        *((("check", c.name, _words(_condition(c, dialect), {})), c) for c in after.checks),
        *((_key_identity(k, None, ""), k) for k in after.foreign_keys),
    ]
    left = [identity for identity, _ in news]
    for identity, constraint in olds:
        if identity in left:
            left.remove(identity)
        else:
            made.dropped_constraints.append(constraint)
    remaining = list(left)
    for identity, constraint in news:
        if identity in remaining:
            remaining.remove(identity)
            made.added_constraints.append(constraint_of(made.new.table, constraint))


def _condition(check: Any, dialect: str) -> str:
    return str(check.variants.get(dialect, check.condition))


def _words(sql: str, renames: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of a condition under their new names, without quotes and spaces."""
    found = re.findall(r"'(?:[^']|'')*'|\w+|[^\w\s\"`]", sql)
    return tuple(renames.get(word, word) for word in found)


def _key_identity(key: ForeignKeyDefinition, names: Names | None, table: str) -> Any:
    if names is None:
        columns: Sequence[Any] = key.columns
        target, targets = key.target, tuple(key.target_columns)
    else:
        columns = names.of(table, key.columns)
        target = names.tables.get(key.target, key.target)
        targets = names.of(key.target, key.target_columns)  # type: ignore[assignment]
    rules = (key.on_delete, key.on_update, str(key.options))
    return ("foreign", key.name, tuple(columns), target, targets, rules)


def _compare_indexes(made: TableDifference, names: Names) -> None:
    before, after = made.old.definition, made.new.definition
    table = qualified_table(before)
    renames = {a: b or "" for a, b in names.columns.get(table, {}).items()}

    def identity(index: IndexDefinition, known: Mapping[str, str]) -> Any:
        parts = tuple(_words(part, known) for part in index.parts)
        variants = sorted(
            (name, tuple(_words(p, known) for p in sqls)) for name, sqls in index.variants.items()
        )
        options = sorted((k, _words(str(v), known)) for k, v in index.options.items())
        return parts, index.unique, str(variants), str(options)

    news = {index.name: index for index in after.indexes}
    same = set()
    unmatched = []
    for index in before.indexes:
        other = news.get(index.name)
        if other is not None and identity(index, renames) == identity(other, {}):
            same.add(index.name)
        else:
            unmatched.append(index)
    free = [index for index in after.indexes if index.name not in same]
    for index in unmatched:
        twin = next((i for i in free if identity(i, {}) == identity(index, renames)), None)
        if twin is None:
            made.dropped_indexes.append(index)
        else:
            free.remove(twin)
            made.renamed_indexes.append((index.name, twin.name))
    own = {str(index.name): index for index in made.new.table.indexes}
    made.added_indexes = [own[index.name] for index in free]


def constraint_of(table: Table, definition: Constraint) -> SqlConstraint:
    """Return the constraint of a table that a definition describes."""
    for made in table.constraints:
        if isinstance(made, ForeignKeyConstraint) and isinstance(definition, ForeignKeyDefinition):
            targets = tuple(element.target_fullname for element in made.elements)
            wanted = tuple(f"{definition.target}.{name}" for name in definition.target_columns)
            if tuple(made.column_keys) == tuple(definition.columns) and targets == wanted:
                return made
        elif isinstance(made, UniqueConstraint) and hasattr(definition, "columns"):
            if not isinstance(definition, ForeignKeyDefinition) and tuple(
                column.name for column in made.columns
            ) == tuple(definition.columns):
                return made
        elif isinstance(made, CheckConstraint) and made.name == definition.name:
            return made
    raise KeyError(f"{table.fullname} has no {definition!r}")


def entity_of_table(schema: Schema, table: str) -> EntityDefinition | None:
    """Return the entity of a qualified table name."""
    return next((each for each in schema if qualified_table(each) == table), None)
