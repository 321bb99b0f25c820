"""Finds the rows that a new constraint would refuse, by queries on the tables of before."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence, Set
from typing import Any

from starmodel.migrations.running.checking.duplicates import unique_fields
from starmodel.migrations.running.checking.refused import SHOWN, Refused
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.schema.definitions import (
    CheckDefinition,
    EntityDefinition,
    ForeignKeyDefinition,
    Schema,
)
from starmodel.migrations.schema.editing import qualified_table

Changed = Set[tuple[str, str]]
"""The ids of entities and fields whose values change."""


class Violations:
    """Compares the constraints of two physical schemas.

    Foreign keys and checks over values that change, or over tables that are new, are left to the
    database.
    """

    def __init__(self, session: Session, before: Schema, after: Schema, changed: Changed) -> None:
        self._session, self._changed = session, changed
        self._before, self._after = before, after
        self._olds = {entity.id: entity for entity in before}

    def find(self) -> list[Refused]:
        """Return the rows that new constraints would refuse."""
        found = []
        for entity in self._after:
            old = self._olds.get(entity.id)
            if old is None or entity.external:
                continue
            for columns in sorted({*unique_fields(entity)} - {*unique_fields(old)}):
                found.append(self._duplicates(entity, old, columns))
            for key in entity.foreign_keys:
                found.append(self._orphans(entity, old, key))
            for check in entity.checks:
                found.append(self._failing(entity, old, check))
        return [refused for refused in found if refused is not None and refused.count]

    def _columns(self, old: EntityDefinition, ids: Collection[str]) -> list[str] | None:
        """Return the columns of before; None when a value is new or changes."""
        if any((old.id, id) in self._changed for id in ids):
            return None
        return _present(old, ids)

    def _duplicates(
        self, entity: EntityDefinition, old: EntityDefinition, ids: tuple[str, ...]
    ) -> Refused | None:
        columns = self._columns(old, ids)
        if not columns:
            return None
        names = ", ".join(map(self._session.quote, columns))
        filled = " AND ".join(f"{self._session.quote(name)} IS NOT NULL" for name in columns)
        groups = f"FROM {self._table(old)} WHERE {filled} GROUP BY {names} HAVING COUNT(*) > 1"
        rows = self._session.rows(
            f"SELECT {names}, COUNT(*) {groups} ORDER BY {names} LIMIT {SHOWN}"
        )
        fields = [field.name for field in entity.fields if field.id in ids]
        remedy = "Make them different, or delete all but one of each."
        refused = Refused(
            f"{entity.name}.{', '.join(fields)}", "not unique, and it has to be now", remedy
        )
        for *values, count in rows:
            refused.examples.append(f"{', '.join(map(repr, values))} in {count} rows")
        refused.count = sum(row[-1] for row in rows)
        if len(rows) == SHOWN:
            sql = f"SELECT SUM(repeated) FROM (SELECT COUNT(*) AS repeated {groups}) AS found"  # noqa: S608
            refused.count = int(self._session.value(sql))
        return refused

    def _orphans(
        self, entity: EntityDefinition, old: EntityDefinition, key: ForeignKeyDefinition
    ) -> Refused | None:
        target = next((e for e in self._after if qualified_table(e) == key.target), None)
        if target is None or target.id not in self._olds:
            return None
        mine = {field.column: field.id for field in entity.fields}
        theirs = {field.column: field.id for field in target.fields}
        if not (mine.keys() >= set(key.columns) and theirs.keys() >= set(key.target_columns)):
            return None
        parent = self._olds[target.id]
        ids = [(old.id, mine[c]) for c in key.columns]
        ids += [(parent.id, theirs[c]) for c in key.target_columns]
        columns = _present(old, [mine[c] for c in key.columns])
        others = _present(parent, [theirs[c] for c in key.target_columns])
        if not columns or not others:
            return None
        known = self._known(old, parent, columns, others)
        if known is None:
            if not self._changed.isdisjoint(ids):
                return None
        elif self._session.kind == "sqlite":
            return None  # rows that refer to nothing stay as they are
        elif _rules(known) == _rules(key) and not self._is_retyped(ids):
            return None
        quote = self._session.quote
        pairs = [
            f"child.{quote(a)} = parent.{quote(b)}" for a, b in zip(columns, others, strict=True)
        ]
        filled = [f"child.{quote(name)} IS NOT NULL" for name in columns]
        names = ", ".join(f"child.{quote(name)}" for name in [self._key(old), *columns])
        source = (
            f"FROM {self._table(old)} AS child WHERE {' AND '.join(filled)} "  # noqa: S608
            f"AND NOT EXISTS (SELECT 1 FROM {self._table(parent)} AS parent "
            f"WHERE {' AND '.join(pairs)})"
        )
        fields = [field.name for field in entity.fields if field.column in key.columns]
        reason = f"refers to a {target.name} that does not exist"
        refused = Refused(
            f"{entity.name}.{', '.join(fields)}", reason, "Correct or delete these rows first."
        )
        for row in self._first_rows(refused, names, source):
            refused.examples.append(f"{', '.join(map(repr, row[1:]))} in the row {row[0]!r}")
        return refused

    def _is_retyped(self, ids: list[tuple[str, str]]) -> bool:
        """True when values or types of these fields change, so that the database checks them."""
        types = [
            {(e.id, field.id): field.type for e in schema for field in e.fields}
            for schema in (self._before, self._after)
        ]
        return any(id in self._changed or types[0].get(id) != types[1].get(id) for id in ids)

    def _known(
        self,
        old: EntityDefinition,
        parent: EntityDefinition,
        columns: list[str],
        others: list[str],
    ) -> ForeignKeyDefinition | None:
        """Return the foreign key of before over these columns."""
        for key in old.foreign_keys:
            pair = (list(key.columns), list(key.target_columns))
            if pair == (columns, others) and key.target == qualified_table(parent):
                return key
        return None

    def _failing(
        self, entity: EntityDefinition, old: EntityDefinition, check: CheckDefinition
    ) -> Refused | None:
        dialect = self._session.kind
        condition = check.variants.get(dialect, check.condition)
        words = set(re.findall(r"\w+", condition))
        ids = {field.column: field.id for field in entity.fields}
        used = [column for column in ids if column in words]
        columns = self._columns(old, [ids[column] for column in used])
        if not columns:
            return None
        earlier = dict(zip(used, columns, strict=True))
        present = _with_names(condition, earlier)
        if any(
            _plain(other.variants.get(dialect, other.condition)) == _plain(present)
            for other in old.checks
        ):
            return None
        refused = Refused(
            entity.name, f"violates {check.name} ({condition})", "Correct these rows first."
        )
        source = f"FROM {self._table(old)} WHERE NOT ({present})"
        for (key,) in self._first_rows(refused, self._session.quote(self._key(old)), source):
            refused.examples.append(repr(key))
        return refused

    def _first_rows(self, refused: Refused, names: str, source: str) -> list[Sequence[Any]]:
        """Count the rows of a query, and return the first SHOWN of them."""
        rows = self._session.rows(f"SELECT {names} {source} ORDER BY 1 LIMIT {SHOWN}")
        refused.count = len(rows)
        if len(rows) == SHOWN:
            refused.count = int(self._session.value(f"SELECT COUNT(*) {source}"))
        return rows

    def _table(self, entity: EntityDefinition) -> str:
        parts = [entity.schema_name, entity.table]
        return ".".join(self._session.quote(part) for part in parts if part)

    def _key(self, entity: EntityDefinition) -> str:
        return entity.field("id").column


def _present(old: EntityDefinition, ids: Collection[str]) -> list[str] | None:
    """Return the columns of before; None when one is new."""
    known = {field.id: field.column for field in old.fields}
    return [known[id] for id in ids] if all(id in known for id in ids) else None


def _rules(key: ForeignKeyDefinition) -> tuple[Any, ...]:
    """Return what can't be altered in a foreign key that exists."""
    return key.name, key.on_delete, key.on_update, key.options


def _with_names(condition: str, names: Mapping[str, str]) -> str:
    return re.sub(r"'(?:[^']|'')*'|\w+", lambda found: names.get(found[0], found[0]), condition)


def _plain(condition: str) -> str:
    return re.sub(r"[\s\"`()]", "", condition)
