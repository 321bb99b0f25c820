"""The display name of a record."""

from __future__ import annotations

from typing import Any

import pytest

from starmodel import Entity, EntityConfig, Field
from starmodel.access import owner
from starmodel.adapters.ui.titles import MAX_TITLE_CHARS, title_field, title_of
from starmodel.core.classes.registry import EntityType, Registry


def kind(cls: type[Entity]) -> EntityType:
    return Registry([cls])[cls]


def test_name_field_is_the_display_name() -> None:
    class Pen(Entity):
        model_config = EntityConfig(scope="record")
        color: str = "red"
        title: str = "A pen"

    pens = kind(Pen)

    assert title_field(pens) == "title"
    assert title_of(pens, Pen()) == "A pen"


def test_first_text_field_is_the_display_name_without_name() -> None:
    class Pen(Entity):
        model_config = EntityConfig(scope="record")
        count: int = 1
        color: str = "red"

    assert (title_field(kind(Pen)), title_of(kind(Pen), Pen())) == ("color", "red")


def test_id_of_another_record_is_no_display_name() -> None:
    class Buyer(Entity):
        model_config = EntityConfig(scope="record")
        name: str

    class Order(Entity):
        model_config = EntityConfig(scope="record", access=owner("author"))
        buyer: Buyer
        seller: str = Field(default="", foreign_key="buyer.id")
        author: str = ""
        external_id: str = ""
        number: str = ""

    orders = Registry([Buyer, Order])[Order]

    assert title_field(orders) == "number"
    assert title_of(orders, Order(buyer_id="b1", author="ann", number="N1")) == "N1"
    assert title_of(orders, Order(id="o7", buyer_id="b1", author="ann")) == "Order o7"


def test_property_may_be_the_display_name() -> None:
    class Person(Entity):
        model_config = EntityConfig(scope="record")
        first: str = "Ann"
        last: str = "Lee"

        @property
        def name(self) -> str:
            return f"{self.first} {self.last}"

    assert title_of(kind(Person), Person()) == "Ann Lee"


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_record_without_text_is_displayed_by_id(value: str) -> None:
    class Pen(Entity):
        model_config = EntityConfig(scope="record")
        name: str = value

    assert title_of(kind(Pen), Pen(id="p7")) == "Pen p7"


def test_private_text_is_no_display_name() -> None:
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

    text = title_of(kind(Pen), Pen())

    assert (len(text), text[-1]) == (MAX_TITLE_CHARS, "…")


def test_scoped_entity_is_displayed_by_class() -> None:
    class Counter(Entity):
        name: str = "mine"

    counters: Any = kind(Counter)

    assert title_of(counters, Counter()) == "Counter"
