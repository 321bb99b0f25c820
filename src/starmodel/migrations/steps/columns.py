"""Steps that concern the column of one field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    ForeignKeyDefinition,
    Schema,
)
from starmodel.migrations.steps.editing import (
    adopt_names,
    entity_of,
    field_of,
    full_name,
    kept_entry,
    map_foreign_keys,
    replaced_word,
    with_entity,
    with_field,
    with_kept,
    without_field,
    without_kept,
)
from starmodel.migrations.steps.step import Position, Step, StepError
from starmodel.migrations.steps.values import UNSET, Convert


@dataclass(frozen=True)
class AddField(Step):
    """Add a column.

    Shapes: fill is the value of the rows that exist, or a function of the old row (a dict by
    field name); UNSET for None in a nullable column and the default of the class otherwise.
    """

    entity: str
    field: str
    fill: Any = UNSET

    def describe(self) -> str:
        return f"Add {self.entity}.{self.field}"

    def has_fill(self, field: FieldDefinition) -> bool:
        """True when every row that exists gets a value other than None."""
        if self.fill is not UNSET:
            return self.fill is not None
        return (field.has_default and field.default is not None) or (
            field.server_default is not None or field.computed is not None
        )

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        after = entity_of(position.target, self.entity, self)
        field = field_of(after, self.field, self)
        if entity.has_field(self.field):
            raise StepError(f"{self!r} adds a field that {self.entity} has already. Remove it.")
        if not self.has_fill(field):  # a later step fills it, or the table is empty
            field = field.model_copy(update={"nullable": True})
        return with_entity(position.current, with_field(entity, field, after))


@dataclass(frozen=True)
class DropField(Step):
    """Rename the column of a removed field out of the way; `PurgeKept` deletes it.

    The kept column accepts NULL, so that rows can be inserted without it.
    """

    entity: str
    field: str

    def describe(self) -> str:
        return f"Keep the values of {self.entity}.{self.field} aside"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        field = field_of(entity, self.field, self)
        kept = kept_entry(position, self, entity, field)
        schema = with_entity(position.current, without_field(entity, field))
        return with_kept(_without_references(schema, entity, field), kept)


@dataclass(frozen=True)
class RestoreField(Step):
    """Rename a kept column back. Shapes: kept is the name in `Schema.kept`."""

    entity: str
    field: str
    kept: str

    def describe(self) -> str:
        return f"Restore {self.entity}.{self.field} from {self.kept}"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        after = entity_of(position.target, self.entity, self)
        field = field_of(after, self.field, self)
        found = next((kept for kept in position.current.kept if kept.name == self.kept), None)
        if found is None or found.field is None:
            raise StepError(
                f"{self!r} names no column that is kept aside. Correct the name: "
                f"{', '.join(kept.name for kept in position.current.kept) or 'nothing is kept'}."
            )
        restored = found.field.model_copy(
            update={"id": field.id, "name": field.name, "column": field.column, "nullable": True}
        )
        schema = without_kept(position.current, [self.kept])
        return with_entity(schema, with_field(entity, restored, after))


@dataclass(frozen=True)
class RenameField(Step):
    """Rename the column of a field, with everything that refers to it."""

    entity: str
    old: str
    new: str

    def describe(self) -> str:
        return f"Rename {self.entity}.{self.old} to {self.new}"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        after = entity_of(position.target, self.entity, self)
        field, wanted = field_of(entity, self.old, self), field_of(after, self.new, self)
        if entity.has_field(self.new):
            raise StepError(f"{self!r} renames to a field that {self.entity} has already.")
        renamed = field.model_copy(
            update={
                "name": wanted.name,
                "column": wanted.column,
                "renamed_from": wanted.renamed_from,
            }
        )
        changed = renamed_column(with_field(entity, renamed), field.column, wanted.column)
        schema = with_entity(position.current, adopt_names(changed, after))
        return renamed_references(schema, full_name(entity), field.column, wanted.column)


@dataclass(frozen=True)
class ChangeField(Step):
    """Bring the column of a field from its definition before to the one after.

    Shapes: convert is a function of the old value; None converts as the new type validates
    the old value ("5" to 5); on_error is the value for rows that can't be converted (UNSET: the
    migration stops before it begins, and lists them); fill replaces None where the new column
    is required.
    """

    entity: str
    field: str
    convert: Convert | None = None
    on_error: Any = UNSET
    fill: Any = UNSET

    def describe(self) -> str:
        return f"Change {self.entity}.{self.field}"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        after = entity_of(position.target, self.entity, self)
        old, new = field_of(entity, self.field, self), field_of(after, self.field, self)
        changed = with_field(entity, new.model_copy(update={"id": old.id}))
        if old.column != new.column:
            changed = renamed_column(changed, old.column, new.column)
        schema = with_entity(position.current, changed)
        if old.column != new.column:
            schema = renamed_references(schema, full_name(entity), old.column, new.column)
        if old.type != new.type:
            schema = _settled_references(schema, position.target, changed, new.column)
        return schema


@dataclass(frozen=True)
class ReplaceValues(Step):
    """Replace stored values, as after members of an enum or a `Literal` were renamed.

    Shapes: values are the new value of each old one, as the field has them in JSON (for an
    enum, the member's name).
    """

    entity: str
    field: str
    values: Mapping[str, Any] = dataclass_field(default_factory=dict)

    def describe(self) -> str:
        pairs = ", ".join(f"{old!r} by {new!r}" for old, new in self.values.items())
        return f"Replace {pairs} in {self.entity}.{self.field}"

    def apply(self, position: Position) -> Schema:
        field_of(entity_of(position.current, self.entity, self), self.field, self)
        return position.current


@dataclass(frozen=True)
class SplitField(Step):
    """Copy the parts of a nested model into fields of their own.

    Shapes: parts are the paths in the JSON of the old field ("street", "geo.lat") by the
    names of the new fields, which `AddField` has added.
    """

    entity: str
    field: str
    parts: Mapping[str, str] = dataclass_field(default_factory=dict)

    def describe(self) -> str:
        return f"Copy the parts of {self.entity}.{self.field} into {', '.join(self.parts)}"

    def apply(self, position: Position) -> Schema:
        entity = entity_of(position.current, self.entity, self)
        field_of(entity, self.field, self)
        for name in self.parts:
            field_of(entity, name, self)
        return position.current


def renamed_column(entity: EntityDefinition, old: str, new: str) -> EntityDefinition:
    """Replace a column name in the indexes and constraints of its table."""

    def names(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if column == old else column for column in columns)

    def sql(text: str) -> str:
        return replaced_word(text, old, new)

    def options(given: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: sql(value) if isinstance(value, str) and name.endswith("_where") else value
            for name, value in given.items()
        }

    return entity.model_copy(
        update={
            "primary_key": names(entity.primary_key),
            "fields": tuple(
                f.model_copy(update={"computed": sql(f.computed)}) if f.computed else f
                for f in entity.fields
            ),
            "indexes": tuple(
                i.model_copy(
                    update={"parts": tuple(map(sql, i.parts)), "options": options(i.options)}
                )
                for i in entity.indexes
            ),
            "uniques": tuple(
                u.model_copy(update={"columns": names(u.columns)}) for u in entity.uniques
            ),
            "checks": tuple(
                c.model_copy(update={"condition": sql(c.condition)}) for c in entity.checks
            ),
            "foreign_keys": tuple(
                k.model_copy(update={"columns": names(k.columns)}) for k in entity.foreign_keys
            ),
        }
    )


def renamed_references(schema: Schema, table: str, old: str, new: str) -> Schema:
    """Replace the name of a referenced column in the foreign keys of all tables."""

    def change(key: ForeignKeyDefinition) -> ForeignKeyDefinition:
        if key.target != table or old not in key.target_columns:
            return key
        columns = tuple(new if column == old else column for column in key.target_columns)
        return key.model_copy(update={"target_columns": columns})

    return map_foreign_keys(schema, change)


def _without_references(schema: Schema, entity: EntityDefinition, field: FieldDefinition) -> Schema:
    table = full_name(entity)
    return map_foreign_keys(
        schema,
        lambda k: None if k.target == table and field.column in k.target_columns else k,
    )


def _settled_references(
    schema: Schema, target: Schema, entity: EntityDefinition, column: str
) -> Schema:
    """Drop the foreign keys over a column of another type, and restore those that fit again."""
    table = full_name(entity)

    def touches(owner: EntityDefinition, key: ForeignKeyDefinition) -> bool:
        return (owner.name == entity.name and column in key.columns) or (
            key.target == table and column in key.target_columns
        )

    entities = []
    for owner in schema.entities:
        keys = [k for k in owner.foreign_keys if not touches(owner, k) or _fits(schema, owner, k)]
        if target.has_entity(owner.name):
            wanted = target.entity(owner.name).foreign_keys
            keys += [
                k for k in wanted
                if k not in keys and touches(owner, k) and _fits(schema, owner, k)
            ]  # fmt: skip
        same = tuple(keys) == owner.foreign_keys
        entities.append(owner if same else owner.model_copy(update={"foreign_keys": tuple(keys)}))
    return schema.model_copy(update={"entities": tuple(entities)})


def _fits(schema: Schema, owner: EntityDefinition, key: ForeignKeyDefinition) -> bool:
    """True when both sides of the foreign key exist and have the same types."""
    tables = {full_name(each): each for each in schema.entities}
    referenced = tables.get(key.target)
    if referenced is None:
        return False
    own = {field.column: field.type for field in owner.fields}
    theirs = {field.column: field.type for field in referenced.fields}
    pairs = zip(key.columns, key.target_columns, strict=True)
    return all(
        mine in own and other in theirs and own[mine].kind == theirs[other].kind
        for mine, other in pairs
    )
