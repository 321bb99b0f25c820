"""Mistakes in a class body raise at definition, with the name and the remedy."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, PrivateAttr, field_validator

from starmodel.core.definition import defined as definitions
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import event
from starmodel.core.fields.field import Field
from starmodel.core.fields.relations import Relationship


def test_default_of_another_type_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match=r"Broken\.count has the default 'many'.*integer"):

        class Broken(Entity):
            count: int = Field(default="many")


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (str, None),
        (list[int], ["a"]),
        (Annotated[int, Field(ge=1)], 0),
        (str, Field(default="", min_length=1)),
    ],
)
def test_default_that_violates_a_constraint_is_rejected(annotation: Any, default: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Broken\.value has the default"):
        type("Broken", (Entity,), {"__annotations__": {"value": annotation}, "value": default})


def test_defaults_with_conversion_or_own_validator_are_accepted() -> None:
    class Fine(Entity):
        price: float = 1
        id: int = Field(default=None)
        maybe: str | None = None
        size: int = "small"  # type: ignore[assignment]

        @field_validator("size", mode="before")
        @classmethod
        def _known(cls, value: Any) -> Any:
            return 1 if value == "small" else value

    assert Fine(id=1).price == 1


def test_default_is_checked_in_the_class_that_gives_it() -> None:
    class Base(Entity):
        count: int = 0

    with pytest.raises(ConfigurationError, match=r"Child\.count has the default 'x'"):

        class Child(Base):
            count: int = "x"  # type: ignore[assignment]


def test_private_attribute_without_default_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match=r"Broken\._secret .* secret: … = Field\(private"):

        class Broken(Entity):
            _secret: str


def test_private_attribute_with_default_is_accepted() -> None:
    class Fine(Entity):
        _cache: dict[str, int] = PrivateAttr(default_factory=dict)

    assert Fine()._cache == {}


@pytest.mark.parametrize("name", ["objects", "do", "get", "evolve", "emit", "save", "signals"])
def test_field_with_a_reserved_name_is_rejected(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"reserved name '{name}'.*objects, do, get"):
        type("Broken", (Entity,), {"__annotations__": {name: list[str]}, name: []})


class _Customer(Entity):
    name: str = ""


class _Box(BaseModel):
    inside: list[_Customer] = []


@pytest.mark.parametrize(
    "annotation",
    [dict[str, _Customer], tuple[_Customer, ...], _Customer | str, _Box, list[_Box]],
    ids=["dict", "tuple", "union", "in_model", "in_list_of_models"],
)
def test_entity_as_the_type_of_a_field_is_rejected(annotation: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Order\.customer .*customer: _Customer"):
        type("Order", (Entity,), {"__annotations__": {"customer": annotation}})


def test_relationship_to_an_entity_is_accepted() -> None:
    class Order(Entity):
        customer_id: str = Field(default="", foreign_key="_customer.id")
        customer: _Customer | None = Relationship()

    assert "customer" not in Order.__pydantic_fields__


def test_event_without_self_is_rejected() -> None:
    for function in (lambda: None, lambda amount: None, lambda *, self: None, lambda *self: None):
        with pytest.raises(ConfigurationError, match="first parameter is self"):
            event(function)


@pytest.mark.parametrize("wrap", [classmethod, property])
def test_event_decorator_on_a_non_function_is_rejected(wrap: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"on a {wrap.__name__}: .* is self"):
        event(wrap(lambda self: None))


@pytest.fixture
def defined(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], type[Entity]]:
    classes: dict[tuple[str, str], type[Entity]] = {}
    monkeypatch.setattr(definitions, "_defined", classes)
    return classes


ONCE = "from starmodel import Entity\n\nclass Task(Entity):\n    done: bool = False\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "twice_defined", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path / "twice_defined.py"


@pytest.mark.usefixtures("defined")
def test_duplicate_class_name_in_one_module_is_rejected(module: Path) -> None:
    module.write_text(f"{ONCE}\nclass Task(Entity):\n    title: str = ''\n")
    with pytest.raises(ConfigurationError, match=r"twice_defined defines Task twice"):
        importlib.import_module("twice_defined")


def test_reloaded_module_replaces_its_classes(
    module: Path, defined: dict[tuple[str, str], type[Entity]]
) -> None:
    module.write_text(ONCE)
    made = importlib.import_module("twice_defined")
    first = made.Task
    module.write_text(f"import os\n{ONCE}")
    importlib.reload(made)
    assert list(defined.values()) == [made.Task]
    assert made.Task is not first


def test_class_may_be_redefined_in_a_console(
    monkeypatch: pytest.MonkeyPatch, defined: dict[tuple[str, str], type[Entity]]
) -> None:
    console = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", console)
    exec(ONCE, console.__dict__)  # noqa: S102 - a module of this test's own
    exec(ONCE, console.__dict__)  # noqa: S102
    assert list(defined.values()) == [console.Task]
