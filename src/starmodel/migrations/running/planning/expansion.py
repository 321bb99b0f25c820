"""Expands the steps of a migration into actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.ddl.difference import difference
from starmodel.migrations.running.leftovers import NONE, Leftovers, name_aside
from starmodel.migrations.running.planning.actions import (
    Action,
    PlannedStep,
    SchemaAction,
)
from starmodel.migrations.running.planning.describing import describe
from starmodel.migrations.running.planning.expanding import columns, members, own, tables
from starmodel.migrations.running.planning.expanding.expanded import Expanded, schema_change
from starmodel.migrations.running.planning.states import KEPT, State
from starmodel.migrations.running.rows.works import Convert
from starmodel.migrations.schema.definitions import (
    Schema,
)
from starmodel.migrations.steps import (
    AddField,
    ChangeField,
    CreateEntity,
    EndAlias,
    EndMirror,
    MirrorField,
    Operations,
    PurgeKept,
    RenameEntity,
    ReplaceValues,
    RestoreField,
    RunData,
    RunEvents,
    RunSql,
    SplitField,
    Step,
)
from starmodel.migrations.steps.effects import apply


def expand(
    file: MigrationFile,
    before: Schema,
    sql_dialect: SqlDialect,
    leftovers: Leftovers = NONE,
) -> list[PlannedStep]:
    """Return the actions of the steps, and of what is left to do after the last one.

    Shapes: leftovers are what an undo of this migration has put aside; it is taken back.

    Raises: MigrationError, for a step that names what its schemas lack, and for steps that
    don't lead to the target.
    """
    steps, target = file.steps, file.schema
    state = State(before, target)
    planned = []
    for number, step in enumerate(steps):
        try:
            after = replace(state, schema=apply(step, state.schema, target))
            expand_step = _EXPANSIONS.get(type(step), _schema_step)
            present = _with_leftover(step, state, after, file.id, leftovers)
            actions, state = expand_step(step, present, after)
        except (KeyError, StopIteration) as error:
            raise MigrationError(
                f"Step {number + 1}, {step!r}, names {error}, which its schema does not have. "
                "Correct the step, or the order of the steps."
            ) from error
        if not isinstance(step, PurgeKept):
            _refuse_loss(number, step, actions)
        planned.append(PlannedStep(number, describe(step), tuple(actions)))
    end = State(target, target)
    _check_end(State(state.schema, target), end, sql_dialect)
    about = "Complete the migration"
    planned.append(PlannedStep(len(steps), about, (schema_change(state, end, about),)))
    return planned


def _with_leftover(step: Step, state: State, after: State, id: str, leftovers: Leftovers) -> State:
    """Return a state that has the column or table which the step would add, if it is aside."""
    if isinstance(step, CreateEntity):
        entity = after.schema.entity(step.entity)
        name = name_aside(entity.table, id)
        if name in leftovers:
            bare: dict[str, Any] = {"indexes": (), "uniques": (), "foreign_keys": ()}
            aside = entity.model_copy(update={"name": KEPT + name, "table": name, **bare})
            return replace(state, aside=(aside,))
    elif isinstance(step, AddField):
        entity = after.schema.entity(step.entity)
        field = entity.field(step.field)
        name = name_aside(field.column, id)
        if name in leftovers:
            values = {"name": KEPT + name, "column": name, "nullable": True}
            return state.with_extra(entity.id, field.model_copy(update=values))
    return state


def _refuse_loss(number: int, step: Step, actions: list[Action]) -> None:
    """Refuse a step that would delete values. Raises: MigrationError.

    It happens where the ids of a file that was edited by hand don't match its steps: the step
    changes a field that is another one in the schema.
    """
    for action in actions:
        if not isinstance(action, SchemaAction) or any(
            isinstance(work, Convert) for work in action.first
        ):
            continue
        news = {entity.id: {field.id for field in entity.fields} for entity in action.after}
        for entity in action.before:
            lost = [
                field.name
                for field in entity.fields
                if field.id not in news.get(entity.id, ()) and field.computed is None
            ]
            if lost and not entity.external:
                names = ", ".join(f"{entity.name}.{name}" for name in lost)
                raise MigrationError(
                    f"Step {number + 1}, {step!r}, would delete {names}: the schema of the file "
                    "has another id there. Write the migration anew with `starmodel migrate`."
                )


def _check_end(reached: State, target: State, sql_dialect: SqlDialect) -> None:
    """Refuse steps that leave a difference. Raises: MigrationError, naming the tables."""
    found = difference(reached.physical, target.physical, sql_dialect)
    if found.is_empty:
        return
    names = sorted(
        {table.name for table in (made.table for made in (*found.created, *found.dropped))}
        | {table.new.table.name for table in found.tables}
    )
    raise MigrationError(
        f"The steps don't lead to the schema of the file: it differs in {', '.join(names)}. Add "
        "the missing steps, or write the migration anew with `starmodel migrate`."
    )


def _schema_step(step: Step, state: State, after: State) -> Expanded:
    return [schema_change(state, after, describe(step))], after


_EXPANSIONS: dict[type[Step], Callable[[Any, State, State], Expanded]] = {
    AddField: columns.add_field,
    ChangeField: columns.change_field,
    EndAlias: tables.end_alias,
    EndMirror: tables.end_mirror,
    MirrorField: tables.mirror_field,
    Operations: own.operations,
    RenameEntity: tables.rename_entity,
    ReplaceValues: members.replace_values,
    RestoreField: columns.restore_field,
    RunData: own.run_data,
    RunEvents: own.run_events,
    RunSql: own.run_sql,
    SplitField: columns.split_field,
}
