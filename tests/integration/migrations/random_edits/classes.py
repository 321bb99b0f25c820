"""Classes of entities, made of models."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint

from integration.migrations.random_edits.kinds import default_of, type_of
from integration.migrations.random_edits.models import EntitySpec, FieldSpec, Model
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field

MAX_CHARS = 20


def classes_of(model: Model, before: Model | None = None) -> list[type[Entity]]:
    """Make the classes. With the model before, they declare what they were renamed from."""
    olds = {} if before is None else before.entities
    return [class_of(model, key, olds.get(key)) for key in model.entities]


def class_of(model: Model, key: str, before: EntitySpec | None = None) -> type[Entity]:
    """Make the class of one entity."""
    entity = model.entities[key]
    config: dict[str, Any] = {"store": "sql"}
    if entity.expires:
        config["ttl"] = 3600
    if before is not None and before.name != entity.name:
        config["renamed_from"] = before.name
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {
        "__annotations__": annotations,
        "__module__": __name__,
        "model_config": config,
        "__table_args__": _table_arguments(entity),
    }
    if entity.key == "int":
        annotations["id"] = int | None
        namespace["id"] = Field(default=None, primary_key=not entity.key_fields)
    elif entity.key == "uuid":
        annotations["id"] = uuid.UUID
        namespace["id"] = Field(default_factory=uuid.uuid4)
    for own, spec in entity.fields.items():
        plain = type_of(spec)
        annotations[spec.name] = plain | None if spec.optional else plain
        old = None if before is None else before.fields.get(own)
        namespace[spec.name] = _field(model, spec, plain, old)
    return type(Entity)(entity.name, (Entity,), namespace)


def _field(model: Model, spec: FieldSpec, annotation: Any, before: FieldSpec | None) -> Any:
    options: dict[str, Any] = {}
    if spec.indexed:
        options["index"] = True
    if spec.unique:
        options["unique"] = True
    if spec.kind == "short":
        options["max_length"] = MAX_CHARS
    if spec.refers:
        options["foreign_key"] = f"{model.entities[spec.refers].name.lower()}.id"
    if spec.on_delete:
        options["ondelete"] = spec.on_delete
    if before is not None and before.name != spec.name:
        options["renamed_from"] = before.name
    if spec.optional:
        options["default"] = None
    elif not spec.required:
        options["default"] = default_of(spec, annotation)
    return Field(**options)


def _table_arguments(entity: EntitySpec) -> tuple[Any, ...]:
    def columns(keys: tuple[str, ...]) -> list[str]:
        return [entity.fields[key].name for key in keys]

    made: list[Any] = [Index(name, *columns(own)) for name, own in entity.indexes.items()]
    made += [UniqueConstraint(*columns(own), name=name) for name, own in entity.uniques.items()]
    if entity.key_fields:
        made.append(PrimaryKeyConstraint(*columns(entity.key_fields)))
    made.append({"comment": entity.comment or None})
    return tuple(made)
