"""Forms and rows rendered from templates have the DOM of their components, for any value."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from fastcore.xml import Safe
from hypothesis import given, settings
from hypothesis import strategies as st

from starmodel.adapters.ui.compiled import Slots, Template, compiled, uncompiled
from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.adapters.ui.franken.forms.inputs import labelled, slot_values
from starmodel.adapters.ui.franken.lists.columns import Column
from starmodel.adapters.ui.franken.lists.rows import row_component
from starmodel.app.access.policy import Actor, Audience
from starmodel.core.events.built_in import BUILT_IN
from starmodel.core.fields.widgets import WIDGETS
from starmodel.texts.catalogue import ENGLISH
from unit.adapters.ui.dom import dom
from unit.adapters.ui.test_compiled import HOSTILE, elements, texts, tokens

CHOICES = ((1, "One"), ("a'b", "A & b"), (True, "<Yes>"))
PART = FormField("address.street", "text", "Street")
KINDS = (*WIDGETS, "group")
values = (
    st.none() | texts | st.booleans() | st.integers() | st.floats()
    | st.datetimes(timezones=st.none() | st.just(UTC)) | st.dates() | st.times()
    | st.lists(texts | st.integers(), max_size=3)
    | st.dictionaries(st.sampled_from(["street", "other"]), texts, max_size=2)
)  # fmt: skip


def made(kind: str, *, required: bool = True, optional: bool = False) -> FormField:
    return FormField(
        "address" if kind == "group" else "x",
        kind, 'Titl"e', help="He<lp", placeholder="P'l", required=required, optional=optional,
        choices=CHOICES if kind in ("select", "radio", "checkboxes") else (),
        limits=(("min", 0), ("step", 1)) if kind in ("number", "range") else (),
        parts=(PART,) if kind == "group" else (),
    )  # fmt: skip


def component(field: FormField) -> Any:
    def inner(s: Slots) -> Any:
        return labelled(field, f"Thing-update-{s.token('id')}", s, "/things")

    return inner


FIELDS = [made(kind, required=r, optional=not r) for kind in KINDS for r in (True, False)]
TEMPLATES: list[tuple[FormField, Template]] = [(f, compiled(component(f))) for f in FIELDS]


@pytest.mark.parametrize("number", range(len(TEMPLATES)))
@given(value=values, problem=texts, id=tokens)
@settings(max_examples=15, deadline=None)
def test_filled_input_has_the_dom_of_its_components(
    number: int, value: Any, problem: str, id: str
) -> None:
    field, template = TEMPLATES[number]
    if field.kind in ("lines", "checkboxes") and isinstance(value, str):
        value = [value]  # as forms gather them
    if field.kind in ("radio", "select", "checkboxes") and isinstance(value, dict):
        value = None
    if field.kind == "checkboxes" and not isinstance(value, list | None):
        value = [value]
    slots = slot_values(field, value, problem) | {"id": id}

    filled = template.fill(slots)

    assert dom(filled) == dom(uncompiled(component(field), slots))
    # No value adds an element or an attribute.
    known = {name for _, _, attributes in elements(filled) for name in attributes}
    assert known <= {
        "accept", "aria-describedby", "aria-hidden", "aria-invalid", "autocomplete", "checked",
        "class", "data-local", "data-picker", "dir", "for", "id", "inputmode", "maxlength", "min",
        "name", "placeholder", "required", "role", "rows", "selected", "spellcheck", "step",
        "tabindex", "type", "value",
    }  # fmt: skip


@given(id=st.text(st.characters(exclude_categories=["Cs"]), max_size=8), title=texts, cell=texts)
@settings(max_examples=80, deadline=None)
def test_filled_row_has_the_dom_of_its_components(id: str, title: str, cell: str) -> None:
    from urllib.parse import quote

    from starmodel.adapters.ui.values import value_renderer

    show = value_renderer(str, brief=True)
    slots = {
        "id": id, "key": quote(id, safe=""), "title": title, "may": "delete",
        COLUMN.slot: show(cell), Column("count", "Count", str, str).slot: show("3"),
    }  # fmt: skip

    filled = ROW.fill(slots)

    assert dom(filled) == dom(uncompiled(row, slots))
    if cell:
        assert elements(filled) == elements(ROW.fill(slots | {COLUMN.slot: "x"}))


COLUMN = Column("name", "Name", str, str)


def row(s: Slots) -> Any:
    entity_type: Any = SimpleNamespace(name="Thing")
    actions: list[Any] = [BUILT_IN["update"], BUILT_IN["delete"]]
    columns = [
        Column("name", "Name", lambda entity: None, str),
        Column("count", "Count", lambda entity: None, str, is_number=True),
    ]
    audience = Audience(frozenset(["update", "delete"]), Actor("ann"))
    return row_component(
        entity_type,
        columns,
        "/app/things/%7Bid%7D",
        actions,
        actions,
        audience,
        "/icons.svg",
        ENGLISH,
        False,
        s,
    )


ROW = compiled(row)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_area_starts_with_one_line_break(text: str) -> None:
    field = made("textarea")

    html = compiled(component(field)).fill(slot_values(field, text, "") | {"id": "1"})

    # Browsers drop the first line break of a text area, so the template adds one.
    inside = html.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
    assert unescape(inside) == f"\n{text}"


def test_required_input_with_empty_value_can_be_resubmitted() -> None:
    field = made("text")
    template = compiled(component(field))

    new = template.fill(slot_values(field, None, "") | {"id": "1"})
    empty = template.fill(slot_values(field, "", "") | {"id": "1"})

    assert " required" in new
    assert " required" not in empty


@pytest.mark.parametrize("kind", ["file", "image", "password"])
def test_secrets_and_files_are_never_rendered_into_inputs(kind: str) -> None:
    field = made(kind)

    html = compiled(component(field)).fill(slot_values(field, "s3cr3t", "") | {"id": "1"})

    assert "s3cr3t" not in html


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("datetime", datetime(2026, 11, 24, 16, 30), "2026-11-24T16:30"),
        ("datetime", datetime(2026, 11, 24, 16, 30, 5), "2026-11-24T16:30:05"),
        ("datetime", datetime(2026, 11, 24, 16, 30, 5, 120000), "2026-11-24T16:30:05.120"),
        ("datetime", "2026-11-24T16:30:00+02:00", "2026-11-24T14:30"),
        ("datetime", datetime(2026, 11, 24, 16, 30, 0, 7, UTC), "2026-11-24T16:30:00.000"),
        ("datetime", "tomorrow", "tomorrow"),
        ("date", date(2026, 11, 24), "2026-11-24"),
        ("time", time(16, 30), "16:30"),
        ("time", time(16, 30, 5, 123456), "16:30:05.123"),
        ("lines", ["a", "b"], "a\nb"),
        ("lines", ("a",), "a"),
        ("lines", [" a"], '[\n  " a"\n]'),
        ("json", {"a": [1]}, '{\n  "a": [\n    1\n  ]\n}'),
        ("json", "{typed", "{typed"),
        ("number", 2**63, "9223372036854775808"),
        ("text", None, ""),
    ],
)
def test_input_value_has_the_browsers_format(kind: str, value: Any, text: str) -> None:
    assert made(kind).text(value) == text


def test_markup_in_labels_is_escaped() -> None:
    field = FormField("x", "text", "<b>'\"&", help="<i>", placeholder='" onfocus="x')

    html = compiled(component(field)).fill(slot_values(field, "", "") | {"id": "1"})

    names = {tag for _, tag, _ in elements(html)}
    assert names == {"div", "label", "input", "p", "small"}
    assert str(Safe("&lt;b&gt;")) in html
