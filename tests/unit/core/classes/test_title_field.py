"""The field that titles a record, chosen by `title_field`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import computed_field

from starmodel import ConfigurationError, Entity
from starmodel.core.classes.registry import entity_type
from starmodel.core.classes.titles import title_field, title_of


def _ticket(**config: Any) -> type[Entity]:
    class Ticket(Entity):
        model_config = {"scope": "record", **config}
        id: str
        name: str = "Printer"
        number: int = 7

        @computed_field  # type: ignore[prop-decorator]
        @property
        def label(self) -> str:
            return f"{self.number}: {self.name}"

    return Ticket


@pytest.mark.parametrize(
    ("config", "title", "field"),
    [
        ({}, "Printer", "name"),
        ({"title_field": "number"}, "7", "number"),
        ({"title_field": "label"}, "7: Printer", "name"),
    ],
)
def test_title_is_that_of_the_named_field(config: Any, title: str, field: str) -> None:
    made = entity_type(_ticket(**config), "memory")

    assert title_of(made, made.cls(id="1")) == title
    assert title_field(made) == field


def test_unknown_title_field_is_an_error_that_lists_the_fields() -> None:
    with pytest.raises(ConfigurationError, match=r"'title_field'\] names 'town'; .*number, label"):
        _ticket(title_field="town")
