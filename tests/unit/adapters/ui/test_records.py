"""What people call a record."""

from __future__ import annotations

from typing import Any

import pytest

from starmodel import Entity, EntityConfig, Field
from starmodel.adapters.ui.records import MAX_TITLE_CHARS, title_field, title_of
from starmodel.core.classes.registry import EntityType, Registry


def kind(cls: type[Entity]) -> EntityType:
    return Registry([cls])[cls]


def test_name_comes_before_other_texts() -> None:
    class Pen(Entity):
        model_config = EntityConfig(scope="record")
        color: str = "red"
        title: str = "A pen"

    pens = kind(Pen)

    assert title_field(pens) == "title"
    assert title_of(pens, Pen()) == "A pen"


def test_first_text_names_a_record_without_a_name() -> None:
    class Pen(Entity):
        model_config = EntityConfig(scope="record")
        count: int = 1
        color: str = "red"

    assert (title_field(kind(Pen)), title_of(kind(Pen), Pen())) == ("color", "red")


def test_property_may_name_a_record() -> None:
    class Person(Entity):
        model_config = EntityConfig(scope="record")
        first: str = "Ann"
        last: str = "Lee"

        @property
        def name(self) -> str:
            return f"{self.first} {self.last}"

    assert title_of(kind(Person), Person()) == "Ann Lee"


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_record_without_a_text_is_called_by_its_id(value: str) -> None:
    class Pen(Entity):
        model_config = EntityConfig(scope="record")
        name: str = value

    assert title_of(kind(Pen), Pen(id="p7")) == "Pen p7"


def test_private_text_names_nothing() -> None:
    class Pen(Entity):
        model_config = EntityConfig(scope="record")
        name: str = Field(default="hidden", private=True)

    pens = kind(Pen)

    assert title_field(pens) is None
    assert title_of(pens, Pen(id="p7")) == "Pen p7"


def test_long_name_is_cut() -> None:
    class Pen(Entity):
        model_config = EntityConfig(scope="record")
        name: str = "x" * 500

    told = title_of(kind(Pen), Pen())

    assert (len(told), told[-1]) == (MAX_TITLE_CHARS, "…")


def test_scoped_entity_is_called_by_its_class() -> None:
    class Counter(Entity):
        name: str = "mine"

    counters: Any = kind(Counter)

    assert title_of(counters, Counter()) == "Counter"
