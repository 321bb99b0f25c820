"""The answers that the classes give: what the `default_factory` of a new field makes."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

from pydantic_core import PydanticUndefined

from starmodel.core.classes.registry import EntityType
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Changes
from starmodel.migrations.comparing.changes.fields import AddedField
from starmodel.migrations.schema.codecs import value_to_json
from starmodel.migrations.schema.definitions import FieldDefinition
from starmodel.migrations.steps.values import UNSET


def with_made_defaults(changes: Changes, answers: Answers, types: Sequence[EntityType]) -> Answers:
    """Add an answer for each new field whose factory always makes the same, such as a list."""
    by_name = {each.name: each for each in types}
    for change in changes:
        if isinstance(change, AddedField) and not change.has_value:
            if answers.fill_of(change.refs) is not UNSET:
                continue
            made = _made_default(by_name.get(change.entity.name), change.field)
            if made is not UNSET:
                answers = answers.also(fills={change.refs[0]: made})
    return answers


def _made_default(entity_type: EntityType | None, field: FieldDefinition) -> Any:
    """Return JSON data; UNSET for values that differ, and without a factory."""
    if entity_type is None or not field.default_factory:
        return UNSET
    info = entity_type.cls.model_fields.get(field.name)
    if info is None:
        return UNSET
    try:
        made = [info.get_default(call_default_factory=True, validated_data={}) for _ in "ab"]
        if made[0] is PydanticUndefined or made[0] != made[1]:
            return UNSET
        made_value = made[0].name if isinstance(made[0], enum.Enum) else made[0]
        return value_to_json(field.type, made_value)
    except Exception:  # the factory is the application's own code, and may need other fields
        return UNSET
