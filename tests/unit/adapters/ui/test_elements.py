"""Elements render the attributes that their keywords name."""

import pytest
from fastcore.xml import Safe, to_xml

from starmodel.adapters.ui.elements import Button, Div, Input, Label, P, render


def html(component) -> str:
    return str(to_xml(component, indent=False))


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (P("a < b"), "<p>a &lt; b</p>"),
        (P(Safe("<b>a</b>")), "<p><b>a</b></p>"),
        (P(None, "a", None), "<p>a</p>"),
        (Div(P("a"), P("b")), "<div><p>a</p><p>b</p></div>"),
        (Div(cls="a", id="b"), '<div id="b" class="a"></div>'),
        (Label("a", fr="b"), '<label for="b">a</label>'),
        (Div(aria_label='"a"'), "<div aria-label='\"a\"'></div>"),
        (Div({"data-on:click": "@post('/a')"}), "<div data-on:click=\"@post('/a')\"></div>"),
        (Button(disabled=True, hidden=False, title=None), "<button disabled></button>"),
        (Input(value=""), '<input value="">'),
        (Input(id="a"), '<input id="a">'),
    ],
)
def test_element_renders_children_and_attributes(component, expected):
    assert html(component) == expected


def test_element_ignores_the_attribute_rules_of_fasthtml_components():
    from fasthtml.components import fh_cfg

    before = fh_cfg["attrmap"]
    fh_cfg["attrmap"] = str.upper
    try:
        assert html(Div(data_key="a")) == '<div data-key="a"></div>'
    finally:
        fh_cfg["attrmap"] = before


def test_object_that_declares_its_html_is_rendered_wherever_it_stands():
    class Declared:
        def __html__(self):
            return "<i>html</i>"

    assert render(Declared()) == "<i>html</i>"
    assert render([Declared(), "<b>"]) == "<i>html</i>&lt;b&gt;"
    assert render(Div([Declared()])) == "<div><i>html</i></div>"
