"""Lists, dicts and nested models rendered on generated pages."""

from __future__ import annotations

from typing import TypedDict

from pydantic import BaseModel, Field

from starmodel.adapters.ui.values import value_renderer


class Address(BaseModel):
    street_name: str = ""
    code: str = Field(default="", title="Postal code")


class Size(TypedDict):
    max_width: int


def test_list_of_flat_rows_renders_one_line_per_row() -> None:
    show = value_renderer(list[tuple[int, str, bool | None]])

    html = show([(31, "Tea & milk", True), (30, "", None)])

    assert html == (
        '<ul class="sm-items"><li>31, Tea &amp; milk, Yes</li><li>30, \u2013, \u2013</li></ul>'
    )


def test_nested_lists_render_their_structure() -> None:
    assert value_renderer(list[list[list[int]]])([[[1, 2]]]) == (
        '<ul class="sm-items"><li><ul class="sm-items"><li>1, 2</li></ul></li></ul>'
    )


def test_fields_of_a_nested_model_have_the_labels_of_its_form() -> None:
    html = value_renderer(Address | None)({"street_name": "Elm Road", "code": "1"})

    assert "<dt>Street name</dt><dd>Elm Road</dd>" in html
    assert "<dt>Postal code</dt><dd>1</dd>" in html
    assert "<dt>Max width</dt>" in value_renderer(list[Size])([{"max_width": 3}])


def test_keys_of_a_mapping_are_rendered_unchanged() -> None:
    assert "<dt>net_days</dt><dd>30</dd>" in value_renderer(dict[str, str])({"net_days": "30"})
