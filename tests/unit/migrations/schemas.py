"""Small models from which tests derive schemas, as `collect` derives them from classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Changes
from starmodel.migrations.comparing.questions import (
    ConvertQuestion,
    FillQuestion,
    MemberQuestion,
    RemovedQuestion,
    open_questions,
)
from starmodel.migrations.schema.definitions import (
    CheckDefinition,
    EntityDefinition,
    FieldDefinition,
    ForeignKeyDefinition,
    IndexDefinition,
    Schema,
    TypeDefinition,
    UniqueDefinition,
)
from starmodel.migrations.steps.values import UNSET

TYPES: dict[str, TypeDefinition] = {
    "str": TypeDefinition(kind="str", name="String"),
    "short": TypeDefinition(kind="str", name="String", arguments={"length": 20}),
    "int": TypeDefinition(kind="int", name="BigInteger"),
    "float": TypeDefinition(kind="float", name="Double"),
    "decimal": TypeDefinition(kind="decimal", name="Numeric"),
    "uuid": TypeDefinition(kind="uuid", name="Uuid"),
    "date": TypeDefinition(kind="date", name="Date"),
    "json": TypeDefinition(kind="json", name="JSON"),
    "bool": TypeDefinition(kind="bool", name="Boolean"),
}
VALUES: dict[str, Any] = {
    "str": "text", "short": "text", "int": 1, "float": 1.5, "decimal": "1.50", "bool": True,
    "uuid": "00000000-0000-0000-0000-000000000001", "date": "2026-01-02", "json": {},
}  # fmt: skip


@dataclass
class FieldModel:
    """One field of a model. Shapes: target is the key of the entity that it refers to."""

    name: str
    kind: str = "str"
    nullable: bool = False
    default: Any = UNSET
    indexed: bool = False
    unique: bool = False
    checked: bool = False
    target: str | None = None
    members: list[str] | None = None
    bounds: dict[str, Any] = field(default_factory=dict)
    shape: Any = None
    comment: str | None = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class EntityModel:
    """One entity. Shapes: fields are by id."""

    name: str
    fields: dict[str, FieldModel] = field(default_factory=dict)
    can_expire: bool = False
    comment: str | None = None


Model = dict[str, EntityModel]
"""Entities by id."""


def entity(name: str, *fields: FieldModel, **more: Any) -> EntityModel:
    """An entity whose fields have ids of their names."""
    return EntityModel(name, {f"{name.lower()}.{each.name}": each for each in fields}, **more)


def schema_of(*entities: EntityModel, model: Model | None = None) -> Schema:
    """Derive the definitions; ids are those of the model, or the lower-case names."""
    model = {each.name.lower(): each for each in entities} if model is None else model
    return Schema(entities=tuple(_entity(id, each, model) for id, each in model.items()))


def answered(changes: Changes, answers: Answers | None = None) -> Answers:
    """Answer every open question: removed, a fitting value, convert, the first member."""
    answers = answers or Answers()
    while questions := open_questions(changes, answers):
        question = questions[0]
        if isinstance(question, RemovedQuestion):
            answers = answers.also(drops={question.ref: True})
        elif isinstance(question, FillQuestion):
            answers = answers.also(fills={question.ref: _value(question.field)})
        elif isinstance(question, ConvertQuestion):
            answers = answers.also(conversions={question.ref: UNSET})
        elif isinstance(question, MemberQuestion):
            answers = answers.also(unused={question.ref: frozenset({question.member})})
    return answers


def _value(field: FieldDefinition | None) -> Any:
    return "part" if field is None else VALUES[field.type.kind]


def _entity(id: str, model: EntityModel, all_models: Model) -> EntityDefinition:
    table = model.name.lower()
    identity = FieldDefinition(
        id=f"{id}.id", name="id", column="id", type=TYPES["str"], nullable=False
    )
    fields = {each.name: each for each in model.fields.values()}
    return EntityDefinition(
        id=id,
        name=model.name,
        table=table,
        fields=(identity, *(_field(key, each) for key, each in model.fields.items())),
        primary_key=("id",),
        can_expire=model.can_expire,
        comment=model.comment,
        indexes=tuple(
            IndexDefinition(name=f"ix_{table}_{name}", parts=(name,))
            for name, each in fields.items()
            if each.indexed
        ),
        uniques=tuple(
            UniqueDefinition(name=None, columns=(name,))
            for name, each in fields.items()
            if each.unique
        ),
        checks=tuple(
            CheckDefinition(name=f"ck_{table}_{name}", condition=f"{name} <> '{name}'")
            for name, each in fields.items()
            if each.checked
        ),
        foreign_keys=tuple(
            ForeignKeyDefinition(
                name=None,
                columns=(name,),
                target=all_models[each.target].name.lower(),
                target_columns=("id",),
            )
            for name, each in fields.items()
            if each.target is not None and each.target in all_models
        ),
    )


def _field(id: str, model: FieldModel) -> FieldDefinition:
    kind = TYPES.get(model.kind)
    if kind is None:
        values = {member: member.lower() for member in model.members or ()}
        kind = TypeDefinition(kind="enum", name="String", values=values)
    elif model.members:
        model.bounds = {**model.bounds, "values": list(model.members)}
    default = {} if model.default is UNSET else {"has_default": True, "default": model.default}
    return FieldDefinition(
        id=id,
        name=model.name,
        column=model.name,
        type=kind,
        nullable=model.nullable,
        bounds=model.bounds,
        shape=model.shape,
        comment=model.comment,
        **default,
        **model.more,
    )
