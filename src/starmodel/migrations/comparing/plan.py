"""Orders the steps that bring one schema to the other, on every database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes import tables as table_changes
from starmodel.migrations.comparing.changes.change import Change, Changes
from starmodel.migrations.comparing.changes.class_side import ChangedShape
from starmodel.migrations.comparing.changes.fields import (
    AddedField,
    ChangedMembers,
    ChangedNullability,
    ChangedType,
    FieldChange,
    RemovedField,
    RenamedField,
)
from starmodel.migrations.comparing.changes.tables import (
    AddedEntity,
    ChangedPrimaryKey,
    RemovedEntity,
    RenamedEntity,
)
from starmodel.migrations.comparing.keeping import kept_after
from starmodel.migrations.comparing.keys import NEW_CLASS
from starmodel.migrations.comparing.renaming import Names, rename_order, temporary_name
from starmodel.migrations.comparing.splitting import splits
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.schema.definitions import EntityDefinition, Schema
from starmodel.migrations.schema.editing import changed, qualified_table
from starmodel.migrations.steps import (
    UNSET,
    AddField,
    AddIndex,
    AddParts,
    ChangeConstraints,
    ChangeField,
    ChangeTable,
    CreateEntity,
    DropEntity,
    DropField,
    DropIndex,
    RenameEntity,
    RenameField,
    RenameIndex,
    ReplaceValues,
    RestoreField,
    SplitField,
    Step,
)


class UnplannableError(MigrationError):
    """No step supports a change; the message has the alternative."""


@dataclass(frozen=True)
class Plan:
    """The steps of a migration, and the snapshot that they lead to."""

    steps: tuple[Step, ...]
    schema: Schema


def plan(changes: Changes, answers: Answers, migration: str) -> Plan:
    """Return the steps in an order that each database accepts.

    Names become free before they are given again; what is referred to is
    created before what refers to it; columns are dropped last, once their
    values are in other fields and no constraint needs them.

    Shapes: migration is the id of the file, part of the names of dropped columns and tables.
    Raises: UnplannableError.
    """
    _refuse(changes)
    _refuse_shared_key(changes, answers)
    managed = [change for change in changes if not change.is_external]
    early, late = _drops(managed)
    early_entities, late_entities = _entity_drops(managed)
    steps: list[Step] = [
        *_indexes_before(managed),
        *(DropEntity(change.entity.name) for change in early_entities),
        *_entity_renames(managed),
        *(DropField(change.entity.name, change.field.name) for change in early),
        *_field_renames(managed),
        *_renamed_indexes(managed),
        *_added_fields(managed, answers),
        *_replaced(managed, answers),
        *_changed_fields(managed, answers),
        *_split(changes, answers),
        *_changed_tables(managed),
        *_added_indexes(managed),
        *_created_and_constrained(changes, managed),
        *(DropField(change.entity.name, change.field.name) for change in late),
        *(DropEntity(change.entity.name) for change in late_entities),
    ]
    return Plan(tuple(steps), changed(changes.after, kept=kept_after(changes, answers, migration)))


def _refuse(changes: Changes) -> None:
    for change in changes:
        if isinstance(change, ChangedPrimaryKey):
            raise UnplannableError(
                f"{change.sentence()} Rows of other tables and links refer to the former key, so "
                f"no step changes it. {NEW_CLASS}"
            )


def _refuse_shared_key(changes: Changes, answers: Answers) -> None:
    for change in _of(changes, ChangedType):
        is_key = change.after.column in change.entity.primary_key
        if is_key and answers.conversion_of(change.refs) is not UNSET:
            raise UnplannableError(
                f"{change.name} is the key, so rows can't share one value. {NEW_CLASS}"
            )


def _of(changes: Iterable[Change], *kinds: type[Change]) -> Iterator[Any]:
    return (change for change in changes if isinstance(change, kinds))


def _drops(changes: list[Change]) -> tuple[list[RemovedField], list[RemovedField]]:
    """Return the removed fields whose names are given again, and the others.

    The column of a field that was split is read before it is dropped.
    """
    given: dict[str, set[str]] = {}
    for change in _of(changes, RenamedField, AddedField):
        field = change.after if isinstance(change, RenamedField) else change.field
        given.setdefault(change.entity.id, set()).update((field.name, field.column.lower()))
    early: list[RemovedField] = []
    late: list[RemovedField] = []
    for change in _of(changes, RemovedField):
        names = {change.field.name, change.field.column.lower()}
        (early if names & given.get(change.entity.id, set()) else late).append(change)
    return early, late


def _entity_drops(changes: list[Change]) -> tuple[list[RemovedEntity], list[RemovedEntity]]:
    given: set[str] = set()
    for change in _of(changes, RenamedEntity, AddedEntity):
        entity = change.after if isinstance(change, RenamedEntity) else change.entity
        given.update((entity.name, qualified_table(entity).lower()))
    early: list[RemovedEntity] = []
    late: list[RemovedEntity] = []
    for change in _of(changes, RemovedEntity):
        names = {change.entity.name, qualified_table(change.entity).lower()}
        (early if names & given else late).append(change)
    return early, late


def _entity_renames(changes: list[Change]) -> Iterator[Step]:
    moved: dict[str, str] = {}
    pairs = [(change.before, change.after) for change in _of(changes, RenamedEntity)]
    for (old, new), makes_way in rename_order(pairs, _entity_names):
        present = moved.get(old.name, old.name)
        if makes_way:
            moved[old.name] = temporary_name(old.name)
        yield RenameEntity(present, moved[old.name] if makes_way else new.name)


def _entity_names(pair: tuple[EntityDefinition, EntityDefinition]) -> Names:
    before, after = ({each.name, f"table {qualified_table(each).lower()}"} for each in pair)
    return Names(before, after)


def _field_renames(changes: list[Change]) -> Iterator[Step]:
    by_entity: dict[str, list[RenamedField]] = {}
    for change in _of(changes, RenamedField):
        by_entity.setdefault(change.entity.name, []).append(change)
    for entity, renamed in by_entity.items():
        moved: dict[str, str] = {}
        for change, makes_way in rename_order(renamed, _field_names):
            old = change.before.name
            present = moved.get(old, old)
            if makes_way:
                moved[old] = temporary_name(old)
            yield RenameField(entity, present, moved[old] if makes_way else change.after.name)


def _field_names(change: RenamedField) -> Names:
    before, after = (
        {each.name, f"column {each.column.lower()}"} for each in (change.before, change.after)
    )
    return Names(before, after)


def _indexes_before(changes: list[Change]) -> Iterator[Step]:
    old_names = {change.after.id: change.before.name for change in _of(changes, RenamedEntity)}
    for change in _of(changes, table_changes.RemovedIndex):
        entity = change.entity
        yield DropIndex(old_names.get(entity.id, entity.name), change.index.name)


def _renamed_indexes(changes: list[Change]) -> Iterator[Step]:
    for change in _of(changes, table_changes.RenamedIndex):
        yield RenameIndex(change.entity.name, change.index.name, change.new_name)


def _added_indexes(changes: list[Change]) -> Iterator[Step]:
    for change in _of(changes, table_changes.AddedIndex):
        yield AddIndex(change.entity.name, change.index.name)


def _added_fields(changes: list[Change], answers: Answers) -> Iterator[Step]:
    for change in sorted(_of(changes, AddedField), key=lambda each: each.field.computed or ""):
        entity, name, fill = change.entity.name, change.field.name, answers.fill_of(change.refs)
        if change.kept is not None and answers.is_restored(change.refs):
            yield RestoreField(entity, name, change.kept.name, fill)
        else:
            yield AddField(entity, name, fill)


def _replaced(changes: list[Change], answers: Answers) -> Iterator[Step]:
    for change in _of(changes, ChangedMembers):
        values = answers.replacements_of(change.refs)
        if values:
            yield ReplaceValues(change.entity.name, change.after.name, dict(values))


def _changed_fields(changes: list[Change], answers: Answers) -> Iterator[Step]:
    by_field: dict[tuple[str, str], list[FieldChange]] = {}
    for change in _of(changes, FieldChange):
        by_field.setdefault((change.entity.name, change.after.name), []).append(change)
    for (entity, field), aspects in by_field.items():
        step = _changed_field(entity, field, aspects, answers)
        if step is not None:
            yield step


def _changed_field(
    entity: str, field: str, aspects: list[FieldChange], answers: Answers
) -> ChangeField | None:
    values: dict[str, Any] = {}
    needed = False
    for change in aspects:
        needed = needed or (change.needs_step and not isinstance(change, RenamedField))
        if isinstance(change, ChangedType):
            values["on_error"] = answers.conversion_of(change.refs)
        elif isinstance(change, ChangedNullability) and not change.after.nullable:
            fill = answers.fill_of(change.refs)
            if fill is UNSET and change.after.has_default:
                fill = change.after.default
            values["fill"] = fill
        elif isinstance(change, ChangedShape):
            fills = {part: answers.fill_of(change.part_refs(part)) for part in change.missing}
            parts = {part: fill for part, fill in fills.items() if fill is not UNSET}
            if parts:
                values["convert"], needed = AddParts(parts), True
    return ChangeField(entity, field, **values) if needed else None


def _split(changes: Changes, answers: Answers) -> Iterator[Step]:
    for change, parts in splits(changes, answers):
        yield SplitField(change.entity.name, change.field.name, parts)


def _changed_tables(changes: list[Change]) -> Iterator[Step]:
    kinds = (table_changes.ChangedHiddenColumns, table_changes.ChangedTableComment)
    for name in dict.fromkeys(change.after.name for change in _of(changes, *kinds)):
        yield ChangeTable(name)


def _created_and_constrained(changes: Changes, managed: list[Change]) -> Iterator[Step]:
    """Yield new tables and changed constraints, each after the tables that it refers to."""
    created = {change.entity.name for change in _of(managed, AddedEntity)}
    constrained = {change.entity.name for change in _of(managed, table_changes.ConstraintChange)}
    waiting = [each for each in changes.after if each.name in created | constrained]
    while waiting:
        tables = {qualified_table(entity) for entity in waiting}
        ready = [
            entity
            for entity in waiting
            if not (tables - {qualified_table(entity)})
            & {key.target for key in entity.foreign_keys}
        ]
        if not ready:  # tables that refer to each other
            ready = waiting
        for entity in ready:
            new = entity.name in created
            yield CreateEntity(entity.name) if new else ChangeConstraints(entity.name)
        waiting = [entity for entity in waiting if entity not in ready]
