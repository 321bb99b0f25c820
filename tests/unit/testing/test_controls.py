"""Controls hold, and forms send, what they do in a browser."""

from __future__ import annotations

import enum
from datetime import date, datetime

import pytest

from starmodel.testing.browser.asgi import form_body
from starmodel.testing.browser.controls import Controls, form_data, known_as, named
from starmodel.testing.browser.dom import parse, select

FORM = """
<form id="f"><label for="n">Your name</label><input id="n" name="name" value="Ann">
<input type="hidden" name="_was" value="{}"><input name="off" disabled value="x">
<fieldset disabled><input name="in" value="y"></fieldset>
<input type="checkbox" name="agree" checked><input type="checkbox" name="tags[]" value="a" checked>
<input type="checkbox" name="tags[]" value="b"><input type="radio" name="size" value="S" checked>
<input type="radio" name="size" value="M"><select name="one"><option>1</option>
<option value="two">2</option></select><select name="many" multiple><option selected>x</option>
<option selected>y</option></select><textarea name="text">
first</textarea><input type="file" name="file"><button name="go" value="now">Go</button>
<input type="submit" name="other" value="Other"></form><input name="outside" form="f" value="o">
"""


@pytest.fixture
def soup():
    return parse(FORM)


def control(soup, selector):
    return select(soup, selector)[0]


def test_form_sends_what_a_browser_sends(soup):
    form, button = control(soup, "form"), control(soup, "button")
    assert form_data(form, Controls(), button) == [
        ("name", "Ann"), ("_was", "{}"), ("agree", "on"), ("tags[]", "a"), ("size", "S"),
        ("one", "1"), ("many", "x"), ("many", "y"), ("text", "first"), ("file", ("", b"")),
        ("outside", "o"), ("go", "now"),
    ]  # fmt: skip


class Size(enum.Enum):
    M = "M"


@pytest.mark.parametrize(
    ("selector", "given", "held"),
    [
        ("[name=name]", 3, "3"),
        ("[name=name]", None, ""),
        ("[name=name]", True, "true"),
        ("[name=name]", Size.M, "M"),
        ("[name=name]", date(2026, 1, 2), "2026-01-02"),
        ("[name=name]", datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),
        ("[name=text]", ["a", "b"], "a\nb"),
        ("[name=agree]", False, False),
        ("[name=one]", "2", "two"),
        ("[name=one]", "two", "two"),
        ("[name=many]", ["y"], ["y"]),
        ("[name=file]", ("a.txt", b"x"), [("a.txt", b"x")]),
    ],
)
def test_control_holds_a_python_value_as_it_would_be_typed(soup, selector, given, held):
    state, tag = Controls(), control(soup, selector)
    state.type(tag, given)
    assert state.value(tag) == held


@pytest.mark.parametrize(
    ("selector", "given", "told"),
    [
        ("[name=one]", "three", "'three' is none of its choices: '1', 'two'"),
        ("[name=file]", "a.txt", r"a file is given as \(name, bytes\)"),
    ],
)
def test_control_says_what_it_can_hold(soup, selector, given, told):
    with pytest.raises(ValueError, match=told):
        Controls().type(control(soup, selector), given)


def test_what_was_typed_survives_a_patch_that_brings_the_same(soup):
    state, old = Controls(), control(soup, "form")
    state.type(control(soup, "[name=name]"), "Bob")
    state.type(control(soup, "[name=text]"), "second")
    kept = state.copy_of([old])
    new = control(parse(FORM.replace("first", "newer")), "form")
    state.restore(kept, new)
    assert state.value(select(new, "[name=name]")[0]) == "Bob"
    assert state.value(select(new, "[name=text]")[0]) == "newer"


def test_control_is_found_by_name_id_bound_signal_and_label():
    soup = parse(
        FORM + '<input data-bind="Counter.amount"><input aria-label="Search" data-bind:word>'
    )
    found = {
        name: [known_as(soup, tag) for tag in named(soup, soup, name)]
        for name in ("name", "n", "Your name", "tags", "amount", "Counter.amount", "Search", "x")
    }
    assert found == {
        "name": ["name"], "n": ["name"], "Your name": ["name"], "tags": ["tags[]", "tags[]"],
        "amount": ["Counter.amount"], "Counter.amount": ["Counter.amount"], "Search": ["Search"],
        "x": [],
    }  # fmt: skip


def test_multipart_body_has_the_files():
    body, kind = form_body([("a", "1"), ("f", ('q".txt', b"\x00x"))], multipart=True)
    assert kind.startswith("multipart/form-data; boundary=")
    assert b'name="f"; filename="q%22.txt"\r\nContent-Type: application/octet-stream' in body
    assert b"\r\n\r\n\x00x\r\n" in body
