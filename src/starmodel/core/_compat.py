"""Undocumented names of pydantic."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from pydantic import BaseModel


def uses_default_init(init: Callable[..., None]) -> Callable[..., None]:
    """Declare that an `__init__` does what that of `BaseModel` does.

    A validator of another model then doesn't call it, so `__init__` runs for direct calls only.
    """
    init.__pydantic_base_init__ = True  # type: ignore[attr-defined]
    return init


def has_decorators(cls: type[BaseModel]) -> bool:
    """True when the class has a validator, a serializer or a computed field."""
    decorators = cls.__pydantic_decorators__
    return any(getattr(decorators, kind.name) for kind in dataclasses.fields(decorators))


def validated_fields(cls: type[BaseModel]) -> set[str]:
    """The fields that a field validator names; "*" for every field."""
    validators = cls.__pydantic_decorators__.field_validators.values()
    return {name for validator in validators for name in validator.info.fields}


def serialized_fields(cls: type[BaseModel]) -> set[str]:
    """The fields that a field serializer names; "*" for every field."""
    serializers = cls.__pydantic_decorators__.field_serializers.values()
    return {name for serializer in serializers for name in serializer.info.fields}


def validates_input(cls: type[BaseModel], name: str) -> bool:
    """True when a field validator receives the field's input before its type is checked."""
    return any(
        validator.info.mode != "after" and {name, "*"}.intersection(validator.info.fields)
        for validator in cls.__pydantic_decorators__.field_validators.values()
    )


def model_validator_modes(cls: type[BaseModel]) -> set[str]:
    """The modes of the model validators: "before", "wrap", "after"."""
    validators = cls.__pydantic_decorators__.model_validators.values()
    return {validator.info.mode for validator in validators}


def has_model_serializer(cls: type[BaseModel]) -> bool:
    """True when the class has a model serializer."""
    return bool(cls.__pydantic_decorators__.model_serializers)
