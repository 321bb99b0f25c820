"""Finds the rows that a new constraint would refuse, by queries on the tables of before."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from starmodel.migrations.running.checking.simulation import SHOWN, Refused
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.schema.definitions import (
    CheckDefinition,
    EntityDefinition,
    ForeignKeyDefinition,
    Schema,
)
from starmodel.migrations.schema.editing import qualified_table

Unchanged = Collection[tuple[str, str]]
"""The ids of entities and fields whose values stay as they are."""


class Violations:
    """Compares the constraints of two physical schemas.

    Constraints over values that change, or over tables that are new, are left to the database.
    """

    def __init__(self, session: Session, before: Schema, after: Schema, changed: Unchanged) -> None:
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
            for columns in self._new_uniques(entity, old):
                found.append(self._duplicates(entity, old, columns))
            for key in entity.foreign_keys:
                found.append(self._orphans(entity, old, key))
            for check in entity.checks:
                found.append(self._failing(entity, old, check))
        return [refused for refused in found if refused is not None and refused.count]

    def _new_uniques(
        self, entity: EntityDefinition, old: EntityDefinition
    ) -> list[tuple[str, ...]]:
        def by_id(owner: EntityDefinition) -> set[tuple[str, ...]]:
            ids = {field.column: field.id for field in owner.fields}
            uniques = [tuple(unique.columns) for unique in owner.uniques]
            uniques += [
                tuple(index.parts)
                for index in owner.indexes
                if index.unique and not any(n.endswith("_where") for n in index.options)
            ]
            return {
                tuple(ids[column] for column in columns)
                for columns in uniques
                if all(column in ids for column in columns)
            }

        return sorted(by_id(entity) - by_id(old))

    def _columns(self, old: EntityDefinition, ids: Collection[str]) -> list[str] | None:
        """Return the columns of before; None when a value is new or changes."""
        known = {field.id: field.column for field in old.fields}
        if any(id not in known or (old.id, id) in self._changed for id in ids):
            return None
        return [known[id] for id in ids]

    def _duplicates(
        self, entity: EntityDefinition, old: EntityDefinition, ids: tuple[str, ...]
    ) -> Refused | None:
        columns = self._columns(old, ids)
        if not columns:
            return None
        names = ", ".join(map(self._session.quote, columns))
        filled = " AND ".join(f"{self._session.quote(name)} IS NOT NULL" for name in columns)
        rows = self._session.rows(
            f"SELECT {names}, COUNT(*) FROM {self._table(old)} WHERE {filled} "  # noqa: S608
            f"GROUP BY {names} HAVING COUNT(*) > 1 ORDER BY {names}"
        )
        fields = [field.name for field in entity.fields if field.id in ids]
        remedy = "Make them different, or delete all but one of each."
        refused = Refused(
            f"{entity.name}.{', '.join(fields)}", "not unique, and it has to be now", remedy
        )
        for *values, count in rows[:SHOWN]:
            refused.examples.append(f"{', '.join(map(repr, values))} in {count} rows")
        refused.count = sum(row[-1] for row in rows)
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
        columns = self._columns(old, [mine[c] for c in key.columns])
        others = self._columns(parent, [theirs[c] for c in key.target_columns])
        if not columns or not others or self._is_known(old, parent, columns, others):
            return None
        quote = self._session.quote
        pairs = [
            f"child.{quote(a)} = parent.{quote(b)}" for a, b in zip(columns, others, strict=True)
        ]
        filled = [f"child.{quote(name)} IS NOT NULL" for name in columns]
        names = ", ".join(f"child.{quote(name)}" for name in [self._key(old), *columns])
        rows = self._session.rows(
            f"SELECT {names} FROM {self._table(old)} AS child WHERE {' AND '.join(filled)} "  # noqa: S608
            f"AND NOT EXISTS (SELECT 1 FROM {self._table(parent)} AS parent "
            f"WHERE {' AND '.join(pairs)}) ORDER BY 1"
        )
        fields = [field.name for field in entity.fields if field.column in key.columns]
        reason = f"refers to a {target.name} that does not exist"
        refused = Refused(
            f"{entity.name}.{', '.join(fields)}", reason, "Correct or delete these rows first."
        )
        for row in rows:
            refused.add(f"{', '.join(map(repr, row[1:]))} in the row {row[0]!r}")
        return refused

    def _is_known(
        self,
        old: EntityDefinition,
        parent: EntityDefinition,
        columns: list[str],
        others: list[str],
    ) -> bool:
        return any(
            list(key.columns) == columns
            and list(key.target_columns) == others
            and key.target == qualified_table(parent)
            for key in old.foreign_keys
        )

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
        rows = self._session.rows(
            f"SELECT {self._session.quote(self._key(old))} FROM {self._table(old)} "  # noqa: S608
            f"WHERE NOT ({present}) ORDER BY 1"
        )
        refused = Refused(
            entity.name, f"violates {check.name} ({condition})", "Correct these rows first."
        )
        for (key,) in rows:
            refused.add(repr(key))
        return refused

    def _table(self, entity: EntityDefinition) -> str:
        parts = [entity.schema_name, entity.table]
        return ".".join(self._session.quote(part) for part in parts if part)

    def _key(self, entity: EntityDefinition) -> str:
        return entity.field("id").column


def _with_names(condition: str, names: Mapping[str, str]) -> str:
    return re.sub(r"'(?:[^']|'')*'|\w+", lambda found: names.get(found[0], found[0]), condition)


def _plain(condition: str) -> str:
    return re.sub(r"[\s\"`()]", "", condition)
