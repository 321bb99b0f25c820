"""Steps that rename tables, and what the database runs for processes of an old version."""

from __future__ import annotations

from dataclasses import replace

from starmodel.adapters.persistence.sql.schema.sequences import TABLE as SEQUENCES
from starmodel.migrations.running.planning.actions import (
    Action,
    ProgramAction,
    RowAction,
    SqlAction,
)
from starmodel.migrations.running.planning.describing import describe
from starmodel.migrations.running.planning.expanding.expanded import Expanded, schema_change
from starmodel.migrations.running.planning.states import State
from starmodel.migrations.running.programs.alias import Alias
from starmodel.migrations.running.programs.mirror import Mirror
from starmodel.migrations.running.rows.copying import Copy
from starmodel.migrations.schema.editing import qualified_table
from starmodel.migrations.steps import (
    EndAlias,
    EndMirror,
    MirrorField,
    RenameEntity,
)


def rename_entity(step: RenameEntity, state: State, after: State) -> Expanded:
    """Rename the table, and the row that counts its numbered ids."""
    former = state.schema.entity(step.old).table
    then = (Alias(after.physical, step.new, former),) if step.alias else ()
    actions: list[Action] = [replace(schema_change(state, after, describe(step)), then=then)]
    old = qualified_table(state.schema.entity(step.old))
    new = qualified_table(after.schema.entity(step.new))
    if old != new:
        sql = f"UPDATE {SEQUENCES} SET name = {_text(new)} WHERE name = {_text(old)}"  # noqa: S608
        actions.append(SqlAction(sql, f"Continue the numbers of {step.new}", SEQUENCES))
    return actions, after


def end_alias(step: EndAlias, state: State, after: State) -> Expanded:
    """Delete the view under the former name."""
    alias = Alias(state.physical, step.entity, step.table)
    return [ProgramAction(alias, False, describe(step))], after


def mirror_field(step: MirrorField, state: State, after: State) -> Expanded:
    """Create the triggers, then copy what rows have."""
    mirror = Mirror(state.physical, step.entity, step.old, step.new, step.on_error)
    copy = Copy(state.physical, step.entity, step.old, step.new, step.on_error)
    return [ProgramAction(mirror, True, describe(step)), RowAction(copy, copy.describe())], after


def end_mirror(step: EndMirror, state: State, after: State) -> Expanded:
    """Delete the triggers."""
    mirror = Mirror(state.physical, step.entity, step.old, step.new, step.on_error)
    return [ProgramAction(mirror, False, describe(step))], after


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
