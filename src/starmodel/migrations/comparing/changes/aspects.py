"""Which parts of a field's definition differ."""

from __future__ import annotations

from collections.abc import Iterator

from starmodel.migrations.comparing.changes import class_side
from starmodel.migrations.comparing.changes import fields as field_changes
from starmodel.migrations.comparing.changes.words import members_of
from starmodel.migrations.schema.definitions import FieldDefinition, TypeDefinition


def aspects(
    before: FieldDefinition, after: FieldDefinition
) -> Iterator[type[field_changes.FieldChange]]:
    """Yield what differs. A computed column is as its expression with new names."""
    same_kind = before.type.kind == after.type.kind
    bounded = same_kind and bool(members_of(before)) != bool(members_of(after))
    if bounded or (before.type != after.type and not _only_members(before, after)):
        yield field_changes.ChangedType
    if same_kind and not bounded and _members_differ(before, after):
        yield field_changes.ChangedMembers
    if before.nullable != after.nullable:
        yield field_changes.ChangedNullability
    if _server_default(before) != _server_default(after):
        yield field_changes.ChangedServerDefault
    if _computed(before) != _computed(after):
        yield field_changes.ChangedComputed
    if (before.identity, before.autoincrement) != (after.identity, after.autoincrement):
        yield field_changes.ChangedNumbering
    if _default(before) != _default(after):
        yield class_side.ChangedDefault
    bounds = [{k: v for k, v in f.bounds.items() if k != "values"} for f in (before, after)]
    if bounds[0] != bounds[1]:
        yield class_side.ChangedBounds
    if before.shape != after.shape:
        yield class_side.ChangedShape
    if before.comment != after.comment:
        yield field_changes.ChangedComment


def _default(field: FieldDefinition) -> object:
    """Return the default of a class; 0 and "0" are one, for a number that becomes decimal.

    None counts as no default: nullability implies it.
    """
    default = field.default
    text = str(default) if isinstance(default, int | float | str) else default
    return (default is not None, text, field.default_factory)


def _server_default(field: FieldDefinition) -> object:
    return field.server_default and (field.server_default, field.variants)


def _computed(field: FieldDefinition) -> object:
    return field.computed and (field.computed, field.variants, field.persisted)


def _only_members(before: FieldDefinition, after: FieldDefinition) -> bool:
    """True when two enum types differ by their members alone, and by the length of their names."""
    if before.type.kind != "enum" or after.type.kind != "enum":
        return False
    if list(before.type.values.items()) == list(after.type.values.items()):
        return False
    old, new = (_without_members(field.type) for field in (before, after))
    return old == new


def _without_members(definition: TypeDefinition) -> TypeDefinition:
    """Return an enum type without what follows from its members."""
    arguments = {
        name: value
        for name, value in definition.arguments.items()
        if name not in ("enums", "length")
    }
    return definition.model_copy(
        update={"arguments": arguments, "values": {}, "texts": {}, "ddl": {}}
    )


def _members_differ(before: FieldDefinition, after: FieldDefinition) -> bool:
    old, new = members_of(before), members_of(after)
    if after.type.kind == "enum":
        return list(before.type.values.items()) != list(after.type.values.items())
    return set(old) != set(new)
