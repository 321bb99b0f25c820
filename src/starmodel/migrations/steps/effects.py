"""Applies steps to definitions: the state of the schema between the steps of a migration.

This is what a step means. The actions of a step bring the database from the
definitions before it to those after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from starmodel.migrations.schema.definitions import EntityDefinition, Kept, Schema
from starmodel.migrations.schema.editing import (
    changed,
    with_entity,
    with_field,
    with_renamed_column,
    with_renamed_table,
    without_former_keys,
)
from starmodel.migrations.steps.columns import (
    AddField,
    ChangeField,
    DropField,
    RenameField,
    RestoreField,
)
from starmodel.migrations.steps.constraints import (
    AddIndex,
    ChangeConstraints,
    DropIndex,
    RenameIndex,
)
from starmodel.migrations.steps.step import Step
from starmodel.migrations.steps.tables import (
    ChangeTable,
    CreateEntity,
    DropEntity,
    PurgeKept,
    RenameEntity,
)
from starmodel.migrations.steps.values import TEMPORARY


def apply(step: Step, present: Schema, after: Schema) -> Schema:
    """Return the schema once a step is done.

    Data steps change no definition. What needs no step, such as bounds, stays as before.

    Shapes: after is the snapshot of the migration, which defines what the step names.
    Raises: KeyError, for a name that one of the two lacks.
    """
    effect = _EFFECTS.get(type(step))
    return present if effect is None else effect(step, present, after)


def apply_all(steps: Iterable[Step], before: Schema, after: Schema) -> Schema:
    """Return the schema once all steps are done, as `apply` does for one."""
    for step in steps:
        before = apply(step, before, after)
    return before


def _create_entity(step: CreateEntity, present: Schema, after: Schema) -> Schema:
    return changed(present, entities=(*present.entities, after.entity(step.entity)))


def _drop_entity(step: DropEntity, present: Schema, after: Schema) -> Schema:
    entity = present.entity(step.entity)
    present = with_entity(present, step.entity, None)
    return _with_kept(present, after, lambda kept: kept.field is None and _same(kept, entity))


def _rename_entity(step: RenameEntity, present: Schema, after: Schema) -> Schema:
    old = present.entity(step.old)
    if step.new.startswith(TEMPORARY):
        new = changed(old, name=step.new, table=step.new.lower().replace(".", "_"))
    else:
        new = after.entity(step.new)
    return with_renamed_table(present, old, new)


def _change_table(step: ChangeTable, present: Schema, after: Schema) -> Schema:
    entity, target = present.entity(step.entity), after.entity(step.entity)
    names = ("versioned", "can_expire", "comment")
    values = {name: getattr(target, name) for name in names}
    return with_entity(present, step.entity, changed(entity, **values))


def _purge(step: PurgeKept, present: Schema, after: Schema) -> Schema:
    return changed(present, kept=tuple(k for k in present.kept if k.name not in step.names))


def _add_field(step: AddField | RestoreField, present: Schema, after: Schema) -> Schema:
    entity = present.entity(step.entity)
    field = after.entity(step.entity).field(step.field)
    present = with_entity(present, step.entity, changed(entity, fields=(*entity.fields, field)))
    if isinstance(step, RestoreField):
        present = changed(present, kept=tuple(k for k in present.kept if k.name != step.kept))
    return present


def _drop_field(step: DropField, present: Schema, after: Schema) -> Schema:
    entity = present.entity(step.entity)
    field = entity.field(step.field)
    present = with_entity(present, step.entity, with_field(entity, step.field, None))
    return _with_kept(
        present,
        after,
        lambda kept: kept.field is not None and kept.field.id == field.id and _same(kept, entity),
    )


def _rename_field(step: RenameField, present: Schema, after: Schema) -> Schema:
    entity = present.entity(step.entity)
    old = entity.field(step.old)
    if step.new.startswith(TEMPORARY):
        new = changed(old, name=step.new, column=step.new)
    else:
        new = after.entity(step.entity).field(step.new)
    return with_renamed_column(present, entity, old, new)


def _change_field(step: ChangeField, present: Schema, after: Schema) -> Schema:
    entity, target = present.entity(step.entity), after.entity(step.entity)
    column = entity.field(step.field).column
    entity = without_former_keys(entity, target, column)
    return with_entity(
        present, step.entity, with_field(entity, step.field, target.field(step.field))
    )


def _add_index(step: AddIndex, present: Schema, after: Schema) -> Schema:
    entity = present.entity(step.entity)
    index = next(each for each in after.entity(step.entity).indexes if each.name == step.name)
    return with_entity(present, step.entity, changed(entity, indexes=(*entity.indexes, index)))


def _drop_index(step: DropIndex, present: Schema, after: Schema) -> Schema:
    entity = present.entity(step.entity)
    indexes = tuple(each for each in entity.indexes if each.name != step.name)
    return with_entity(present, step.entity, changed(entity, indexes=indexes))


def _rename_index(step: RenameIndex, present: Schema, after: Schema) -> Schema:
    entity = present.entity(step.entity)
    indexes = tuple(
        each.model_copy(update={"name": step.new}) if each.name == step.old else each
        for each in entity.indexes
    )
    return with_entity(present, step.entity, changed(entity, indexes=indexes))


def _change_constraints(step: ChangeConstraints, present: Schema, after: Schema) -> Schema:
    entity, target = present.entity(step.entity), after.entity(step.entity)
    values = {name: getattr(target, name) for name in ("uniques", "checks", "foreign_keys")}
    return with_entity(present, step.entity, changed(entity, **values))


def _with_kept(present: Schema, after: Schema, wanted: Callable[[Kept], bool]) -> Schema:
    known = {kept.name for kept in present.kept}
    added = (kept for kept in after.kept if kept.name not in known and wanted(kept))
    return changed(present, kept=(*present.kept, *added))


def _same(kept: Kept, entity: EntityDefinition) -> bool:
    return kept.entity.id == entity.id


_EFFECTS: dict[type[Step], Callable[[Any, Schema, Schema], Schema]] = {
    CreateEntity: _create_entity,
    DropEntity: _drop_entity,
    RenameEntity: _rename_entity,
    ChangeTable: _change_table,
    PurgeKept: _purge,
    AddField: _add_field,
    RestoreField: _add_field,
    DropField: _drop_field,
    RenameField: _rename_field,
    ChangeField: _change_field,
    AddIndex: _add_index,
    DropIndex: _drop_index,
    RenameIndex: _rename_index,
    ChangeConstraints: _change_constraints,
}
