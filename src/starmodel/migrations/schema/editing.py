"""Edits definitions: replaces parts of them, and renames tables and columns wherever named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    ForeignKeyDefinition,
    Schema,
    UniqueDefinition,
)

Keys = TypeVar("Keys", tuple[ForeignKeyDefinition, ...], tuple[UniqueDefinition, ...])
Definition = TypeVar("Definition", EntityDefinition, FieldDefinition, Schema, ForeignKeyDefinition)


def changed(definition: Definition, **values: Any) -> Definition:
    """Return a definition with other values."""
    return definition.model_copy(update=values)


def with_entity(schema: Schema, name: str, entity: EntityDefinition | None) -> Schema:
    """Return a schema with one entity replaced, or removed for None."""
    schema.entity(name)
    entities = (entity if each.name == name else each for each in schema.entities)
    return changed(schema, entities=tuple(each for each in entities if each is not None))


def with_field(
    entity: EntityDefinition, name: str, field: FieldDefinition | None
) -> EntityDefinition:
    """Return an entity with one field replaced, or removed for None."""
    entity.field(name)
    fields = (field if each.name == name else each for each in entity.fields)
    return changed(entity, fields=tuple(each for each in fields if each is not None))


def without_former_keys(
    entity: EntityDefinition, target: EntityDefinition, column: str
) -> EntityDefinition:
    """Return an entity without the foreign keys and unique constraints of a column that end.

    Those that the target does not have would refuse the new values of the column.
    """
    return changed(
        entity,
        foreign_keys=_kept_constraints(entity.foreign_keys, target.foreign_keys, column),
        uniques=_kept_constraints(entity.uniques, target.uniques, column),
    )


def _kept_constraints(present: Keys, wanted: Keys, column: str) -> Keys:
    return tuple(each for each in present if each in wanted or column not in each.columns)


def with_renamed_table(schema: Schema, old: EntityDefinition, new: EntityDefinition) -> Schema:
    """Return a schema whose foreign keys and conditions use the new name of a table.

    Shapes: new is any definition with the name, table and schema_name afterwards.
    """
    names = {"name": new.name, "table": new.table, "schema_name": new.schema_name}
    renamed = _in_expressions(changed(old, **names), {old.table: new.table}, tables=True)
    schema = with_entity(schema, old.name, renamed)
    keys = _targets(qualified_table(old), lambda key: {"target": qualified_table(new)})
    return changed(schema, entities=tuple(map(keys, schema.entities)))


def with_renamed_column(
    schema: Schema, entity: EntityDefinition, old: FieldDefinition, new: FieldDefinition
) -> Schema:
    """Return a schema whose keys, indexes and constraints use the new name of a column.

    Shapes: new is any definition with the name and column afterwards.
    """
    names = {old.column: new.column}
    renamed = changed(old, name=new.name, column=new.column)
    table = _in_expressions(with_field(entity, old.name, renamed), names)
    table = changed(
        table,
        primary_key=_renamed(table.primary_key, names),
        uniques=tuple(
            each.model_copy(update={"columns": _renamed(each.columns, names)})
            for each in table.uniques
        ),
        foreign_keys=tuple(
            changed(each, columns=_renamed(each.columns, names)) for each in table.foreign_keys
        ),
    )
    schema = with_entity(schema, entity.name, table)
    keys = _targets(
        qualified_table(entity),
        lambda key: {"target_columns": _renamed(key.target_columns, names)},
    )
    return changed(schema, entities=tuple(map(keys, schema.entities)))


def qualified_table(entity: EntityDefinition) -> str:
    """Return the table of an entity as the target of a foreign key names it."""
    return entity.table if entity.schema_name is None else f"{entity.schema_name}.{entity.table}"


def _targets(
    table: str, change: Callable[[ForeignKeyDefinition], Mapping[str, Any]]
) -> Callable[[EntityDefinition], EntityDefinition]:
    """Return a function that changes an entity's foreign keys to one table."""

    def changed_keys(entity: EntityDefinition) -> EntityDefinition:
        if all(key.target != table for key in entity.foreign_keys):
            return entity
        keys = (
            changed(key, **change(key)) if key.target == table else key
            for key in entity.foreign_keys
        )
        return changed(entity, foreign_keys=tuple(keys))

    return changed_keys


def _renamed(columns: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(column, column) for column in columns)


def _in_expressions(
    entity: EntityDefinition, names: Mapping[str, str], *, tables: bool = False
) -> EntityDefinition:
    """Replace names in the SQL of indexes, checks and computed columns, outside of literals.

    Shapes: tables, the names are those of tables, which stand before a dot.
    """
    end = r"(?=[\"`]?\.)" if tables else r"(?!\w)"
    words = "|".join(rf"(?<!\w){re.escape(name)}{end}" for name in names)
    pattern = re.compile(rf"'(?:[^']|'')*'|{words}")

    def replaced(sql: str) -> str:
        return pattern.sub(lambda found: names.get(found[0], found[0]), sql)

    def variants(found: Mapping[str, str]) -> dict[str, str]:
        return {dialect: replaced(sql) for dialect, sql in found.items()}

    return changed(
        entity,
        indexes=tuple(
            each.model_copy(
                update={
                    "parts": tuple(map(replaced, each.parts)),
                    "variants": {
                        dialect: tuple(map(replaced, parts))
                        for dialect, parts in each.variants.items()
                    },
                }
            )
            for each in entity.indexes
        ),
        checks=tuple(
            each.model_copy(
                update={
                    "condition": replaced(each.condition),
                    "variants": variants(each.variants),
                }
            )
            for each in entity.checks
        ),
        fields=tuple(
            field
            if field.computed is None
            else changed(
                field, computed=replaced(field.computed), variants=variants(field.variants)
            )
            for field in entity.fields
        ),
    )
