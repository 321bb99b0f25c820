"""The undocumented behaviour of pydantic that the core relies on."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import (
    BaseModel,
    TypeAdapter,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

from starmodel.core._compat import (
    has_decorators,
    has_model_serializer,
    model_validator_modes,
    serialized_fields,
    uses_default_init,
    validated_fields,
    validates_input,
)

CHANGED = "pydantic's __pydantic_decorators__ no longer has the decorators of a class by kind"


class Plain(BaseModel):
    a: int = 0
    b: int = 0


class Validated(Plain):
    @field_validator("a", mode="before")
    @classmethod
    def read(cls, value: Any) -> Any:
        return value

    @field_validator("b")
    @classmethod
    def check(cls, value: int) -> int:
        return value


class Every(Plain):
    @field_validator("*", mode="wrap")
    @classmethod
    def read(cls, value: Any, handler: Any) -> Any:
        return handler(value)


class Serialized(Plain):
    @field_serializer("a")
    def text(self, value: int) -> str:
        return str(value)


class Whole(Plain):
    @model_serializer
    def text(self) -> str:
        return ""


class Computed(Plain):
    @computed_field  # type: ignore[prop-decorator]
    @property
    def c(self) -> int:
        return 1


class Models(Plain):
    @model_validator(mode="before")
    @classmethod
    def first(cls, values: Any) -> Any:
        return values

    @model_validator(mode="after")
    def last(self) -> Any:
        return self


def test_validators_name_their_fields() -> None:
    assert validated_fields(Plain) == set()
    assert validated_fields(Validated) == {"a", "b"}, CHANGED
    assert validated_fields(Every) == {"*"}, CHANGED


def test_validators_have_a_mode() -> None:
    assert [validates_input(Validated, name) for name in "ab"] == [True, False], CHANGED
    assert validates_input(Every, "b"), CHANGED
    assert model_validator_modes(Models) == {"before", "after"}, CHANGED
    assert model_validator_modes(Plain) == set()


def test_serializers_name_their_fields() -> None:
    assert serialized_fields(Serialized) == {"a"}, CHANGED
    assert (has_model_serializer(Whole), has_model_serializer(Serialized)) == (True, False), CHANGED


@pytest.mark.parametrize("cls", [Validated, Every, Serialized, Whole, Computed, Models])
def test_class_with_any_decorator_is_recognised(cls: type[BaseModel]) -> None:
    assert has_decorators(cls), CHANGED
    assert not has_decorators(Plain)


def test_marked_init_is_not_called_by_validation() -> None:
    calls: list[str] = []

    class Marked(BaseModel):
        a: int = 0

        @uses_default_init
        def __init__(self, /, **data: Any) -> None:
            calls.append("init")
            self.__pydantic_validator__.validate_python(data, self_instance=self)

    made = TypeAdapter(Marked).validate_python({"a": "1"})
    assert made.a == 1
    assert calls == [], "pydantic no longer reads __pydantic_base_init__ of an __init__"
    assert Marked(a=2).a == 2
    assert calls == ["init"]
