"""Splits a change into a migration before a rolling deploy and one after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Changes
from starmodel.migrations.comparing.changes.fields import AddedField
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.plan import Plan, plan
from starmodel.migrations.rolling.transition import Aliased, Mirrored, transition
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.editing import changed
from starmodel.migrations.steps import (
    UNSET,
    AddField,
    EndAlias,
    EndMirror,
    MirrorField,
    RenameEntity,
    RestoreField,
    Step,
)


@dataclass(frozen=True)
class Phase:
    """One of the two migrations. Shapes: sentences describe its changes."""

    plan: Plan
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class RollingPlan:
    """The migrations before and after the deploy; contract is None where nothing is left to do."""

    expand: Phase
    contract: Phase | None


def rolling_plan(
    changes: Changes, answers: Answers, expand_id: str, contract_id: str
) -> RollingPlan:
    """Plan the two migrations of a rolling deploy.

    Shapes: the ids are names of files; kept columns are named by their numbers.
    Raises: UnplannableError.
    """
    between = transition(changes, answers)
    first = compare(changes.before, between.schema)
    made = plan(first, answers, expand_id)
    second = compare(changed(between.schema, kept=made.schema.kept), between.after)
    steps = _expand_steps(
        made.steps, between.mirrors, between.aliases, between.schema, between.after
    )
    expand = Phase(
        Plan(steps, made.schema), tuple(_expand_sentences(first, answers, between.mirrors))
    )
    if not len(second) and not between.mirrors and not between.aliases:
        return RollingPlan(expand, None)
    left = plan(second, answers, contract_id)
    ends: list[Step] = [EndMirror(*each) for each in between.mirrors]
    ends += [EndAlias(*each) for each in between.aliases]
    sentences = [f"Delete the view {each.table}." for each in between.aliases]
    contract = Phase(
        Plan((*ends, *left.steps), left.schema),
        (*sentences, *second.sentences(answers)),
    )
    return RollingPlan(expand, contract)


def _expand_steps(
    steps: Sequence[Step],
    mirrors: Sequence[Mirrored],
    aliases: Sequence[Aliased],
    between: Schema,
    after: Schema,
) -> tuple[Step, ...]:
    """Leave views under former names, fill by defaults, and mirror once columns accept NULL."""
    aliased = {each.entity for each in aliases}
    mirrored = {(each.entity, each.new) for each in mirrors}
    made: list[Step] = []
    for step in steps:
        if isinstance(step, RenameEntity) and step.new in aliased:
            made.append(replace(step, alias=True))
        elif isinstance(step, AddField) and (step.entity, step.field) not in mirrored:
            made.append(_filled(step, between, after))
        elif isinstance(step, RestoreField):
            made.append(_with_own_fill(step, after))
        else:
            made.append(step)
    return (*made, *(MirrorField(*each) for each in mirrors))


def _with_own_fill(step: RestoreField, after: Schema) -> RestoreField:
    """Fill rows without a value now, though the column accepts NULL until contract."""
    wanted = after.entity(step.entity).field(step.field)
    is_open = step.fill is UNSET and not wanted.nullable and wanted.has_default
    return replace(step, fill=wanted.default) if is_open else step


def _filled(step: AddField, between: Schema, after: Schema) -> AddField:
    """Leave the fill to the server default, or fill by the default of the class without one."""
    added = between.entity(step.entity).field(step.field)
    wanted = after.entity(step.entity).field(step.field)
    if added.server_default is not None and not callable(step.fill):
        return replace(step, fill=UNSET)
    is_open = step.fill is UNSET and added.nullable and not wanted.nullable
    return replace(step, fill=wanted.default) if is_open and wanted.has_default else step


def _expand_sentences(
    changes: Changes, answers: Answers, mirrors: Sequence[Mirrored]
) -> Iterator[str]:
    mirrored = {(each.entity, each.new): each for each in mirrors}
    for change in changes:
        if isinstance(change, AddedField):
            found = mirrored.get((change.entity.name, change.field.name))
            if found is not None:
                old = changes.after.entity(found.entity).field(found.old)
                is_same = old.type.kind == change.field.type.kind
                does = "keep both equal" if is_same else "convert between both"
                yield f"{change.title()} beside {found.old}; triggers {does} until --contract."
                continue
        if change.is_said:
            yield change.sentence(answers)
