"""Type adapters for fields, with the constraints and validators of their declaration."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, cast

import pydantic
from pydantic import BaseModel, ConfigDict, PydanticUserError, TypeAdapter
from pydantic.fields import FieldInfo

from starmodel.core._compat import model_validator_modes, validates_input
from starmodel.core.fields.field import FieldOptions
from starmodel.core.fields.nested import aliases_of

# Keys of a model's configuration that apply to the values of its fields.
_OF_VALUES = frozenset({
    "strict", "coerce_numbers_to_str", "allow_inf_nan", "use_enum_values", "regex_engine",
    "str_to_lower", "str_to_upper", "str_strip_whitespace", "str_min_length", "str_max_length",
    "val_json_bytes", "val_temporal_unit", "arbitrary_types_allowed",
})  # fmt: skip


def rules_of(info: FieldInfo) -> list[Any]:
    """The constraints and validators that `Annotated` and `Field` declare for a field."""
    rules = [item for item in info.metadata if not isinstance(item, FieldOptions)]
    if info.discriminator is not None:
        rules.append(pydantic.Field(discriminator=info.discriminator))
    return rules


def full_type(info: FieldInfo) -> Any:
    """The annotation of a field with its rules: constraints, validators, discriminator.

    >>> full_type(pydantic.Field(gt=0, annotation=int))
    typing.Annotated[int, Gt(gt=0)]
    """
    rules = rules_of(info)
    return Annotated[(info.annotation, *rules)] if rules else info.annotation


@lru_cache(maxsize=2048)
def field_adapter(cls: type[BaseModel], name: str, *, several: bool = False) -> TypeAdapter[Any]:
    """Validates a value of a field, or a list of such, as the class does.

    Without the validators that are methods of the class: see `has_custom_parsing`.
    """
    annotation: Any = full_type(cls.__pydantic_fields__[name])
    config = {k: v for k, v in cls.model_config.items() if k in _OF_VALUES}
    value_type: Any = list[annotation] if several else annotation
    if config:
        try:
            return TypeAdapter(value_type, config=cast(ConfigDict, config))
        except PydanticUserError:  # a model or dataclass has its own configuration
            pass
    return TypeAdapter(value_type)


def has_custom_parsing(cls: type[BaseModel], name: str) -> bool:
    """True when methods of the class see a field's input before its type is checked."""
    return validates_input(cls, name) or bool(model_validator_modes(cls) - {"after"})


@lru_cache(maxsize=1024)
def names_by_alias(cls: type[BaseModel]) -> dict[str, str]:
    """The fields by validation alias, without aliases that are names of fields."""
    fields = cls.__pydantic_fields__
    names: dict[str, str] = {}
    for name, info in fields.items():
        for alias in aliases_of(info):
            if alias not in fields:
                names.setdefault(alias, name)
    return names


def is_strict(schema: Any) -> bool:
    """True when a part of a core schema takes no value of another type."""
    pending, seen = [schema], set[int]()
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            if part.get("strict") is True:
                return True
            pending += part.values()
        elif isinstance(part, list | tuple):
            pending += part
    return False
