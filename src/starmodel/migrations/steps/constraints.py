"""Steps that concern indexes and constraints."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps.editing import entity_of, full_name, with_entity
from starmodel.migrations.steps.step import Position, Step, StepError


@dataclass(frozen=True)
class AddIndex(Step):
    """Create an index of the entity. Shapes: name is that of its definition after."""

    entity: str
    name: str

    def describe(self) -> str:
        return f"Create the index {self.name} of {self.entity}"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        wanted = entity_of(position.target, self.entity, self).indexes
        found = next((index for index in wanted if index.name == self.name), None)
        if found is None:
            raise StepError(f"{self!r} names an index that the schema of its file does not have.")
        others = tuple(index for index in entity.indexes if index.name != self.name)
        changed = entity.model_copy(update={"indexes": (*others, found)})
        return with_entity(position.current, changed)


@dataclass(frozen=True)
class DropIndex(Step):
    """Delete an index. Shapes: name is that of its definition before."""

    entity: str
    name: str

    def describe(self) -> str:
        return f"Delete the index {self.name} of {self.entity}"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        others = tuple(index for index in entity.indexes if index.name != self.name)
        return with_entity(position.current, entity.model_copy(update={"indexes": others}))


@dataclass(frozen=True)
class ChangeConstraints(Step):
    """Bring the keys, unique constraints, checks and comment of a table to those after.

    Foreign keys are included, and the hidden columns of versions and expiry. Rows that a new
    constraint would refuse are listed before anything runs.
    """

    entity: str

    def describe(self) -> str:
        return f"Change the constraints of {self.entity}"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        after = entity_of(position.target, self.entity, self)
        columns = {field.column for field in entity.fields}
        tables = {full_name(each) for each in position.current.entities}
        others = {full_name(each) for each in position.target.entities} - tables
        changed = entity.model_copy(
            update={
                "primary_key": after.primary_key,
                "uniques": tuple(u for u in after.uniques if columns.issuperset(u.columns)),
                "checks": after.checks,
                "foreign_keys": tuple(
                    k
                    for k in after.foreign_keys
                    if columns.issuperset(k.columns) and k.target not in others
                ),
                "comment": after.comment,
                "versioned": after.versioned,
                "can_expire": after.can_expire,
            }
        )
        return with_entity(position.current, changed)
