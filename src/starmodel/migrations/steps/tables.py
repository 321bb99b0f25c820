"""Steps that concern whole tables."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.migrations.schema.definitions import ForeignKeyDefinition, Schema
from starmodel.migrations.steps.editing import (
    adopt_names,
    entity_of,
    full_name,
    kept_entry,
    map_foreign_keys,
    with_entity,
    with_kept,
    without_entity,
    without_kept,
)
from starmodel.migrations.steps.step import Position, Step, StepError


@dataclass(frozen=True)
class CreateEntity(Step):
    """Create the table of a new entity, with its indexes and constraints.

    A foreign key between two new tables that refer to each other is added with the later one.
    """

    entity: str

    def describe(self) -> str:
        return f"Create the table of {self.entity}"

    def apply(self, position: Position) -> Schema:
        if position.current.has_entity(self.entity):
            raise StepError(f"{self!r} creates an entity that exists already. Remove the step.")
        entity = entity_of(position.target, self.entity, self)
        ours = {full_name(each) for each in position.target.entities}
        there = {full_name(each) for each in position.current.entities} | {full_name(entity)}
        keys = tuple(k for k in entity.foreign_keys if k.target in there or k.target not in ours)
        schema = with_entity(position.current, entity.model_copy(update={"foreign_keys": keys}))
        for other in position.current.entities:  # created before, without their key to this one
            if position.before.has_entity(other.name) or not position.target.has_entity(other.name):
                continue
            wanted = position.target.entity(other.name).foreign_keys
            late = tuple(
                k for k in wanted if k.target == full_name(entity) and k not in other.foreign_keys
            )
            if late:
                keys = (*other.foreign_keys, *late)
                schema = with_entity(schema, other.model_copy(update={"foreign_keys": keys}))
        return schema


@dataclass(frozen=True)
class DropEntity(Step):
    """Rename the table of a removed entity out of the way; `PurgeKept` deletes it.

    The kept table has no indexes, unique constraints and foreign keys.
    """

    entity: str

    def describe(self) -> str:
        return f"Keep the table of {self.entity} aside"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        table = full_name(entity)
        kept = kept_entry(position, self, entity)
        schema = without_entity(position.current, self.entity)
        schema = map_foreign_keys(schema, lambda k: None if k.target == table else k)
        return with_kept(schema, kept)


@dataclass(frozen=True)
class RenameEntity(Step):
    """Rename the table of an entity, with everything that refers to it."""

    old: str
    new: str

    def describe(self) -> str:
        return f"Rename {self.old} to {self.new}"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.old, self)
        after = entity_of(position.target, self.new, self)
        if position.current.has_entity(self.new):
            raise StepError(f"{self!r} renames to an entity that exists already.")
        renamed = entity.model_copy(
            update={
                "name": after.name,
                "table": after.table,
                "schema_name": after.schema_name,
                "renamed_from": after.renamed_from,
            }
        )
        schema = with_entity(position.current, renamed, replacing=self.old)
        old, new = full_name(entity), full_name(renamed)

        def change(key: ForeignKeyDefinition) -> ForeignKeyDefinition:
            return key.model_copy(update={"target": new}) if key.target == old else key

        schema = map_foreign_keys(schema, change)
        return with_entity(schema, adopt_names(schema.entity(self.new), after))


@dataclass(frozen=True)
class PurgeKept(Step):
    """Delete what earlier migrations kept aside. Shapes: names of `Schema.kept`."""

    names: tuple[str, ...]

    def describe(self) -> str:
        return f"Delete {', '.join(self.names)} for ever"

    def apply(self, position: Position) -> Schema:
        missing = set(self.names) - {kept.name for kept in position.current.kept}
        if missing:
            raise StepError(f"{self!r} names {', '.join(sorted(missing))}, which is not kept.")
        return without_kept(position.current, self.names)
