"""Random edits of models: expand serves both versions, and contract leads to the new one."""

from __future__ import annotations

import os

from hypothesis import given, settings

from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.rolling.effects import effects
from starmodel.migrations.rolling.split import RollingPlan, rolling_plan
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps.effects import apply_all
from unit.migrations.comparing.test_plan_of_random_edits import edits
from unit.migrations.schemas import answered

EXAMPLES = int(os.environ.get("MIGRATION_EXAMPLES", "150"))


def planned(before: Schema, after: Schema) -> RollingPlan:
    changes = compare(before, after)
    return rolling_plan(changes, answered(changes), "0002_expand", "0003_contract")


def database_changes(before: Schema, after: Schema) -> list[str]:
    return [change.title() for change in compare(before, after) if change.in_database]


@settings(max_examples=EXAMPLES)
@given(edits())
def test_steps_lead_from_before_over_expand_to_after(schemas: tuple[Schema, Schema]) -> None:
    before, after = schemas
    made = planned(before, after)
    between = made.expand.plan.schema
    assert database_changes(apply_all(made.expand.plan.steps, before, between), between) == []
    end = made.expand.plan.schema if made.contract is None else made.contract.plan.schema
    if made.contract is not None:
        reached = apply_all(made.contract.plan.steps, between, end)
        assert database_changes(reached, end) == []
    ids = {
        (entity.name, field.name): field.id for entity in end for field in entity.fields
    }  # of renamed fields, which have new ones
    same = Schema(
        entities=tuple(
            entity.model_copy(
                update={
                    "fields": tuple(
                        field.model_copy(update={"id": ids[entity.name, field.name]})
                        for field in entity.fields
                    )
                }
            )
            for entity in after
        )
    )
    assert list(compare(end, same)) == []


@settings(max_examples=EXAMPLES)
@given(edits())
def test_without_a_warning_each_column_of_before_stays_until_contract(
    schemas: tuple[Schema, Schema],
) -> None:
    before, after = schemas
    changes = compare(before, after)
    answers = answered(changes)
    if any(effect.breaks for effect in effects(changes, answers, rolling=True)):
        return
    between = planned(before, after).expand.plan.schema
    tables = {entity.table: {f.column: f for f in entity.fields} for entity in between}
    renamed = {entity.id: entity.table for entity in between}
    for entity in before:
        columns = tables[renamed[entity.id]]
        for field in entity.fields:
            assert columns[field.column].type.kind == field.type.kind
        known = {field.column for field in entity.fields}
        for name, column in columns.items():
            is_given = column.nullable or column.server_default is not None
            assert name in known or is_given, f"the old version can't insert without {name}"
