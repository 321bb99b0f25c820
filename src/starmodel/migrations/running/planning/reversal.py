"""Reverses migrations: the actions that undo those of its steps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.leftovers import NONE, Leftovers, name_aside
from starmodel.migrations.running.planning.actions import (
    Action,
    DataAction,
    OperationsAction,
    PlannedStep,
    ProgramAction,
    RowAction,
    SchemaAction,
    SqlAction,
)
from starmodel.migrations.running.planning.describing import name_of, statements_of
from starmodel.migrations.running.planning.expanding.conversion import convert_column
from starmodel.migrations.running.planning.expansion import expand
from starmodel.migrations.running.planning.states import KEPT, State
from starmodel.migrations.running.programs.mirror import Mirror
from starmodel.migrations.running.rows.copying import Copy
from starmodel.migrations.running.rows.works import Convert, Fill, Join, Replace, Split
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition, Schema
from starmodel.migrations.steps import Operations, PurgeKept, RunData, RunSql, Step

UNDO = 10_000
"""Added to the number of a step in the ledger, for the actions that undo it."""
Done = Collection[tuple[int, int]]


def reversed_steps(
    file: MigrationFile,
    before: Schema,
    sql_dialect: SqlDialect,
    done: Done | None = None,
    leftovers: Leftovers = NONE,
) -> list[PlannedStep]:
    """Return the steps that undo a migration, the last one first.

    Shapes: done are the actions to undo, by step and number; None for all.
    Raises: MigrationError, for a step that can't be undone.
    """
    steps: list[PlannedStep] = []
    for planned in reversed(expand(file, before, sql_dialect, leftovers)):
        step = file.steps[planned.number] if planned.number < len(file.steps) else None
        numbers = [
            number
            for number in range(len(planned.actions))
            if done is None or (planned.number, number) in done
        ]
        if not numbers:
            continue
        if isinstance(step, PurgeKept):
            raise MigrationError(
                f"{file.id} has deleted {', '.join(step.names)} for good, so it can't be undone. "
                "Restore a backup, or stop the downgrade at this migration; nothing was changed."
            )
        actions = _reversed_actions(step, planned, numbers, file.id)
        if actions:
            about = f"Undo: {planned.about}"
            steps.append(PlannedStep(planned.number + UNDO, about, tuple(actions)))
    return steps


def _reversed_actions(
    step: Step | None, planned: PlannedStep, numbers: list[int], id: str
) -> list[Action]:
    if isinstance(step, RunSql):
        return [SqlAction(sql, f"Run {sql}") for sql in statements_of(step.undo)]
    if isinstance(step, Operations):
        return [] if step.undo is None else [OperationsAction(step.undo, _name(step.undo))]
    actions: list[Action] = []
    converted = False
    for number in reversed(numbers):
        action = planned.actions[number]
        if converted and _is_temporary(planned, number):
            continue  # the temporary columns are gone
        if isinstance(action, SchemaAction):
            converted = converted or _conversion(action) is not None
            actions += [ProgramAction(each, False, action.about) for each in action.then]
            actions += _reversed_schema(action, id)
        elif isinstance(action, ProgramAction):
            actions += _reversed_program(action)
        elif isinstance(action, RowAction):
            actions += _reversed_rows(action)
        elif isinstance(action, SqlAction):
            actions.append(_reversed_names(action))
        elif isinstance(action, DataAction) and isinstance(step, RunData) and step.undo:
            actions.append(DataAction(step.undo, action.schema, _name(step.undo)))
    return actions


def _reversed_program(action: ProgramAction) -> list[Action]:
    """Remove what was created; create what was removed, and copy what was written since."""
    program = action.program
    made: list[Action] = [replace(action, create=not action.create)]
    if isinstance(program, Mirror) and not action.create:
        names = program.new, program.old
        copy = Copy(
            program.schema, program.entity, *names, on_error=program.on_error, is_forward=False
        )
        made.append(RowAction(copy, copy.describe()))
    return made


def _conversion(action: SchemaAction) -> Convert | None:
    """Return the conversion whose column takes the place of the old one in this action."""
    return next((work for work in action.first if isinstance(work, Convert)), None)


def _is_temporary(planned: PlannedStep, number: int) -> bool:
    """True for the action that adds the columns of a conversion."""
    following = planned.actions[number + 1 : number + 2]
    return any(isinstance(a, RowAction) and isinstance(a.work, Convert) for a in following)


def _name(function: object) -> str:
    return f"Run {name_of(function)}"  # type: ignore[arg-type]


def _reversed_names(action: SqlAction) -> SqlAction:
    """Undo the renaming of a row of `starmodel_sequence`."""
    head, _, tail = action.sql.partition(" SET name = ")
    new, _, old = tail.partition(" WHERE name = ")
    sql = f"{head} SET name = {old} WHERE name = {new}"
    return SqlAction(sql, action.about, action.table)


def _reversed_rows(action: RowAction) -> list[Action]:
    work = action.work
    if isinstance(work, Replace):
        undone = Replace(work.schema, work.entity, work.name, work.undo)
        return [RowAction(undone, undone.describe())]
    if isinstance(work, Split):
        joined = Join(work.schema, work.entity, work.name, work.parts)
        return [RowAction(joined, joined.describe())]
    return []  # columns that were filled are put aside


def _reversed_schema(action: SchemaAction, id: str) -> list[Action]:
    converted = _conversion(action)
    if converted is not None:
        return _unconverted(action, converted)
    before = _with_aside(action.before, action.after, id)
    about = f"Undo: {action.about}"
    fills = _fills(action.after, before)
    loose = _loosened(before, action.after)
    actions: list[Action] = [SchemaAction(action.after, loose, about)]
    if fills:
        works = tuple(Fill(loose, entity, field) for entity, field in fills)
        actions += [RowAction(work, work.describe()) for work in works]
        again = tuple(Fill(loose, entity, field, again=True) for entity, field in fills)
        actions.append(SchemaAction(loose, before, about, again))
    return actions


def _unconverted(action: SchemaAction, converted: Convert) -> list[Action]:
    """Convert the values back, into a column of the type before."""
    entity = next(e for e in action.after if e.id == _entity_of(action, converted).id)
    earlier = _entity_of(action, converted)
    new = next(f for f in entity.fields if f.id == _id_of(earlier, converted.new))
    old = earlier.field(converted.old).model_copy(update={"id": new.id})
    state = State(action.after, action.after)
    restored = Schema(
        entities=tuple(
            _unswapped(each, entity.id, old) if each.id == entity.id else each
            for each in action.before
        )
    )
    options = {"convert": None}
    target = next(e for e in restored if e.id == entity.id)
    actions, _ = convert_column(
        state, State(restored, restored), target, new, old, options, f"Undo: {action.about}"
    )
    # The temporary columns of the conversion are not restored.
    return actions


def _entity_of(action: SchemaAction, converted: Convert) -> EntityDefinition:
    return action.before.entity(converted.entity)


def _id_of(entity: EntityDefinition, name: str) -> str:
    return entity.field(name).id


def _unswapped(entity: EntityDefinition, id: str, old: FieldDefinition) -> EntityDefinition:
    fields = [
        old if each.name == old.name else each
        for each in entity.fields
        if not each.name.startswith((f"{KEPT}new_", f"{KEPT}mark_"))
    ]
    return entity.model_copy(update={"fields": tuple(fields)})


def _with_aside(before: Schema, after: Schema, id: str) -> Schema:
    """Put what the migration added aside, instead of deleting it."""
    olds = {entity.id: entity for entity in before}
    entities = []
    for entity in after:
        earlier = olds.get(entity.id)
        if earlier is None:
            continue
        known = {field.id for field in earlier.fields}
        aside = tuple(
            field.model_copy(
                update={
                    "name": f"{KEPT}undone_{field.name}",
                    "column": name_aside(field.column, id),
                    "nullable": True,
                }
            )
            for field in entity.fields
            if field.id not in known and not field.name.startswith(KEPT) and field.computed is None
        )
        if aside:
            olds[entity.id] = earlier.model_copy(update={"fields": (*earlier.fields, *aside)})
    entities = [olds[entity.id] for entity in before]
    for entity in after:
        if entity.id not in olds:
            entities.append(
                entity.model_copy(
                    update={
                        "name": f"{KEPT}undone_{entity.name}",
                        "table": name_aside(entity.table, id),
                        "indexes": (),
                        "uniques": (),
                        "foreign_keys": (),
                    }
                )
            )
    return Schema(entities=tuple(entities))


def _fills(present: Schema, wanted: Schema) -> list[tuple[str, str]]:
    """Return the columns that accept NULL now, and are to be required with a default."""
    olds = {entity.id: {field.id: field for field in entity.fields} for entity in present}
    return [
        (entity.name, field.name)
        for entity in wanted
        for field in entity.fields
        if _is_required_again(olds.get(entity.id, {}).get(field.id), field)
        and field.has_default
        and field.default is not None
    ]


def _is_required_again(now: FieldDefinition | None, wanted: FieldDefinition) -> bool:
    return now is not None and now.nullable and not wanted.nullable


def _loosened(wanted: Schema, present: Schema) -> Schema:
    """Return the wanted schema, with columns that accept NULL until they are filled."""
    loose = set(_fills(present, wanted))
    entities = []
    for entity in wanted:
        fields = tuple(
            field.model_copy(update={"nullable": True})
            if (entity.name, field.name) in loose
            else field
            for field in entity.fields
        )
        entities.append(entity.model_copy(update={"fields": fields}))
    return Schema(entities=tuple(entities))
