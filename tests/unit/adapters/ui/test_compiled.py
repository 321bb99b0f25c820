"""Compiled templates: slots in safe positions only, with the same DOM as their components."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastcore.xml import Safe
from fasthtml.components import (
    A,
    Button,
    Div,
    Input,
    Option,
    P,
    Script,
    Select,
    Style,
    Td,
    Textarea,
    Tr,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from starmodel.adapters.ui.compiled import Slots, Template, compiled, uncompiled
from starmodel.core.errors import ConfigurationError
from unit.adapters.ui.dom import dom

HOSTILE = (
    "", " ", "\n", "\r\n", '"', "'", "\"'", "<", ">", "&", "&amp;", "&#39;", "</script>", "<!--",
    "-->", "]]>", "</textarea>", "</title>", "@post('/x')", "${1}", "$signal", "{id}", "{{}}",
    "javascript:alert(1)", "\0", "\x0b", "\x1f", "\x7f", "\ufeff", "\u2028", "\u202e", "\ufffe",
    "\ue000", "\ue001", "\ue000text:name\ue001", "\ue000html:markup\ue001", "\U0010ffff", "é",
    "🖕JS_DS🚀",
)  # fmt: skip
# Every text that UTF-8 can encode.
texts = st.lists(
    st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    max_size=5,
).map("".join)
tokens = st.text("abcXYZ019_.~%-", max_size=8)

WRONG: list[Callable[[Slots], Any]] = [
    lambda s: Script(s.text("x")),
    lambda s: Script(s.html("x")),
    lambda s: Style(s.text("x")),
    lambda s: Button({"data-on:click": f"@post('{s.text('x')}')"}),
    lambda s: Button(onclick=s.text("x")),
    lambda s: Div(data_text=s.text("x")),
    lambda s: Div({"data-signals": s.text("x")}),
    lambda s: Div({"data-something": s.text("x")}),
    lambda s: Div(style=f"color: {s.text('x')}"),
    lambda s: Div(srcdoc=s.text("x")),
    lambda s: A(href=s.text("x")),
    lambda s: A(href=f"/{s.text('x')}"),
    lambda s: A(href=f"//{s.text('x')}"),
    lambda s: A(href=f"javascript:{s.text('x')}"),
    lambda s: A(href=f"https:{s.text('x')}"),
    lambda s: Input(src=s.text("x")),
    lambda s: Button(formaction=s.text("x")),
    lambda s: Div(action=s.html("x")),
    lambda s: Div(title=s.html("x")),
    lambda s: Safe(f"<{s.text('x')}>"),
    lambda s: Safe(f"<div {s.text('x')}=1></div>"),
    lambda s: Safe(f"<div {s.token('x')}></div>"),
    lambda s: Safe(f"</{s.text('x')}>"),
    lambda s: Safe(f"<div title={s.text('x')}></div>"),
    lambda s: Safe(f"<div title=a{s.text('x')} id='b'></div>"),
    lambda s: Safe(f"<!-- {s.text('x')} -->"),
    lambda s: P(s.flag("x")),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_slot_in_executable_position_is_rejected(number: int) -> None:
    with pytest.raises(ConfigurationError, match="can't stand in"):
        compiled(WRONG[number])


@pytest.mark.parametrize(
    "component",
    [
        lambda s: P(s.text("name")[:5]),
        lambda s: P(s.text("name").upper()),
        lambda s: P(s.text("name").strip("\ue001")),
        lambda s: P(s.text("name").replace(":", "-")),
        lambda s: P(s.text("name")[1:]),
    ],
    ids=["sliced", "upper", "stripped", "replaced", "beheaded"],
)
def test_split_slot_is_rejected(component: Callable[[Slots], Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"only place them|can't stand"):
        compiled(component)


def test_flag_slot_renders_or_omits_its_attribute() -> None:
    box = compiled(lambda s: Input(type="checkbox", checked=s.flag("on"), name="a"))

    assert box.fill({"on": True}) == '<input type="checkbox" checked name="a">'
    assert box.fill({"on": False}) == '<input type="checkbox" name="a">'


def test_fill_with_missing_value_names_the_slot() -> None:
    with pytest.raises(KeyError, match="name"):
        compiled(lambda s: P(s.text("name"))).fill({})


@pytest.mark.parametrize("value", ["a b", "'", '"', "<", "a/b", "?", "é", "\n", "a\n", "\0", "("])
def test_token_that_is_not_percent_encoded_is_rejected(value: str) -> None:
    row = compiled(lambda s: Button({"data-on:click": f"@post('/x/{s.token('key')}')"}))

    with pytest.raises(ValueError, match="percent-encoded"):
        row.fill({"key": value})


@pytest.mark.parametrize("value", ["", "a", "a%20b", "A-Z_0.~"])
def test_token_slot_is_allowed_in_expressions(value: str) -> None:
    row = compiled(lambda s: Button({"data-on:click": f"@post('/x/{s.token('key')}')"}))

    assert row.fill({"key": value}) == f"<button data-on:click=\"@post('/x/{value}')\"></button>"


def mixed(s: Slots) -> Any:
    """Every kind of slot in every position that allows it."""
    return Tr(
        Td(s.text("name"), title=s.text("name"), data_key=s.token("key")),
        Td(A("to ", s.text("other"), href=f"/things/{s.token('key')}?q={s.text('other')}")),
        Td(Safe(s.html("markup"))),
        Td(Textarea("\n", s.text("name"), rows=2), Input(value=s.text("other"))),
        Td(Button({"data-on:click": f"@post('/things/{s.token('key')}')"}, type="button")),
        Td(Select(Option(s.text("name"), value=s.text("other"), selected=s.flag("on")))),
        cls=f"row {s.text('other')}", id=f"row-{s.token('key')}",
    )  # fmt: skip


MIXED = compiled(mixed)


@given(name=texts, other=texts, key=tokens, on=st.booleans())
@settings(max_examples=150, deadline=None)
def test_filled_template_has_the_dom_of_its_components(
    name: str, other: str, key: str, on: bool
) -> None:
    values = {"name": name, "other": other, "key": key, "on": on, "markup": "<b>x</b> &amp;"}

    filled = MIXED.fill(values)

    assert dom(filled) == dom(uncompiled(mixed, values))
    plain = MIXED.fill({"name": "x", "other": "x", "key": "x", "on": on, "markup": "<b>x</b>"})
    assert elements(filled) == elements(plain)


def elements(html: str) -> list[Any]:
    """Tags and the names of their attributes."""
    return [
        (what, tag, [name for name, _ in (rest[0] if rest else [])])
        for what, tag, *rest in dom(html)
        if what != "text"
    ]


@given(text=texts)
@settings(max_examples=100, deadline=None)
def test_text_slot_renders_text_verbatim(text: str) -> None:
    template = compiled(lambda s: P(s.text("x"), title=s.text("x")))

    nodes = dom(template.fill({"x": text}))

    # The parsed text equals the value of the slot, for any value.
    unread = text.replace("\r\n", "\n").replace("\r", "\n")
    assert nodes[0] == ("open", "p", [("title", text)]) or "\r" in text
    shown = "".join(node[1] for node in nodes if node[0] == "text")
    assert shown.replace("\r\n", "\n").replace("\r", "\n") == unread


def test_slot_markers_in_values_are_not_filled() -> None:
    template = compiled(lambda s: P(s.text("a"), s.text("b")))

    assert template.fill({"a": "\ue000text:b\ue001", "b": "B"}) == "<p>\ue000text:b\ue001B</p>"


def test_template_of_plain_markup_has_no_slots() -> None:
    assert Template(P("as it is")).fill({}) == "<p>as it is</p>"
