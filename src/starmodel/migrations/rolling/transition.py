"""The schema between expand and contract, which processes of both versions can use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Changes
from starmodel.migrations.comparing.changes.fields import ChangedType, RemovedField, RenamedField
from starmodel.migrations.comparing.changes.tables import RenamedEntity
from starmodel.migrations.comparing.compare import with_new_names
from starmodel.migrations.rolling.defaults import with_default
from starmodel.migrations.running.rows.sql_conversions import is_convertible
from starmodel.migrations.schema.definitions import (
    CheckDefinition,
    Constraint,
    EntityDefinition,
    FieldDefinition,
    IndexDefinition,
    Schema,
)
from starmodel.migrations.schema.editing import changed
from starmodel.migrations.steps.values import UNSET

Named = TypeVar("Named", IndexDefinition, Constraint)


class Mirrored(NamedTuple):
    """A renamed field that has both columns for a time, perhaps of two types.

    Shapes: entity has the name of after; on_error is that of `MirrorField`.
    """

    entity: str
    old: str
    new: str
    on_error: Any = UNSET


class Aliased(NamedTuple):
    """A renamed table that is a view under its former name for a time."""

    entity: str
    table: str


@dataclass(frozen=True)
class Transition:
    """What expand leads to, and from where contract goes on.

    Shapes: after is the schema of the classes, in which a mirrored field has a new id.
    """

    schema: Schema
    after: Schema
    mirrors: tuple[Mirrored, ...] = ()
    aliases: tuple[Aliased, ...] = ()


def transition(changes: Changes, answers: Answers) -> Transition:
    """Return the schema for the time in which both versions run.

    Columns, tables and indexes are added to those that the old version uses. What it would
    violate, such as a new unique constraint, waits for contract, and what the new version would
    violate goes. Types change in place, as does the rest that no database has twice.
    """
    mirrors = tuple(_mirrors(changes, answers))
    after = _with_own_ids(changes, mirrors)
    split = {
        (change.entity.id, change.field.id)
        for change in changes
        if isinstance(change, RemovedField) and answers.split_of(change.refs) is not None
    }
    old_entities = {entity.id: entity for entity in changes.before}
    names = {each.name for each in after} | {each.table.lower() for each in after}
    entities = [
        _entity(old_entities[new.id], new, mirrors, split, answers)
        if new.id in old_entities and not new.external
        else new
        for new in after
    ]
    entities += [
        old
        for old in changes.before
        if old.id not in {new.id for new in after} and not {old.name, old.table.lower()} & names
    ]
    both = changed(after, entities=tuple(entities), kept=changes.before.kept)
    made = _with_constraints(changes.before, both, after)
    return Transition(made, after, mirrors, tuple(_aliases(changes, mirrors)))


def _mirrors(changes: Changes, answers: Answers) -> Iterable[Mirrored]:
    retyped = {(c.entity.id, c.after.id): c for c in changes if isinstance(c, ChangedType)}
    for change in changes:
        if not isinstance(change, RenamedField) or change.entity.external:
            continue
        old, new, entity = change.before, change.after, change.entity
        others = [field for field in entity.fields if field.id != new.id]
        taken = {f.name for f in others} | {f.column.lower() for f in others}
        retype = retyped.get((entity.id, new.id))
        if (
            old.column != new.column
            and old.name != new.name
            and (retype is None or is_convertible(old, new))
            and old.computed is None
            and new.column not in entity.primary_key
            and not {old.name, old.column.lower()} & taken
        ):
            on_error = UNSET if retype is None else answers.conversion_of(retype.refs)
            yield Mirrored(entity.name, old.name, new.name, on_error)


def _aliases(changes: Changes, mirrors: Sequence[Mirrored]) -> Iterable[Aliased]:
    mirrored = {(each.entity, each.new) for each in mirrors}
    retyped = {
        c.entity.id
        for c in changes
        if isinstance(c, ChangedType) and (c.entity.name, c.after.name) not in mirrored
    }
    taken = {entity.table.lower() for entity in changes.after}
    for change in changes:
        if (
            isinstance(change, RenamedEntity)
            and not change.after.external
            and change.before.table != change.after.table
            and change.before.schema_name == change.after.schema_name
            and change.before.table.lower() not in taken
            and change.after.id not in retyped
        ):
            yield Aliased(change.after.name, change.before.table)


def _with_own_ids(changes: Changes, mirrors: Sequence[Mirrored]) -> Schema:
    """Give each mirrored field a new id: for a time, the old field exists beside it."""
    new_names = {(each.entity, each.new) for each in mirrors}
    olds = {entity.id: entity for entity in changes.before}
    entities = []
    for entity in changes.after:
        taken = {f.id for f in entity.fields} | {f.id for f in olds.get(entity.id, entity).fields}
        taken |= {kept.field.id for kept in changes.after.kept if kept.field is not None}
        fields = []
        for field in entity.fields:
            if (entity.name, field.name) in new_names:
                id = _free(f"{entity.id}.{field.name}", taken)
                fields.append(changed(field, id=id))
            else:
                fields.append(field)
        entities.append(changed(entity, fields=tuple(fields)))
    return changed(changes.after, entities=tuple(entities))


def _free(wanted: str, taken: set[str]) -> str:
    made, number = wanted, 1
    while made in taken:
        number += 1
        made = f"{wanted}-{number}"
    taken.add(made)
    return made


def _entity(
    old: EntityDefinition,
    new: EntityDefinition,
    mirrors: Sequence[Mirrored],
    split: set[tuple[str, str]],
    answers: Answers,
) -> EntityDefinition:
    """Return an entity with the fields of both versions, and no constraint yet."""
    before = {field.id: field for field in old.fields}
    mirrored = {each.new for each in mirrors if each.entity == new.name}
    fields = []
    for field in new.fields:
        if field.name in mirrored:
            fields.append(changed(field, nullable=True, server_default=None, variants={}))
        elif field.id in before:
            fields.append(_shared(before[field.id], field))
        else:
            refs = {f"{name}.{field.name}" for name in (new.name, old.name)}
            fields.append(_added(field, new, answers.fill_of(refs)))
    ids = {field.id for field in new.fields}
    taken = {f.name for f in new.fields} | {f.column.lower() for f in new.fields}
    originals = {each.old for each in mirrors if each.entity == new.name}
    fields += [
        changed(field, nullable=True) if field.name in originals else _retained(field, old)
        for field in old.fields
        if field.id not in ids
        and not {field.name, field.column.lower()} & taken
        and (new.id, field.id) not in split
    ]
    can_expire = old.can_expire or new.can_expire
    return changed(new, fields=tuple(fields), can_expire=can_expire)


def _shared(before: FieldDefinition, after: FieldDefinition) -> FieldDefinition:
    """Return the definition of a field that both versions have."""
    made = changed(after, nullable=before.nullable or after.nullable)
    if after.server_default is None and before.server_default is not None and not after.computed:
        return changed(made, server_default=before.server_default, variants=before.variants)
    return made


def _added(field: FieldDefinition, entity: EntityDefinition, fill: object) -> FieldDefinition:
    if field.nullable or field.computed is not None or field.identity is not None:
        return field
    unique = any(field.column in each.columns for each in entity.uniques) or any(
        index.unique and field.column in index.parts for index in entity.indexes
    )
    return changed(field, nullable=True) if unique else with_default(field, entity, fill)


def _retained(field: FieldDefinition, entity: EntityDefinition) -> FieldDefinition:
    """Return a removed field for rows that the new version inserts without it."""
    if field.nullable or field.computed is not None or field.identity is not None:
        return field
    return with_default(field, entity, field.default if field.has_default else None)


def _with_constraints(before: Schema, both: Schema, after: Schema) -> Schema:
    """Return the schema with the constraints and indexes that suit both versions."""
    present = {entity.id: entity for entity in with_new_names(before, both)}
    wanted = {entity.id: entity for entity in after}
    entities = []
    for entity in both:
        old, new = present.get(entity.id), wanted.get(entity.id)
        if old is None or new is None or entity.external:
            entities.append(entity)
            continue
        old = _without_gone(old)
        own = {field.column for field in new.fields}
        retained = {field.column for field in entity.fields if field.column not in own}
        values = {
            kind: tuple(
                each
                for each in getattr(old, kind)
                if _is_in(each, getattr(new, kind)) or _concerns(each, retained)
            )
            for kind in ("uniques", "checks", "foreign_keys")
        }
        indexes = [
            each
            for each in old.indexes
            if not each.unique or _is_in(each, new.indexes) or _mentions(each.parts, retained)
        ]
        names = {index.name for index in indexes}
        indexes += [
            each
            for each in new.indexes
            if not each.unique and each.name not in names and not _is_in(each, indexes)
        ]
        entities.append(changed(entity, indexes=tuple(indexes), **values))
    return changed(both, entities=tuple(entities))


def _without_gone(entity: EntityDefinition) -> EntityDefinition:
    """Leave out what concerns columns and tables whose names are given again.

    `with_new_names` marks these by a character that no identifier has.
    """
    kinds = ("uniques", "checks", "foreign_keys", "indexes")
    values = {
        kind: tuple(
            each for each in getattr(entity, kind) if "\\u0000" not in each.model_dump_json()
        )
        for kind in kinds
    }
    return changed(entity, **values)


def _is_in(item: Named, others: Iterable[Named]) -> bool:
    """True when one of the others is the same, apart from its name."""
    return any(item == each.model_copy(update={"name": item.name}) for each in others)


def _concerns(constraint: Constraint, columns: set[str]) -> bool:
    if isinstance(constraint, CheckDefinition):
        return _mentions([constraint.condition, *constraint.variants.values()], columns)
    return bool(columns & set(constraint.columns))


def _mentions(texts: Iterable[str], columns: set[str]) -> bool:
    return any(columns & set(re.findall(r"\w+", text)) for text in texts)
