"""Edits of definitions, which are immutable: each function returns a changed copy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    ForeignKeyDefinition,
    IndexDefinition,
    Kept,
    Schema,
)
from starmodel.migrations.steps.step import Position, StepError


def entity_of(schema: Schema, name: str, step: object) -> EntityDefinition:
    """Return the entity of this name. Raises: StepError."""
    if not schema.has_entity(name):
        known = ", ".join(entity.name for entity in schema) or "none"
        raise StepError(
            f"{step!r} names the entity {name!r}, which its schema does not have there; it has "
            f"{known}. Correct the step, or the order of the steps."
        )
    return schema.entity(name)


def field_of(entity: EntityDefinition, name: str, step: object) -> FieldDefinition:
    """Return the field of this name. Raises: StepError."""
    if not entity.has_field(name):
        known = ", ".join(field.name for field in entity.fields)
        raise StepError(
            f"{step!r} names the field {entity.name}.{name}, which its schema does not have there; "
            f"it has {known}. Correct the step, or the order of the steps."
        )
    return entity.field(name)


def with_entity(schema: Schema, entity: EntityDefinition, *, replacing: str = "") -> Schema:
    """Put the entity in the place of that with the name `replacing`, by default its own."""
    name = replacing or entity.name
    found = any(each.name == name for each in schema)
    entities = tuple(entity if each.name == name else each for each in schema.entities)
    return schema.model_copy(update={"entities": entities if found else (*entities, entity)})


def without_entity(schema: Schema, name: str) -> Schema:
    entities = tuple(each for each in schema.entities if each.name != name)
    return schema.model_copy(update={"entities": entities})


def with_kept(schema: Schema, kept: Kept) -> Schema:
    return schema.model_copy(update={"kept": (*schema.kept, kept)})


def without_kept(schema: Schema, names: Iterable[str]) -> Schema:
    gone = set(names)
    kept = tuple(each for each in schema.kept if each.name not in gone)
    return schema.model_copy(update={"kept": kept})


def with_field(
    entity: EntityDefinition, field: FieldDefinition, order: EntityDefinition | None = None
) -> EntityDefinition:
    """Replace the field of the same id, or add it. Shapes: order has the fields in their order."""
    found = any(each.id == field.id for each in entity.fields)
    fields = [field if each.id == field.id else each for each in entity.fields]
    if not found:
        fields.append(field)
        if order is not None:
            places = {each.id: place for place, each in enumerate(order.fields)}
            fields.sort(key=lambda each: places.get(each.id, len(places)))
    return entity.model_copy(update={"fields": tuple(fields)})


def without_field(entity: EntityDefinition, field: FieldDefinition) -> EntityDefinition:
    """Remove a field with the indexes and constraints that include its column."""

    def stays(columns: Iterable[str]) -> bool:
        return field.column not in columns

    return entity.model_copy(
        update={
            "fields": tuple(each for each in entity.fields if each.id != field.id),
            "indexes": tuple(i for i in entity.indexes if not index_uses(i, field.column)),
            "uniques": tuple(u for u in entity.uniques if stays(u.columns)),
            "checks": tuple(c for c in entity.checks if not mentions(c.condition, field.column)),
            "foreign_keys": tuple(k for k in entity.foreign_keys if stays(k.columns)),
        }
    )


def index_uses(index: IndexDefinition, column: str) -> bool:
    """True when a part of the index, or its condition, names the column."""
    conditions = [str(value) for name, value in index.options.items() if name.endswith("_where")]
    return any(part == column or mentions(part, column) for part in (*index.parts, *conditions))


def mentions(sql: str, column: str) -> bool:
    """True when SQL text has the column as a word."""
    return replaced_word(sql, column, f"{column}?") != sql


def replaced_word(sql: str, old: str, new: str) -> str:
    """Replace a column name in SQL text, outside of string literals.

    >>> replaced_word("price > 0 AND note <> 'price'", "price", "unit_price")
    "unit_price > 0 AND note <> 'price'"
    """
    pattern = re.compile(rf"('(?:[^']|'')*')|(?<!\w){re.escape(old)}(?!\w)")
    return pattern.sub(lambda found: found[1] or new, sql)


def kept_entry(
    position: Position,
    step: object,
    entity: EntityDefinition,
    field: FieldDefinition | None = None,
) -> Kept:
    """Return what the target schema says of a dropped field or entity. Raises: StepError."""
    known = {kept.name for kept in position.current.kept}
    wanted = None if field is None else field.id
    for kept in position.target.kept:
        own = None if kept.field is None else kept.field.id
        if own == wanted and kept.entity.id == entity.id and kept.name not in known:
            return Kept(migration=kept.migration, name=kept.name, entity=entity, field=field)
    raise StepError(
        f"{step!r} has no entry in `kept` of the schema, which names the column or table that "
        "keeps its values. Write the migration anew with `starmodel migrate`."
    )


def map_foreign_keys(
    schema: Schema, change: Callable[[ForeignKeyDefinition], ForeignKeyDefinition | None]
) -> Schema:
    """Change the foreign keys of all entities; None removes one."""
    entities = []
    for entity in schema.entities:
        keys = tuple(key for key in map(change, entity.foreign_keys) if key is not None)
        same = keys == entity.foreign_keys
        entities.append(entity if same else entity.model_copy(update={"foreign_keys": keys}))
    return schema.model_copy(update={"entities": tuple(entities)})


def full_name(entity: EntityDefinition) -> str:
    """Return the table with its database schema, as `ForeignKeyDefinition.target` has it."""
    return entity.table if entity.schema_name is None else f"{entity.schema_name}.{entity.table}"


def adopt_names(entity: EntityDefinition, target: EntityDefinition) -> EntityDefinition:
    """Take over the names of indexes and constraints that equal those of `target` otherwise.

    Names that SQLAlchemy derives contain the table and the columns, so they
    change with them.
    """
    return entity.model_copy(
        update={
            "indexes": _adopted(entity.indexes, target.indexes),
            "uniques": _adopted(entity.uniques, target.uniques),
            "checks": _adopted(entity.checks, target.checks),
            "foreign_keys": _adopted(entity.foreign_keys, target.foreign_keys),
        }
    )


def _adopted(own: Iterable, others: Iterable) -> tuple:  # type: ignore[type-arg]
    names = {each.name for each in own}
    free = [each for each in others if each.name is None or each.name not in names]
    made = []
    for each in own:
        equal = (o for o in free if o.model_copy(update={"name": each.name}) == each)
        found = next(equal, None)
        if found is not None:
            free.remove(found)
        made.append(found or each)
    return tuple(made)
