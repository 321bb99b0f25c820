"""Compares two schemas by the ids of their definitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from starmodel.migrations.comparing.changes.aspects import aspects
from starmodel.migrations.comparing.changes.change import Change, Changes
from starmodel.migrations.comparing.changes.fields import AddedField, RemovedField, RenamedField
from starmodel.migrations.comparing.changes.tables import (
    AddedConstraint,
    AddedEntity,
    AddedIndex,
    ChangedHiddenColumns,
    ChangedOptions,
    ChangedOwner,
    ChangedPrimaryKey,
    ChangedTableComment,
    RemovedConstraint,
    RemovedEntity,
    RemovedIndex,
    RenamedConstraint,
    RenamedEntity,
    RenamedIndex,
)
from starmodel.migrations.comparing.keeping import kept_for, kept_rows_of
from starmodel.migrations.schema.definitions import (
    Constraint,
    EntityDefinition,
    FieldDefinition,
    IndexDefinition,
    Kept,
    Schema,
)
from starmodel.migrations.schema.editing import (
    changed,
    with_renamed_column,
    with_renamed_table,
)

Definition = TypeVar("Definition", EntityDefinition, FieldDefinition)


def compare(before: Schema, after: Schema) -> Changes:
    """Return what changed. Definitions with the same id are the same, whatever their names.

    Foreign keys, indexes and conditions that differ by renamed tables and
    columns only have not changed. See `carry_ids` for the ids of renamed definitions.
    """
    old_ids, new_ids = ({entity.id for entity in each} for each in (before, after))
    items: list[Change] = []
    items += [RemovedEntity(entity) for entity in before if entity.id not in new_ids]
    items += [
        AddedEntity(entity, kept_rows_of(entity, before.kept))
        for entity in after
        if entity.id not in old_ids
    ]
    present = with_new_names(before, after)
    old_by_id = {entity.id: entity for entity in before}
    by_id = {entity.id: entity for entity in present}
    for new in after:
        if new.id in old_by_id:
            items += _entity(old_by_id[new.id], by_id[new.id], new, before.kept)
    return Changes(before, after, tuple(items))


def with_new_names(before: Schema, after: Schema) -> Schema:
    """Return the schema before, as it is once everything is renamed.

    Names of removed definitions get a prefix that no identifier has, so that
    what refers to them differs from what refers to a new one of the same name.
    """
    new_entities = {entity.id: entity for entity in after}
    schema = before
    for old in before:  # out of the way first, so that names may be exchanged
        moved = changed(old, name=f"\0{old.id}", table=f"\0{old.table}")
        schema = with_renamed_table(schema, schema.entity(old.name), moved)
    for old in before:
        new = new_entities.get(old.id)
        if new is not None:
            schema = with_renamed_table(schema, schema.entity(f"\0{old.id}"), new)
            schema = _with_new_columns(schema, new)
    return schema


def _with_new_columns(schema: Schema, new: EntityDefinition) -> Schema:
    new_fields = {field.id: field for field in new.fields}
    originals = schema.entity(new.name).fields
    moving = [
        field
        for field in originals
        if (target := new_fields.get(field.id)) is None
        or (target.name, target.column) != (field.name, field.column)
    ]
    for field in moving:
        aside = changed(field, name=f"\0{field.id}", column=f"\0{field.column}")
        schema = with_renamed_column(schema, schema.entity(new.name), field, aside)
    for field in moving:
        target = new_fields.get(field.id)
        if target is not None:
            entity = schema.entity(new.name)
            schema = with_renamed_column(schema, entity, entity.field(f"\0{field.id}"), target)
    return schema


def _entity(
    old: EntityDefinition, present: EntityDefinition, new: EntityDefinition, kept: Sequence[Kept]
) -> Iterator[Change]:
    """Yield the changes of one entity. Shapes: present is old with the new names."""
    if (old.name, old.table, old.schema_name) != (new.name, new.table, new.schema_name):
        yield RenamedEntity(old, new)
    if old.external != new.external:
        yield ChangedOwner(old, new)
    yield from _fields(old, present, new, kept)
    if new.external:
        return
    if present.primary_key != new.primary_key:
        yield ChangedPrimaryKey(old, new)
    if (old.versioned, old.can_expire) != (new.versioned, new.can_expire):
        yield ChangedHiddenColumns(old, new)
    yield from _indexes(old, present, new)
    for kind in ("uniques", "checks", "foreign_keys"):
        yield from _constraints(new, getattr(present, kind), getattr(new, kind), getattr(old, kind))
    if old.comment != new.comment:
        yield ChangedTableComment(old, new)
    if (old.options, old.primary_key_name) != (new.options, new.primary_key_name):
        yield ChangedOptions(old, new)


def _fields(
    old: EntityDefinition, present: EntityDefinition, new: EntityDefinition, kept: Sequence[Kept]
) -> Iterator[Change]:
    old_fields = {field.id: field for field in old.fields}
    present_fields = {field.id: field for field in present.fields}
    new_ids = {field.id for field in new.fields}
    for field in old.fields:
        if field.id not in new_ids:
            yield RemovedField(old, new, field)
    for field in new.fields:
        before = old_fields.get(field.id)
        if before is None:
            yield AddedField(old, new, field, kept_for(field, new, kept))
        else:
            yield from _field(old, new, before, present_fields[field.id], field)


def _field(
    old: EntityDefinition,
    new: EntityDefinition,
    before: FieldDefinition,
    present: FieldDefinition,
    after: FieldDefinition,
) -> Iterator[Change]:
    if (before.name, before.column) != (after.name, after.column):
        yield RenamedField(old, new, before, after)
    for kind in aspects(present, after):
        yield kind(old, new, before, after)


def _indexes(
    old: EntityDefinition, present: EntityDefinition, new: EntityDefinition
) -> Iterator[Change]:
    originals = {index.name: index for index in old.indexes}
    removed = [index for index in present.indexes if index not in new.indexes]
    added = [index for index in new.indexes if index not in present.indexes]
    for index in list(added):
        same = [e for e in removed if _named(e, index.name) == index]
        if same and index.name not in originals:
            removed.remove(same[0])
            added.remove(index)
            yield RenamedIndex(new, originals[same[0].name], index.name)
    for index in removed:
        yield RemovedIndex(new, originals[index.name])
    for index in added:
        yield AddedIndex(new, index)


def _named(index: IndexDefinition, name: str) -> IndexDefinition:
    """Return an index definition with another name."""
    return index.model_copy(update={"name": name})


def _constraints(
    entity: EntityDefinition,
    present: Sequence[Constraint],
    new: Sequence[Constraint],
    old: Sequence[Constraint],
) -> Iterator[Change]:
    """Yield the changes of one kind of constraint. Shapes: old are those of present, in order."""
    removed = [(a, b) for a, b in zip(present, old, strict=True) if a not in new]
    added = [constraint for constraint in new if constraint not in present]
    for constraint in list(added):
        same = [
            pair
            for pair in removed
            if pair[0].model_copy(update={"name": constraint.name}) == constraint
        ]
        if same:
            removed.remove(same[0])
            added.remove(constraint)
            yield RenamedConstraint(entity, constraint)
    for _, original in removed:
        yield RemovedConstraint(entity, original)
    for constraint in added:
        yield AddedConstraint(entity, constraint)
