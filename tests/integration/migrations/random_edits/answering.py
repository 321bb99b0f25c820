"""Answers to the questions of a migration between two random models."""

from __future__ import annotations

import random
from typing import Any

from pydantic import TypeAdapter

from integration.migrations.random_edits.kinds import VALUES, default_of, type_of
from integration.migrations.random_edits.models import FieldSpec, Model
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Changes
from starmodel.migrations.comparing.questions import (
    ConvertQuestion,
    FillQuestion,
    MemberQuestion,
    Question,
    RemovedQuestion,
    RestoreQuestion,
    open_questions,
)
from starmodel.migrations.steps.values import UNSET


def answered(changes: Changes, model: Model, chance: random.Random) -> Answers:
    """Answer all questions as a developer may; what is gone is removed."""
    answers = Answers()
    for _ in range(200):
        questions = open_questions(changes, answers)
        if not questions:
            return answers
        answers = answers.joined(_answer(questions[0], model, chance))
    raise AssertionError("the questions don't end")


def _answer(question: Question, model: Model, chance: random.Random) -> Answers:
    ref = question.ref
    if isinstance(question, RemovedQuestion):
        return Answers(drops={ref: True})
    if isinstance(question, RestoreQuestion):
        return Answers(restores={ref: chance.random() < 0.5})
    if isinstance(question, FillQuestion) and question.field is None:
        return Answers(fills={ref: VALUES[_part_kind(model, ref.rpartition(".")[2])][0]})
    spec = _spec(model, ref)
    if isinstance(question, FillQuestion):
        return Answers(fills={ref: _json_value(spec)})
    if isinstance(question, ConvertQuestion):
        return Answers(conversions={ref: chance.choice([UNSET, _json_value(spec)])})
    assert isinstance(question, MemberQuestion)
    return Answers(replacements={ref: {question.member: spec.members[0]}})


def _spec(model: Model, ref: str) -> FieldSpec:
    entity, _, name = ref.partition(".")
    fields = next(e for e in model.entities.values() if e.name == entity).fields
    return next(spec for spec in fields.values() if spec.name == name)


def _part_kind(model: Model, name: str) -> str:
    return next(
        kind
        for entity in model.entities.values()
        for spec in entity.fields.values()
        for part, kind, _ in spec.parts
        if part == name
    )


def _json_value(spec: FieldSpec) -> Any:
    annotation = type_of(spec)
    if spec.kind == "enum":
        return spec.members[0]
    if spec.kind == "bytes":
        return ""
    return TypeAdapter(annotation).dump_python(default_of(spec, annotation), mode="json")
