"""The root element of a live part: none, one or several elements of HTML, SVG or MathML."""

from __future__ import annotations

from typing import Any

import pytest
from fasthtml.common import Div, Html, Li, Option, P, Safe, Tr, to_xml
from fasthtml.components import ft_hx
from fasthtml.svg import Circle, Svg

from starmodel import ConfigurationError
from starmodel.adapters.frontends.datastar.root_elements import part_of


def html(made: Any) -> tuple[str, str | None, str | None]:
    part = part_of(made, "shop.banner", "1")
    return to_xml(part.component, indent=False), part.selector, part.namespace


KEY = part_of(None, "shop.banner", "1").selector[17:-2]  # type: ignore[index]
MARK = f'data-live-part="{KEY}"'
SPAN = f'<span style="display:contents" {MARK}>'


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (None, f"<template {MARK}></template>"),
        (False, f"<template {MARK}></template>"),
        ("", f"<template {MARK}></template>"),
        ([], f"<template {MARK}></template>"),
        ((None, [""]), f"<template {MARK}></template>"),
        (Div("a", id="b"), f'<div id="b" {MARK}>a</div>'),
        ((None, Div("a")), f"<div {MARK}>a</div>"),
        (Tr("a"), f"<tr {MARK}>a</tr>"),
        ((Div("a"), P("b")), f"{SPAN}<div>a</div><p>b</p></span>"),
        ((Li("a", id="a"), Li("b", id="b")), f'{SPAN}<li id="a">a</li><li id="b">b</li></span>'),
        ("a < b", f"{SPAN}a &lt; b</span>"),
        (Safe("<b>a</b>"), f"{SPAN}<b>a</b></span>"),
        (5, f"{SPAN}5</span>"),
    ],
    ids=str,
)
def test_root_of_html(made: Any, expected: str) -> None:
    text, selector, namespace = html(made)

    assert text.replace("\n", "") == expected
    assert (selector, namespace) == (f"[{MARK}]", None)


def test_root_of_svg_and_mathml() -> None:
    assert html(Svg(Circle(r=1)))[2] is None  # an HTML parser handles <svg>
    assert html(Circle(r=1))[1:] == (f"[{MARK}]", "svg")
    several, _, namespace = html([Circle(r=1), ft_hx("linearGradient")])
    assert several.startswith(f"<g {MARK}><circle")
    assert namespace == "svg"
    assert html([ft_hx("mi", "x"), ft_hx("mo", "+")])[0].startswith(f"<mrow {MARK}>")
    assert html([Circle(r=1), Div("a")])[2] is None


def test_parts_of_views_and_records_differ_and_components_are_not_changed() -> None:
    shared = Div("a", id="b")

    parts = {part_of(shared, view, id).selector for view in ("x", "y") for id in (1, 2)}

    assert len(parts) == 4
    assert to_xml(shared, indent=False).strip() == '<div id="b">a</div>'


def test_several_rows_of_a_table_are_patched_at_their_ids() -> None:
    assert part_of([Tr(id="a"), Tr(id="b")], "v", 1).selector is None


@pytest.mark.parametrize("made", [(Tr("a"), Tr("b", id="b")), [Option("a"), "b"], Html(Div("a"))])
def test_content_without_valid_wrapper_is_rejected(made: Any) -> None:
    with pytest.raises(ConfigurationError, match="@live v returned"):
        part_of(made, "v", 1)
