"""Expands the steps of a migration into actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.identifiers import short_name
from starmodel.adapters.persistence.sql.schema.sequences import TABLE as SEQUENCES
from starmodel.migrations.comparing.changes.words import members_of
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.ddl.difference import difference
from starmodel.migrations.running.leftovers import NONE, Leftovers, name_aside
from starmodel.migrations.running.planning.actions import (
    Action,
    DataAction,
    EventsAction,
    OperationsAction,
    PlannedStep,
    ProgramAction,
    RowAction,
    SchemaAction,
    SqlAction,
)
from starmodel.migrations.running.planning.describing import describe, statements_of
from starmodel.migrations.running.planning.states import KEPT, State
from starmodel.migrations.running.programs.alias import Alias
from starmodel.migrations.running.programs.mirror import Mirror
from starmodel.migrations.running.rows.copying import Copy
from starmodel.migrations.running.rows.works import Convert, Fill, Replace, Split
from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    Schema,
    TypeDefinition,
)
from starmodel.migrations.schema.editing import qualified_table
from starmodel.migrations.steps import (
    UNSET,
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

MARK = TypeDefinition(kind="int", name="BigInteger")
Expanded = tuple[list[Action], State]


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
    planned.append(PlannedStep(len(steps), about, (_schema(state, end, about),)))
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


def _schema(before: State, after: State, about: str, *first: Any) -> SchemaAction:
    return SchemaAction(before.physical, after.physical, about, tuple(first))


def _schema_step(step: Step, state: State, after: State) -> Expanded:
    return [_schema(state, after, describe(step))], after


def _rename_entity(step: RenameEntity, state: State, after: State) -> Expanded:
    former = state.schema.entity(step.old).table
    then = (Alias(after.physical, step.new, former),) if step.alias else ()
    actions: list[Action] = [replace(_schema(state, after, describe(step)), then=then)]
    old = qualified_table(state.schema.entity(step.old))
    new = qualified_table(after.schema.entity(step.new))
    if old != new:
        sql = f"UPDATE {SEQUENCES} SET name = {_text(new)} WHERE name = {_text(old)}"  # noqa: S608
        actions.append(SqlAction(sql, f"Continue the numbers of {step.new}", SEQUENCES))
    return actions, after


def _end_alias(step: EndAlias, state: State, after: State) -> Expanded:
    alias = Alias(state.physical, step.entity, step.table)
    return [ProgramAction(alias, False, describe(step))], after


def _mirror_field(step: MirrorField, state: State, after: State) -> Expanded:
    mirror = Mirror(state.physical, step.entity, step.old, step.new)
    copy = Copy(state.physical, step.entity, step.old, step.new)
    return [ProgramAction(mirror, True, describe(step)), RowAction(copy, copy.describe())], after


def _end_mirror(step: EndMirror, state: State, after: State) -> Expanded:
    mirror = Mirror(state.physical, step.entity, step.old, step.new)
    return [ProgramAction(mirror, False, describe(step))], after


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _add_field(step: AddField, state: State, after: State) -> Expanded:
    entity = after.schema.entity(step.entity)
    field = entity.field(step.field)
    about = describe(step)
    generated = field.server_default is not None or field.computed is not None
    if step.fill is UNSET and (field.nullable or generated or field.identity is not None):
        return [_schema(state, after, about)], after
    loose = after.override(entity.id, field.id, nullable=True)
    actions: list[Action] = [_schema(state, loose, about)]
    has_default = field.has_default and field.default is not None
    if step.fill is None or (step.fill is UNSET and not has_default):
        return actions, loose  # a later step fills it, or there are no rows
    fill = Fill(loose.physical, step.entity, step.field, step.fill)
    actions.append(RowAction(fill, fill.describe()))
    if field.nullable:
        return actions, after
    actions.append(_schema(loose, after, f"Require {step.entity}.{step.field}", _again(fill)))
    return actions, after


def _again(fill: Fill) -> Fill:
    return replace(fill, again=True)


def _split_field(step: SplitField, state: State, after: State) -> Expanded:
    work = Split(state.physical, step.entity, step.field, step.parts)
    entity = after.schema.entity(step.entity)
    settled = after
    for name in step.parts:
        settled = settled.settled(entity.id, entity.field(name).id)
    about = describe(step)
    return [RowAction(work, about), _schema(after, settled, about, work)], settled


def _replace_values(step: ReplaceValues, state: State, after: State) -> Expanded:
    entity = after.schema.entity(step.entity)
    field = entity.field(step.field)
    actions: list[Action] = []
    if field.type.kind == "enum" and after.target.has_entity(step.entity):
        wanted = after.target.entity(step.entity)
        if wanted.has_field(step.field):
            both = _union(field.type, wanted.field(step.field).type)
            if both != field.type:
                after = after.override(entity.id, field.id, type=both)
                actions.append(_schema(state, after, f"Accept both values of {step.field}"))
    work = Replace(
        after.physical, step.entity, step.field, step.values, _undone_values(step, field)
    )
    return [*actions, RowAction(work, describe(step))], after


def _undone_values(step: ReplaceValues, field: FieldDefinition) -> dict[str, Any]:
    """Return the values that an undo replaces.

    A value that rows could have before is left alone: an undo can't tell which rows got it.
    """
    members = members_of(field)
    pairs = [(str(new), old) for old, new in reversed(list(step.values.items()))]
    return {new: old for new, old in pairs if new not in members}


def _union(old: TypeDefinition, new: TypeDefinition) -> TypeDefinition:
    """Return an enum type with the members of both."""
    if new.kind != "enum":
        return old
    arguments = dict(old.arguments)
    if "enums" in old.arguments or "enums" in new.arguments:
        labels = [*_labels(old), *(x for x in _labels(new) if x not in _labels(old))]
        arguments["enums"] = labels
    return old.model_copy(
        update={
            "values": {**new.values, **old.values},
            "texts": {**new.texts, **old.texts},
            "arguments": arguments,
        }
    )


def _labels(definition: TypeDefinition) -> list[Any]:
    found = definition.arguments.get("enums")
    return list(found) if isinstance(found, list) else list(definition.values)


def _change_field(step: ChangeField, state: State, after: State) -> Expanded:
    before = state.schema.entity(step.entity)
    entity = after.schema.entity(step.entity)
    old, new = before.field(step.field), entity.field(step.field)
    present = _physical_field(state, before.id, old.id)
    after = after.settled(entity.id, new.id)
    about = describe(step)
    if step.convert is not None or step.on_error is not UNSET or not same_form(present, new):
        work = _conversion(step, new)
        return convert_column(state, after, entity, present, new, work, about)
    if not present.nullable or new.nullable:
        return [_schema(state, after, about)], after
    fill = Fill(state.physical, step.entity, step.field, _required_fill(step.fill, new))
    return [
        RowAction(fill, fill.describe()),
        _schema(state, after, about, _again(fill)),
    ], after


def _conversion(step: ChangeField, new: FieldDefinition) -> dict[str, Any]:
    fill = _required_fill(step.fill, new)
    return {"convert": step.convert, "on_error": step.on_error, "fill": fill}


def _required_fill(fill: Any, new: FieldDefinition) -> Any:
    """Return what replaces None: the default of the new definition where no value is given."""
    has_default = not new.nullable and new.has_default and new.default is not None
    return new.default if fill is UNSET and has_default else fill


def same_form(old: FieldDefinition, new: FieldDefinition) -> bool:
    """True when the stored values stay the same, so that the column alone changes."""
    if old.computed is not None or new.computed is not None:
        return True  # the database computes it
    if old.type.kind != new.type.kind:
        return False
    if old.type.kind == "enum":
        shared = old.type.values.keys() & new.type.values.keys()
        return all(
            old.type.texts.get(name, name) == new.type.texts.get(name, name) for name in shared
        )
    if old.type.kind == "custom":
        return old.type == new.type
    return True


def convert_column(
    state: State,
    after: State,
    entity: EntityDefinition,
    old: FieldDefinition,
    new: FieldDefinition,
    options: dict[str, Any],
    about: str,
) -> Expanded:
    """Convert a column by a temporary one, which then takes its name.

    Shapes: old is the physical field; entity is the definition after.
    """
    temporary = new.model_copy(
        update={
            "id": f"{new.id}~new",
            "name": f"~new_{new.name}",
            "column": short_name(f"_new_{new.column}"),
            "nullable": True,
            "server_default": None,
            "identity": None,
        }
    )
    mark = FieldDefinition(
        id=f"{new.id}~mark", name=f"~mark_{new.name}", column=short_name(f"_mark_{new.column}"),
        type=MARK, nullable=True,
    )  # fmt: skip
    both = state.with_extra(entity.id, temporary, mark)
    name = state.schema.entity(entity.name).name
    convert = Convert(
        both.physical, name, old.name, temporary.name, mark.name, title=new.name, **options
    )
    ids = {old.id: f"{old.id}~old", temporary.id: new.id}
    swapped = _with_ids(both.physical, entity.id, ids)
    actions: list[Action] = [
        _schema(state, both, f"{about}: add a column for the converted values"),
        RowAction(convert, convert.describe()),
        SchemaAction(swapped, after.physical, about, (convert,)),
    ]
    return actions, after


def _with_ids(schema: Schema, entity: str, ids: dict[str, str]) -> Schema:
    entities = []
    for each in schema.entities:
        if each.id == entity:
            fields = tuple(
                field.model_copy(update={"id": ids.get(field.id, field.id)})
                for field in each.fields
            )
            each = each.model_copy(update={"fields": fields})  # noqa: PLW2901
        entities.append(each)
    return Schema(entities=tuple(entities))


def _physical_field(state: State, entity: str, field: str) -> FieldDefinition:
    found = next(each for each in state.physical if each.id == entity)
    return next(each for each in found.fields if each.id == field)


def _restore_field(step: RestoreField, state: State, after: State) -> Expanded:
    entity = after.schema.entity(step.entity)
    new = entity.field(step.field)
    kept = next(each for each in state.schema.kept if each.name == step.kept)
    assert kept.field is not None  # noqa: S101 - the step names a field
    about = describe(step)
    loose = after.override(
        entity.id, new.id, type=kept.field.type, nullable=True, server_default=None
    )
    renamed = SchemaAction(
        _with_ids(state.physical, entity.id, {kept.field.id: new.id}), loose.physical, about
    )
    if same_form(kept.field, new):
        fill = Fill(loose.physical, step.entity, step.field, step.fill)
        is_filled = not new.nullable or step.fill is not UNSET
        filled: list[Action] = [RowAction(fill, fill.describe())] if is_filled else []
        return [renamed, *filled, _schema(loose, after, about, *_fills(new, fill))], after
    old = _physical_field(loose, entity.id, new.id)
    options = _conversion(ChangeField(step.entity, step.field, fill=step.fill), new)
    actions, after = convert_column(loose, after, entity, old, new, options, about)
    return [renamed, *actions], after


def _fills(field: FieldDefinition, fill: Fill) -> tuple[Fill, ...]:
    return () if field.nullable else (_again(fill),)


def _run_sql(step: RunSql, state: State, after: State) -> Expanded:
    return [SqlAction(sql, f"Run {sql}") for sql in statements_of(step.do)], after


def _operations(step: Operations, state: State, after: State) -> Expanded:
    return [OperationsAction(step.do, describe(step))], after


def _run_data(step: RunData, state: State, after: State) -> Expanded:
    return [DataAction(step.do, state.physical, describe(step))], after


def _run_events(step: RunEvents, state: State, after: State) -> Expanded:
    return [EventsAction(step.do, describe(step))], after


_EXPANSIONS: dict[type[Step], Callable[[Any, State, State], Expanded]] = {
    AddField: _add_field,
    ChangeField: _change_field,
    EndAlias: _end_alias,
    EndMirror: _end_mirror,
    MirrorField: _mirror_field,
    Operations: _operations,
    RenameEntity: _rename_entity,
    ReplaceValues: _replace_values,
    RestoreField: _restore_field,
    RunData: _run_data,
    RunEvents: _run_events,
    RunSql: _run_sql,
    SplitField: _split_field,
}
