"""Datastar attributes from Python keyword arguments, in the syntax of Datastar 1.x."""

from __future__ import annotations

import doctest
import html
import json
from typing import Any

import pytest
from fasthtml.common import Div, ft_hx, to_xml

from integration.web.browser import unlisted
from starmodel import Entity, Field
from starmodel.adapters.web.frameworks.fasthtml import components
from starmodel.adapters.web.frameworks.fasthtml.components import datastar_attribute


@unlisted
class Todo(Entity):
    done: bool = False
    title: str = ""
    notes: list[str] = Field(default=[], signal=True)


@pytest.fixture(autouse=True)
def _taught(serve: Any) -> None:
    serve(Todo)


def test_examples_of_the_documentation_hold() -> None:
    assert doctest.testmod(components).failed == 0


TABLE = {
    "data_on_click": "data-on:click",
    "data_on__click": "data-on:click",
    "data_on_click__prevent": "data-on:click__prevent",
    "data_on_click__once__prevent": "data-on:click__once__prevent",
    "data_on_input__debounce_500ms": "data-on:input__debounce.500ms",
    "data_on_keydown__window": "data-on:keydown__window",
    "data_on_my_event": "data-on:my-event",
    "data_on_intersect": "data-on-intersect",
    "data_on_intersect__once": "data-on-intersect__once",
    "data_on_interval__duration_2s": "data-on-interval__duration.2s",
    "data_on_signal_patch": "data-on-signal-patch",
    "data_on_signal_patch_filter": "data-on-signal-patch-filter",
    "data_attr_disabled": "data-attr:disabled",
    "data_attr_aria_label": "data-attr:aria-label",
    "data_class_font_bold": "data-class:font-bold",
    "data_computed_total": "data-computed:total",
    "data_style_color": "data-style:color",
    "data_indicator_fetching": "data-indicator:fetching",
    "data_signals_foo": "data-signals:foo",
    "data_bind_name": "data-bind:name",
    "data_ref_box": "data-ref:box",
    "data_signals": "data-signals",
    "data_signals__ifmissing": "data-signals__ifmissing",
    "data_class": "data-class",
    "data_attr": "data-attr",
    "data_bind": "data-bind",
    "data_bind__case_kebab": "data-bind__case.kebab",
    "data_indicator__case_kebab": "data-indicator__case.kebab",
    "data_text": "data-text",
    "data_show": "data-show",
    "data_init": "data-init",
    "data_init__delay_500ms": "data-init__delay.500ms",
    "data_effect": "data-effect",
    "data_ignore": "data-ignore",
    "data_ignore__self": "data-ignore__self",
    "data_ignore_morph": "data-ignore-morph",
    "data_preserve_attr": "data-preserve-attr",
    "data_json_signals__terse": "data-json-signals__terse",
    "data_testid": "data-testid",
    "data-on:click": "data-on:click",
    "hx_post": "hx-post",
    "cls": "class",
    "fr": "for",
    "aria_label": "aria-label",
}


@pytest.mark.parametrize(("python", "spelled"), TABLE.items())
def test_attribute(python: str, spelled: str) -> None:
    assert datastar_attribute(python) == spelled


def attributes(component: Any) -> str:
    return html.unescape(to_xml(component, indent=False))


def test_dict_of_signals_is_json() -> None:
    text = attributes(Div(data_signals={"a": 1, "b": [True, None], "c": {"d": "x"}}))

    assert json.loads(text.partition("data-signals=")[2][1:-8]) == {
        "a": 1,
        "b": [True, None],
        "c": {"d": "x"},
    }


def test_dict_of_style_stays_css() -> None:
    assert attributes(Div(style={"color": "red"})) == '<div style="color:red"></div>'


def test_values_that_json_lacks_are_written_as_text() -> None:
    from datetime import date
    from decimal import Decimal

    text = attributes(Div(data_signals={"p": Decimal("0.10"), "d": date(2026, 1, 2), "i": 2**70}))

    assert json.loads(text.partition("data-signals=")[2][1:-8]) == {
        "p": "0.10",
        "d": "2026-01-02",
        "i": 2**70,
    }


def test_signal_as_a_value_is_its_expression_or_its_path() -> None:
    assert 'data-text="$Todo.title"' in attributes(Div(data_text=Todo.title_signal))
    assert 'data-bind="Todo.title"' in attributes(Div(data_bind=Todo.title_signal))
    assert 'data-show="$Todo.done"' in attributes(Div(data_show=Todo.Sdone))


def test_signal_in_a_dict_of_expressions_is_its_expression() -> None:
    text = attributes(Div(data_class={"font-bold": Todo.done_signal}))

    assert '{"font-bold":$Todo.done}' in text


def test_list_that_is_declared_a_signal_has_a_reference() -> None:
    assert 'data-text="$Todo.notes"' in attributes(Div(data_text=Todo.notes_signal))


@pytest.mark.parametrize("tag", ["uk-select", "uk-input-tag"])
def test_element_that_builds_itself_in_the_browser_is_left_alone_by_patches(tag: str) -> None:
    assert to_xml(ft_hx(tag, name="a"), indent=False).startswith(f"<{tag} ")
    assert " data-ignore-morph" in to_xml(ft_hx(tag, name="a"), indent=False)


def test_other_elements_are_patched() -> None:
    assert "data-ignore-morph" not in to_xml(ft_hx("uk-icon", icon="rocket"), indent=False)
