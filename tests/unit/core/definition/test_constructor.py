"""A misspelt argument of an entity class is refused; stored data and `extra` are not affected."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import AliasChoices, Field, ValidationError, computed_field, model_validator

from starmodel.core.entity import Entity
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.snapshot import construct


class Counter(Entity):
    count: int = 0
    label: str = Field(default="", validation_alias=AliasChoices("label", "name"))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return 2 * self.count


class Kept(Entity):
    model_config = EntityConfig(extra="allow")
    count: int = 0


class Dropped(Entity):
    model_config = EntityConfig(extra="ignore")
    count: int = 0


class Strict(Entity):
    model_config = EntityConfig(extra="forbid")
    count: int = 0


class Renaming(Entity):
    count: int = 0

    @model_validator(mode="before")
    @classmethod
    def rename(cls, data: Any) -> Any:
        return {"count": data["number"]} if "number" in data else data


class Child(Counter):
    size: int = 1


@pytest.mark.parametrize("cls", [Counter, Child])
def test_misspelt_argument_is_refused_with_the_nearest_name(cls: Any) -> None:
    with pytest.raises(TypeError, match=r"got 'coutn', which is no field of it") as failure:
        cls(coutn=3)
    assert "Did you mean 'count'? The fields are " in str(failure.value)
    assert str(failure.value).startswith(f"{cls.__name__}()")
    with pytest.raises(TypeError, match=r"no field of it. The fields are"):
        cls(zzzzzz=3)


def test_aliases_and_a_dump_are_accepted() -> None:
    assert Counter(name="x").label == "x"
    made = Counter(count=2)
    assert Counter(**made.model_dump()) == made
    assert Child(size=2, count=1).count == 1


def test_classes_that_decide_about_other_names_are_not_affected() -> None:
    assert Kept(coutn=3).coutn == 3  # type: ignore[attr-defined]
    assert Dropped(coutn=3).count == 0
    assert Renaming(number=3).count == 3
    with pytest.raises(ValidationError):
        Strict(coutn=3)


def test_loading_and_validation_of_data_accept_other_names() -> None:
    assert Counter.model_validate({"coutn": 3}).count == 0
    assert construct(Counter, {"id": "1", "count": 1, "old": 2}, set(), 1).count == 1
