"""Converts a column by a temporary one, which takes its place."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.persistence.sql.schema.identifiers import short_name
from starmodel.migrations.running.planning.actions import Action, RowAction, SchemaAction
from starmodel.migrations.running.planning.expanding.expanded import Expanded, schema_change
from starmodel.migrations.running.planning.states import State
from starmodel.migrations.running.rows.works import Convert
from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    Schema,
    TypeDefinition,
)
from starmodel.migrations.steps import UNSET, ChangeField

MARK = TypeDefinition(kind="int", name="BigInteger")


def conversion_options(step: ChangeField, new: FieldDefinition) -> dict[str, Any]:
    """Return the arguments of `Convert` that a step gives."""
    fill = required_fill(step.fill, new)
    return {"convert": step.convert, "on_error": step.on_error, "fill": fill}


def required_fill(fill: Any, new: FieldDefinition) -> Any:
    """Return what replaces None: the default of the new definition where no value is given."""
    has_default = not new.nullable and new.has_default and new.default is not None
    return new.default if fill is UNSET and has_default else fill


def same_form(old: FieldDefinition, new: FieldDefinition) -> bool:
    """True when the stored values stay the same, so that the column alone changes."""
    if old.computed is not None or new.computed is not None:
        return True  # the database computes it
    if old.type.kind != new.type.kind:
        return False
    if old.type.kind == "enum":
        shared = old.type.values.keys() & new.type.values.keys()
        return all(
            old.type.texts.get(name, name) == new.type.texts.get(name, name) for name in shared
        )
    if old.type.kind == "custom":
        return old.type == new.type
    return True


def convert_column(
    state: State,
    after: State,
    entity: EntityDefinition,
    old: FieldDefinition,
    new: FieldDefinition,
    options: dict[str, Any],
    about: str,
) -> Expanded:
    """Convert a column by a temporary one, which then takes its name.

    Shapes: old is the physical field; entity is the definition after.
    """
    temporary = new.model_copy(
        update={
            "id": f"{new.id}~new",
            "name": f"~new_{new.name}",
            "column": short_name(f"_new_{new.column}"),
            "nullable": True,
            "server_default": None,
            "identity": None,
        }
    )
    mark = FieldDefinition(
        id=f"{new.id}~mark", name=f"~mark_{new.name}", column=short_name(f"_mark_{new.column}"),
        type=MARK, nullable=True,
    )  # fmt: skip
    both = state.with_extra(entity.id, temporary, mark)
    name = state.schema.entity(entity.name).name
    convert = Convert(
        both.physical, name, old.name, temporary.name, mark.name, title=new.name, **options
    )
    ids = {old.id: f"{old.id}~old", temporary.id: new.id}
    swapped = with_ids(both.physical, entity.id, ids)
    actions: list[Action] = [
        schema_change(state, both, f"{about}: add a column for the converted values"),
        RowAction(convert, convert.describe()),
        SchemaAction(swapped, after.physical, about, (convert,)),
    ]
    return actions, after


def with_ids(schema: Schema, entity: str, ids: dict[str, str]) -> Schema:
    """Return the schema with other ids of the fields of one entity."""
    entities = []
    for each in schema.entities:
        if each.id == entity:
            fields = tuple(
                field.model_copy(update={"id": ids.get(field.id, field.id)})
                for field in each.fields
            )
            each = each.model_copy(update={"fields": fields})  # noqa: PLW2901
        entities.append(each)
    return Schema(entities=tuple(entities))


def physical_field(state: State, entity: str, field: str) -> FieldDefinition:
    """Return the definition of a column as it is now. Shapes: the arguments are ids."""
    found = next(each for each in state.physical if each.id == entity)
    return next(each for each in found.fields if each.id == field)
