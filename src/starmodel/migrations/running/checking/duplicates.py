"""Finds rows that would share values in unique columns, after the work of a migration."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from starmodel.migrations.running.checking.refused import Refused
from starmodel.migrations.schema.definitions import EntityDefinition

MAX_ROWS = 1_000_000
"""The rows that are compared, at about 100 bytes each; the database compares those after them."""


class Duplicates:
    """Compares rows in the unique columns of one entity whose values the migration makes.

    Shapes: changed are the ids of the fields whose values it makes; rows are stored values by
    the ids of their fields.
    """

    def __init__(self, entity: EntityDefinition, changed: Collection[str]) -> None:
        self._names = {field.id: field.name for field in entity.fields}
        self._seen: dict[tuple[str, ...], set[bytes]] = {
            ids: set() for ids in unique_fields(entity) if not set(ids).isdisjoint(changed)
        }
        self._entity, self._found = entity.name, dict[tuple[str, ...], Refused]()

    def add(self, row: Mapping[str, Any], key: str) -> None:
        """Compare one row with those before it."""
        for ids, seen in self._seen.items():
            values = [row.get(id) for id in ids]
            if any(value is None for value in values):
                continue
            digest = hashlib.blake2b(repr(values).encode(), digest_size=16).digest()
            if digest in seen:
                shown = ", ".join(map(repr, values))
                self._refused(ids).add(f"{shown} in the row {key}")
            elif len(seen) < MAX_ROWS:
                seen.add(digest)

    def found(self) -> list[Refused]:
        """Return the rows that repeat the values of an earlier one."""
        return list(self._found.values())

    def _refused(self, ids: tuple[str, ...]) -> Refused:
        if ids not in self._found:
            names = ", ".join(self._names[id] for id in ids)
            self._found[ids] = Refused(
                f"{self._entity}.{names}",
                "would have the unique values of another row",
                "Make the values different: by a function of the row as `fill=` or `convert=` in "
                "the file, or by RunData in a migration before the unique constraint.",
            )
        return self._found[ids]


def unique_fields(entity: EntityDefinition) -> Iterator[tuple[str, ...]]:
    """Yield the ids of the fields of each unique constraint and index, without partial indexes."""
    ids = {field.column: field.id for field in entity.fields}
    columns = [tuple(unique.columns) for unique in entity.uniques]
    columns += [
        tuple(index.parts)
        for index in entity.indexes
        if index.unique and not any(name.endswith("_where") for name in index.options)
    ]
    for each in columns:
        if all(column in ids for column in each):
            yield tuple(ids[column] for column in each)
