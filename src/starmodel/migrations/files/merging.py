"""Combines the schemas of two branches, or names what they both change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from starmodel.migrations.errors import MigrationError
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition, Schema
from starmodel.migrations.schema.editing import changed, qualified_table

Item = TypeVar("Item")
_LISTS = ("indexes", "uniques", "checks", "foreign_keys")
_SINGLE = (
    "name", "table", "schema_name", "primary_key", "versioned", "can_expire", "external",
    "comment", "renamed_from",
)  # fmt: skip


class MergeConflictError(MigrationError):
    """Two branches change the same. Shapes: conflicts are sentences without a full stop."""

    def __init__(self, branches: tuple[str, str], conflicts: Sequence[str]) -> None:
        self.branches, self.conflicts = branches, tuple(conflicts)
        first, second = branches
        super().__init__(
            f"The migrations {first} and {second} can't be combined: {'; '.join(conflicts)}. "
            f"Delete the file of the branch that is in no database yet, then run starmodel "
            "migrate, which writes it anew after the other one."
        )


def merged(base: Schema, left: Schema, right: Schema, branches: tuple[str, str]) -> Schema:
    """Return the schema with the changes of both branches.

    The order in which their migrations run must not matter, so what both
    change is a conflict, equal changes included.

    Shapes: branches are the ids of the newest migrations.
    Raises: MergeConflictError.
    """
    conflicts: list[str] = []
    entities = _by_id(
        base.entities, left.entities, right.entities, _entity_of(conflicts), conflicts, ""
    )
    conflicts += _renamed_targets(base, left, right)
    conflicts += _renamed_targets(base, right, left)
    conflicts += _same_names(entities)
    if conflicts:
        raise MergeConflictError(branches, list(dict.fromkeys(conflicts)))
    kept = _union(base.kept, left.kept, right.kept)
    return changed(base, entities=tuple(entities), kept=kept)


def _entity_of(
    conflicts: list[str],
) -> Callable[[EntityDefinition, EntityDefinition, EntityDefinition], EntityDefinition]:
    def merge(
        base: EntityDefinition, left: EntityDefinition, right: EntityDefinition
    ) -> EntityDefinition:
        name = base.name
        if (left.name, left.table) != (name, base.table) or (right.name, right.table) != (
            name,
            base.table,
        ):
            conflicts.append(f"one renames {name}, and the other changes it")
            return left
        values = {}
        for attribute in _SINGLE:
            old, a, b = (getattr(each, attribute) for each in (base, left, right))
            if a not in (old, b) and b != old:
                conflicts.append(f"both change the {attribute.replace('_', ' ')} of {name}")
            values[attribute] = b if a == old else a
        for attribute in _LISTS:
            old, a, b = (getattr(each, attribute) for each in (base, left, right))
            if a != old and b != old:
                _same_additions(attribute, name, old, a, b, conflicts)
            values[attribute] = _union(old, a, b)
        conflicts.extend(_renamed_columns(base, left, right))
        conflicts.extend(_renamed_columns(base, right, left))
        fields = _by_id(
            base.fields, left.fields, right.fields, _field_of(conflicts, name), conflicts, name
        )
        return changed(base, fields=tuple(fields), **values)

    return merge


def _field_of(
    conflicts: list[str], entity: str
) -> Callable[[FieldDefinition, FieldDefinition, FieldDefinition], FieldDefinition]:
    def merge(
        base: FieldDefinition, left: FieldDefinition, right: FieldDefinition
    ) -> FieldDefinition:
        conflicts.append(f"both change {entity}.{base.name}")
        return left

    return merge


Definition = TypeVar("Definition", EntityDefinition, FieldDefinition)


def _by_id(
    base: Sequence[Definition],
    left: Sequence[Definition],
    right: Sequence[Definition],
    merge: Callable[[Definition, Definition, Definition], Definition],
    conflicts: list[str],
    entity: str,
) -> list[Definition]:
    """Combine definitions by id; in the order of the left one, then the additions of the right."""
    old: dict[str, Definition] = {each.id: each for each in base}
    a: dict[str, Definition] = {each.id: each for each in left}
    b: dict[str, Definition] = {each.id: each for each in right}
    found: list[Definition] = []
    for id in dict.fromkeys([*a, *b, *old]):
        o, x, y = old.get(id), a.get(id), b.get(id)
        name = (o or x or y).name  # type: ignore[union-attr]
        name = f"{entity}.{name}" if entity else name
        if o is None:
            if x is not None and y is not None:
                conflicts.append(f"both add {name}")
            found.append(x or y)  # type: ignore[arg-type]
        elif x is None or y is None:
            remaining = x or y
            if remaining is None:
                conflicts.append(f"both remove {name}")
            elif remaining != o:
                conflicts.append(f"one removes {name}, and the other changes it")
        elif x == o or y == o:
            found.append(y if x == o else x)
        else:
            found.append(merge(o, x, y))
    return found


def _union(base: Sequence[Item], left: Sequence[Item], right: Sequence[Item]) -> tuple[Item, ...]:
    """Return the items that both branches have, and those that either added."""
    kept = [each for each in left if each in right or each not in base]
    return (*kept, *(each for each in right if each not in base and each not in kept))


def _same_additions(
    attribute: str,
    entity: str,
    base: Sequence[object],
    left: Sequence[object],
    right: Sequence[object],
    conflicts: list[str],
) -> None:
    removed = [each for each in base if each not in left and each not in right]
    names = [{getattr(e, "name", None) for e in each if e not in base} for each in (left, right)]
    same = [each for each in left if each not in base and each in right]
    if removed or same or (names[0] & names[1]) - {None}:
        what = {"indexes": "an index", "foreign_keys": "a foreign key"}.get(
            attribute, "a constraint"
        )
        conflicts.append(f"both change {what} of {entity}")


def _renamed_columns(
    base: EntityDefinition, renaming: EntityDefinition, other: EntityDefinition
) -> Iterator[str]:
    """Yield a conflict when the other branch builds on columns that one renames."""
    columns = {field.id: field.column for field in base.fields}
    renamed = any(columns.get(f.id, f.column) != f.column for f in renaming.fields)
    if renamed and any(getattr(base, each) != getattr(other, each) for each in _LISTS):
        yield (
            f"one renames fields of {base.name}, and the other changes its indexes or constraints"
        )


def _renamed_targets(base: Schema, renaming: Schema, other: Schema) -> Iterator[str]:
    """Yield a conflict when the other branch refers to a table that one renames or removes."""
    present = {entity.id: qualified_table(entity) for entity in renaming}
    gone = {
        qualified_table(entity)
        for entity in base
        if present.get(entity.id) != qualified_table(entity)
    }
    old = {entity.id: entity for entity in base}
    for entity in other:
        before = old.get(entity.id)
        keys = set() if before is None else set(map(repr, before.foreign_keys))
        for key in entity.foreign_keys:
            if key.target in gone and repr(key) not in keys:
                yield f"one renames or removes {key.target}, to which {entity.name} refers"


def _same_names(entities: Iterable[EntityDefinition]) -> Iterator[str]:
    entities = list(entities)
    for names in (
        [entity.name for entity in entities],
        *([f"{e.name}.{field.name}" for field in e.fields] for e in entities),
    ):
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                yield f"both give the name {name}"
