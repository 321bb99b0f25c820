"""Steps that replace members of enums and values of `Literal` fields."""

from __future__ import annotations

from typing import Any

from starmodel.migrations.comparing.changes.words import members_of
from starmodel.migrations.running.planning.actions import (
    Action,
    RowAction,
)
from starmodel.migrations.running.planning.describing import describe
from starmodel.migrations.running.planning.expanding.expanded import Expanded, schema_change
from starmodel.migrations.running.planning.states import State
from starmodel.migrations.running.rows.works import Replace
from starmodel.migrations.schema.definitions import (
    FieldDefinition,
    TypeDefinition,
)
from starmodel.migrations.steps import (
    ReplaceValues,
)


def replace_values(step: ReplaceValues, state: State, after: State) -> Expanded:
    """Accept the members of before and after, then replace values."""
    entity = after.schema.entity(step.entity)
    field = entity.field(step.field)
    actions: list[Action] = []
    if field.type.kind == "enum" and after.target.has_entity(step.entity):
        wanted = after.target.entity(step.entity)
        if wanted.has_field(step.field):
            both = _union(field.type, wanted.field(step.field).type)
            if both != field.type:
                after = after.override(entity.id, field.id, type=both)
                actions.append(schema_change(state, after, f"Accept both values of {step.field}"))
    work = Replace(
        after.physical, step.entity, step.field, step.values, _undone_values(step, field)
    )
    return [*actions, RowAction(work, describe(step))], after


def _undone_values(step: ReplaceValues, field: FieldDefinition) -> dict[str, Any]:
    """Return the values that an undo replaces.

    A value that rows could have before is left alone: an undo can't tell which rows got it.
    """
    members = members_of(field)
    pairs = [(str(new), old) for old, new in reversed(list(step.values.items()))]
    return {new: old for new, old in pairs if new not in members}


def _union(old: TypeDefinition, new: TypeDefinition) -> TypeDefinition:
    """Return an enum type with the members of both."""
    if new.kind != "enum":
        return old
    arguments = dict(old.arguments)
    if "enums" in old.arguments or "enums" in new.arguments:
        labels = [*_labels(old), *(x for x in _labels(new) if x not in _labels(old))]
        arguments["enums"] = labels
    return old.model_copy(
        update={
            "values": {**new.values, **old.values},
            "texts": {**new.texts, **old.texts},
            "arguments": arguments,
        }
    )


def _labels(definition: TypeDefinition) -> list[Any]:
    found = definition.arguments.get("enums")
    return list(found) if isinstance(found, list) else list(definition.values)
