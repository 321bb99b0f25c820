"""Random edits of models: the planned steps lead from one schema to the other."""

from __future__ import annotations

import copy
import itertools
import json
import os
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.plan import plan
from starmodel.migrations.schema.definitions import Schema, from_json, to_json
from starmodel.migrations.steps import RenameEntity, RenameField
from starmodel.migrations.steps.effects import apply, apply_all
from starmodel.migrations.steps.values import UNSET
from unit.migrations.schemas import (
    TYPES,
    VALUES,
    EntityModel,
    FieldModel,
    Model,
    answered,
    schema_of,
)

EXAMPLES = int(os.environ.get("MIGRATION_EXAMPLES", "150"))
ENTITIES = ("Product", "Order", "Customer", "Note")
FIELDS = ("price", "name", "colour", "size", "state")
KINDS = st.sampled_from(sorted(TYPES))


@st.composite
def fields(draw: Any, targets: list[str]) -> FieldModel:
    kind = draw(KINDS)
    default = draw(st.sampled_from([UNSET, VALUES[kind]]))
    flags = [draw(st.booleans()) for _ in range(4)]
    target = draw(st.sampled_from([None, *targets])) if kind == "str" else None
    return FieldModel("", kind, flags[0], default, flags[1], flags[2], flags[3], target)


@st.composite
def models(draw: Any) -> Model:
    names = draw(st.lists(st.sampled_from(ENTITIES), unique=True, min_size=1, max_size=3))
    model: Model = {}
    for name in names:
        entity = EntityModel(name)
        for field in draw(st.lists(st.sampled_from(FIELDS), unique=True, max_size=4)):
            made = draw(fields([*model, name.lower()]))
            made.name = field
            entity.fields[f"{name.lower()}.{field}"] = made
        model[name.lower()] = entity
    return model


@st.composite
def edits(draw: Any) -> tuple[Schema, Schema]:
    """The schema before and after up to eight edits; renamed definitions keep their ids."""
    model = draw(models())
    before = schema_of(model=model)
    model = copy.deepcopy(model)
    numbers = itertools.count(2)
    for _ in range(draw(st.integers(0, 8))):
        draw(st.sampled_from(EDITS))(draw, model, numbers)
    for entity in model.values():
        for field in entity.fields.values():
            if field.target not in model:
                field.target = None
    return before, schema_of(model=model)


def _add_entity(draw: Any, model: Model, numbers: Any) -> None:
    name = draw(st.sampled_from(ENTITIES))
    if all(each.name != name for each in model.values()):
        model[f"{name.lower()}-{next(numbers)}"] = EntityModel(name)


def _remove_entity(draw: Any, model: Model, numbers: Any) -> None:
    if model:
        del model[draw(st.sampled_from(sorted(model)))]


def _rename_entity(draw: Any, model: Model, numbers: Any) -> None:
    name = draw(st.sampled_from((*ENTITIES, "Article")))
    if model and all(each.name != name for each in model.values()):
        model[draw(st.sampled_from(sorted(model)))].name = name


def _add_field(draw: Any, model: Model, numbers: Any) -> None:
    name = draw(st.sampled_from(FIELDS))
    if model:
        key = draw(st.sampled_from(sorted(model)))
        if all(each.name != name for each in model[key].fields.values()):
            field = draw(fields(sorted(model)))
            field.name = name
            model[key].fields[f"{key}.{name}-{next(numbers)}"] = field


def _some_field(draw: Any, model: Model) -> tuple[EntityModel, str] | None:
    keys = [(key, field) for key, each in model.items() for field in each.fields]
    if not keys:
        return None
    key, field = draw(st.sampled_from(keys))
    return model[key], field


def _remove_field(draw: Any, model: Model, numbers: Any) -> None:
    if found := _some_field(draw, model):
        del found[0].fields[found[1]]


def _rename_field(draw: Any, model: Model, numbers: Any) -> None:
    name = draw(st.sampled_from((*FIELDS, "amount")))
    if found := _some_field(draw, model):
        entity, key = found
        if all(each.name != name for each in entity.fields.values()):
            entity.fields[key].name = name


def _change_field(draw: Any, model: Model, numbers: Any) -> None:
    if found := _some_field(draw, model):
        entity, key = found
        changed = draw(fields(sorted(model)))
        changed.name = entity.fields[key].name
        entity.fields[key] = changed


def _change_table(draw: Any, model: Model, numbers: Any) -> None:
    if model:
        entity = model[draw(st.sampled_from(sorted(model)))]
        entity.can_expire = draw(st.booleans())
        entity.comment = draw(st.sampled_from([None, "A comment"]))


EDITS: tuple[Callable[[Any, Model, Any], None], ...] = (
    _add_entity, _remove_entity, _rename_entity, _add_field, _add_field, _remove_field,
    _rename_field, _change_field, _change_field, _change_table,
)  # fmt: skip


@settings(max_examples=EXAMPLES)
@given(edits())
def test_steps_lead_from_before_to_after(schemas: tuple[Schema, Schema]) -> None:
    before, after = schemas
    changes = compare(before, after)
    answers = answered(changes)
    made = plan(changes, answers, "0002_test")

    present = before
    for step in made.steps:
        _check_names_are_free(step, present)
        present = apply(step, present, made.schema)

    left = compare(present, made.schema)
    assert not left.in_database, left.sentences()
    names = [kept.name for kept in present.kept]
    assert sorted(names) == sorted({kept.name for kept in made.schema.kept})
    assert all(changes.sentences(answers))


@settings(max_examples=EXAMPLES)
@given(models())
def test_schema_equals_itself_and_its_json(model: Model) -> None:
    schema = schema_of(model=model)

    assert list(compare(schema, schema)) == []
    assert from_json(json.loads(json.dumps(to_json(schema)))) == schema


def _check_names_are_free(step: object, present: Schema) -> None:
    if isinstance(step, RenameEntity) and step.old != step.new:
        assert not present.has_entity(step.new)
    elif isinstance(step, RenameField) and step.old != step.new:
        assert not present.entity(step.entity).has_field(step.new)


def test_one_of_exchanged_names_makes_way() -> None:
    model = {"a": EntityModel("A", {"a.x": FieldModel("x"), "a.y": FieldModel("y")})}
    before = schema_of(model=copy.deepcopy(model))
    model["a"].fields["a.x"].name, model["a"].fields["a.y"].name = "y", "x"
    changes = compare(before, schema_of(model=model))

    made = plan(changes, Answers(), "0002_change")

    assert made.steps == (
        RenameField("A", "x", "_renaming_x"),
        RenameField("A", "y", "x"),
        RenameField("A", "_renaming_x", "y"),
    )
    assert compare(apply_all(made.steps, before, made.schema), made.schema).titles() == []
