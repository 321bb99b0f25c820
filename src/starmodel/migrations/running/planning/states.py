"""The physical schema between the actions of a migration.

It differs from the definitions where the database is ahead of or behind them: columns and tables
that are kept aside, columns that accept NULL until they are filled, and types that accept the
values of before and after.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    ForeignKeyDefinition,
    Kept,
    Schema,
)
from starmodel.migrations.schema.editing import qualified_table

KEPT = "~"
"""Begins the names of kept fields and entities, which no class can have."""
Overrides = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class State:
    """Definitions, and how the columns differ from them for the time being.

    Shapes: overrides are other values of field definitions, by the ids of
    entity and field; extra are temporary fields by the id of their entity; aside are
    tables that an undo has put aside;
    target has the tables that are still to be created.
    """

    schema: Schema
    target: Schema
    overrides: Overrides = field(default_factory=dict)
    extra: Mapping[str, tuple[FieldDefinition, ...]] = field(default_factory=dict)
    aside: tuple[EntityDefinition, ...] = ()

    def override(self, entity: str, field_id: str, **values: Any) -> State:
        """Return a state in which a column differs from its definition."""
        key = (entity, field_id)
        return replace(self, overrides={**self.overrides, key: values})

    def settled(self, entity: str, field_id: str) -> State:
        """Return a state in which the column is as its definition says."""
        others = {key: v for key, v in self.overrides.items() if key != (entity, field_id)}
        return replace(self, overrides=others)

    def with_extra(self, entity: str, *fields: FieldDefinition) -> State:
        """Return a state with temporary columns."""
        return replace(self, extra={**self.extra, entity: fields})

    @cached_property
    def physical(self) -> Schema:
        """The definitions of the tables as they are in the database."""
        entities = [self._own(entity) for entity in self.schema.entities]
        entities += [_kept_entity(kept) for kept in self.schema.kept if kept.field is None]
        entities += self.aside
        kept = self.schema.kept
        entities = [_without_lost_checks(_with_kept_fields(e, kept), kept) for e in entities]
        there = {qualified_table(entity): entity for entity in entities}
        created = (entity for entity in self.target.entities if not entity.external)
        late = {qualified_table(entity) for entity in created} - there.keys()
        late |= {qualified_table(k.entity) for k in kept if k.field is None} - there.keys()
        return Schema(entities=tuple(_without_late_keys(e, there, late) for e in entities))

    def _own(self, entity: EntityDefinition) -> EntityDefinition:
        others = {id: new for (owner, id), new in self.overrides.items() if owner == entity.id}
        extra = self.extra.get(entity.id, ())
        if not others and not extra:
            return entity
        fields = [
            each.model_copy(update=dict(others[each.id])) if each.id in others else each
            for each in entity.fields
        ]
        return entity.model_copy(update={"fields": (*fields, *extra)})


def kept_field(kept: Kept, definition: FieldDefinition) -> FieldDefinition:
    """Return the definition of a column that is kept aside."""
    values = {"name": KEPT + kept.name, "column": kept.name, "nullable": True}
    return definition.model_copy(update=values)


def _kept_entity(kept: Kept) -> EntityDefinition:
    return kept.entity.model_copy(
        update={
            "name": KEPT + kept.name,
            "table": kept.name,
            "indexes": (),
            "uniques": (),
            "foreign_keys": (),
        }
    )


def _with_kept_fields(entity: EntityDefinition, kept: tuple[Kept, ...]) -> EntityDefinition:
    known = {each.id for each in entity.fields}
    added = tuple(
        kept_field(each, each.field)
        for each in kept
        if each.field is not None and each.entity.id == entity.id and each.field.id not in known
    )
    return entity.model_copy(update={"fields": (*entity.fields, *added)}) if added else entity


def _without_lost_checks(entity: EntityDefinition, kept: tuple[Kept, ...]) -> EntityDefinition:
    """Leave out checks over columns that are kept aside."""
    lost = {each.field.column for each in kept if each.field and each.entity.id == entity.id}
    lost -= {each.column for each in entity.fields}
    if not lost:
        return entity
    checks = tuple(c for c in entity.checks if lost.isdisjoint(re.findall(r"\w+", c.condition)))
    return entity.model_copy(update={"checks": checks})


def _without_late_keys(
    entity: EntityDefinition, there: Mapping[str, EntityDefinition], late: set[str]
) -> EntityDefinition:
    """Leave out constraints over columns that are gone, and keys that can't exist yet or any more.

    Shapes: late are tables that are still to be created, or were put aside.
    """
    own = {each.column: each for each in entity.fields}

    def fits(key: ForeignKeyDefinition) -> bool:
        if key.target in late or not own.keys() >= set(key.columns):
            return False
        other = there.get(key.target)
        if other is None:
            return True
        theirs = {each.column: each for each in other.fields}
        return all(
            theirs.get(column) is not None and theirs[column].type.kind == own[mine].type.kind
            for mine, column in zip(key.columns, key.target_columns, strict=True)
        )

    keys = tuple(key for key in entity.foreign_keys if fits(key))
    uniques = tuple(each for each in entity.uniques if own.keys() >= set(each.columns))
    if (len(keys), len(uniques)) == (len(entity.foreign_keys), len(entity.uniques)):
        return entity
    return entity.model_copy(update={"foreign_keys": keys, "uniques": uniques})
