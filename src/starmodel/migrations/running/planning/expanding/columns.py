"""Steps that add, change, split and restore columns."""

from __future__ import annotations

from dataclasses import replace

from starmodel.migrations.running.planning.actions import (
    Action,
    RowAction,
    SchemaAction,
)
from starmodel.migrations.running.planning.describing import describe
from starmodel.migrations.running.planning.expanding.conversion import (
    conversion_options,
    convert_column,
    physical_field,
    required_fill,
    same_form,
    with_ids,
)
from starmodel.migrations.running.planning.expanding.expanded import Expanded, again, schema_change
from starmodel.migrations.running.planning.states import State
from starmodel.migrations.running.rows.works import Fill, Split
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition
from starmodel.migrations.schema.editing import with_entity, without_former_keys
from starmodel.migrations.steps import (
    UNSET,
    AddField,
    ChangeField,
    RestoreField,
    SplitField,
)


def add_field(step: AddField, state: State, after: State) -> Expanded:
    """Add the column loosely, fill it, then require it."""
    entity = after.schema.entity(step.entity)
    field = entity.field(step.field)
    about = describe(step)
    generated = field.server_default is not None or field.computed is not None
    if step.fill is UNSET and (field.nullable or generated or field.identity is not None):
        return [schema_change(state, after, about)], after
    loose = after.override(entity.id, field.id, nullable=True)
    actions: list[Action] = [schema_change(state, loose, about)]
    has_default = field.has_default and field.default is not None
    if step.fill is None or (step.fill is UNSET and not has_default):
        return actions, loose  # a later step fills it, or there are no rows
    fill = Fill(loose.physical, step.entity, step.field, step.fill)
    actions.append(RowAction(fill, fill.describe()))
    if field.nullable:
        return actions, after
    actions.append(schema_change(loose, after, f"Require {step.entity}.{step.field}", again(fill)))
    return actions, after


def split_field(step: SplitField, state: State, after: State) -> Expanded:
    """Copy the parts of a nested model, then require their columns."""
    work = Split(state.physical, step.entity, step.field, step.parts)
    entity = after.schema.entity(step.entity)
    settled = after
    for name in step.parts:
        settled = settled.settled(entity.id, entity.field(name).id)
    about = describe(step)
    return [RowAction(work, about), schema_change(after, settled, about, work)], settled


def change_field(step: ChangeField, state: State, after: State) -> Expanded:
    """Alter the column, or convert its values into a new one."""
    before = state.schema.entity(step.entity)
    entity = after.schema.entity(step.entity)
    old, new = before.field(step.field), entity.field(step.field)
    present = physical_field(state, before.id, old.id)
    after = after.settled(entity.id, new.id)
    about = describe(step)
    freed = _freed(state, after, before, old.column)
    first: list[Action] = []
    if freed is not state:
        first.append(schema_change(state, freed, f"Drop the keys of {step.entity}.{step.field}"))
    if step.convert is not None or step.on_error is not UNSET or not same_form(present, new):
        work = conversion_options(step, new)
        actions, after = convert_column(freed, after, entity, present, new, work, about)
        return [*first, *actions], after
    if not present.nullable or new.nullable:
        return [schema_change(state, after, about)], after
    fill = Fill(freed.physical, step.entity, step.field, required_fill(step.fill, new))
    return [
        *first,
        RowAction(fill, fill.describe()),
        schema_change(freed, after, about, again(fill)),
    ], after


def _freed(state: State, after: State, entity: EntityDefinition, column: str) -> State:
    """The state without the keys of a column that end with its change; itself without any."""
    free = without_former_keys(entity, after.schema.entity(entity.name), column)
    if free == entity:
        return state
    return replace(state, schema=with_entity(state.schema, entity.name, free))


def restore_field(step: RestoreField, state: State, after: State) -> Expanded:
    """Give the former column its name again, and fill rows without a value."""
    entity = after.schema.entity(step.entity)
    new = entity.field(step.field)
    kept = next(each for each in state.schema.kept if each.name == step.kept)
    assert kept.field is not None  # noqa: S101 - the step names a field
    about = describe(step)
    loose = after.override(
        entity.id, new.id, type=kept.field.type, nullable=True, server_default=None
    )
    renamed = SchemaAction(
        with_ids(state.physical, entity.id, {kept.field.id: new.id}), loose.physical, about
    )
    if same_form(kept.field, new):
        fill = Fill(loose.physical, step.entity, step.field, step.fill)
        is_filled = not new.nullable or step.fill is not UNSET
        filled: list[Action] = [RowAction(fill, fill.describe())] if is_filled else []
        return [renamed, *filled, schema_change(loose, after, about, *_fills(new, fill))], after
    old = physical_field(loose, entity.id, new.id)
    options = conversion_options(ChangeField(step.entity, step.field, fill=step.fill), new)
    actions, after = convert_column(loose, after, entity, old, new, options, about)
    return [renamed, *actions], after


def _fills(field: FieldDefinition, fill: Fill) -> tuple[Fill, ...]:
    return () if field.nullable else (again(fill),)
