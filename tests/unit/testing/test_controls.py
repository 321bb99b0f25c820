"""Values of form controls and payloads of forms."""

from __future__ import annotations

import enum
from datetime import date, datetime

import pytest

from starmodel.testing.browser.asgi import form_body
from starmodel.testing.browser.document.controls import Controls
from starmodel.testing.browser.document.dom import parse, select
from starmodel.testing.browser.document.forms import display_name, form_data, named

FORM = """
<form id="f"><label for="n">Your name</label><input id="n" name="name" value="Ann">
<input type="hidden" name="_originals" value="{}"><input name="off" disabled value="x">
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


def test_form_data_with_every_control_type_equals_a_browsers_payload(soup):
    form, button = control(soup, "form"), control(soup, "button")
    assert form_data(form, Controls(), button) == [
        ("name", "Ann"), ("_originals", "{}"), ("agree", "on"), ("tags[]", "a"), ("size", "S"),
        ("one", "1"), ("many", "x"), ("many", "y"), ("text", "first"), ("file", ("", b"")),
        ("outside", "o"), ("go", "now"),
    ]  # fmt: skip


class Size(enum.Enum):
    M = "M"


@pytest.mark.parametrize(
    ("selector", "value", "stored"),
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
def test_control_set_to_a_python_value_stores_its_typed_text(soup, selector, value, stored):
    controls, tag = Controls(), control(soup, selector)
    controls.set(tag, value)
    assert controls.value(tag) == stored


@pytest.mark.parametrize(
    ("selector", "value", "message"),
    [
        ("[name=one]", "three", "'three' is none of its choices: '1', 'two'"),
        ("[name=file]", "a.txt", r"a file is given as \(name, bytes\)"),
    ],
)
def test_control_set_to_an_invalid_value_raises_with_the_valid_ones(soup, selector, value, message):
    with pytest.raises(ValueError, match=message):
        Controls().set(control(soup, selector), value)


def test_typed_value_survives_a_patch_with_the_same_initial_value(soup):
    controls, old = Controls(), control(soup, "form")
    controls.set(control(soup, "[name=name]"), "Bob")
    controls.set(control(soup, "[name=text]"), "second")
    typed = controls.typed_values([old])
    new = control(parse(FORM.replace("first", "newer")), "form")
    controls.restore(typed, new)
    assert controls.value(select(new, "[name=name]")[0]) == "Bob"
    assert controls.value(select(new, "[name=text]")[0]) == "newer"


def test_named_matches_by_name_id_bound_signal_and_label():
    soup = parse(
        FORM + '<input data-bind="Counter.amount"><input aria-label="Search" data-bind:word>'
    )
    found = {
        name: [display_name(soup, tag) for tag in named(soup, soup, name)]
        for name in ("name", "n", "Your name", "tags", "amount", "Counter.amount", "Search", "x")
    }
    assert found == {
        "name": ["name"], "n": ["name"], "Your name": ["name"], "tags": ["tags[]", "tags[]"],
        "amount": ["Counter.amount"], "Counter.amount": ["Counter.amount"], "Search": ["Search"],
        "x": [],
    }  # fmt: skip


def test_form_body_as_multipart_encodes_files():
    body, kind = form_body([("a", "1"), ("f", ('q".txt', b"\x00x"))], multipart=True)
    assert kind.startswith("multipart/form-data; boundary=")
    assert b'name="f"; filename="q%22.txt"\r\nContent-Type: application/octet-stream' in body
    assert b"\r\n\r\n\x00x\r\n" in body
