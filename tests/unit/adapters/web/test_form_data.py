"""Form data: inputs nested_fields by name into nested values."""

from __future__ import annotations

import json
from datetime import datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.adapters.web.http.bodies.form_fields import nested_fields


@pytest.mark.parametrize(
    ("pairs", "made"),
    [
        ([], {}),
        ([("a", "1"), ("a", "2")], {"a": "2"}),
        ([("on", "false"), ("on", "true")], {"on": "true"}),
        ([("a[]", "1")], {"a": ["1"]}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("_several.a", "")], {"a": []}),
        ([("_several.a", "[]"), ("a[]", "x")], {"a": ["x"]}),
        ([("_several.a", '["y","x"]'), ("a[]", "x"), ("a[]", "y")], {"a": ["y", "x"]}),
        ([("_several.a", '["y","x"]'), ("a[]", "x")], {"a": ["x"]}),
        ([("_several.a", "null")], {"a": None}),
        ([("_several.a", "null"), ("a[]", "x")], {"a": ["x"]}),
        ([("a.b", "1"), ("a.c", "2")], {"a": {"b": "1", "c": "2"}}),
        ([("a.b.c", "1")], {"a": {"b": {"c": "1"}}}),
        ([("_several.a.b", "[]")], {"a": {"b": []}}),
        ([("a", "1"), ("a.b", "2")], {"a": {"b": "2"}}),
        ([("a", "x\r\ny\r\n")], {"a": "x\ny\n"}),
        ([("a", "x\ry")], {"a": "x\ry"}),
        ([("a", ""), ("_exact.a", '["",null]')], {"a": None}),
        ([("a", "b"), ("_exact.a", '["",null]')], {"a": "b"}),
        ([("a", "ab"), ("_exact.a", '["ab","a\\nb"]')], {"a": "a\nb"}),
        ([("a", ""), ("_exact.a", '[""]')], {}),
        ([("_exact.a", '["",null]'), ("a", "")], {"a": None}),
        ([("a.b", ""), ("_exact.a.b", '["",null]')], {"a": {"b": None}}),
    ],

)  # fmt: skip
def test_inputs_are_nested_fields_by_name(pairs: Any, made: dict[str, Any], request: Any) -> None:
    assert nested_fields(pairs) == made


@pytest.mark.parametrize(
    ("sent", "rest", "made"),
    [
        ("2026-11-24T16:30", "2026-11-24T16:30:00+00:00", "2026-11-24T16:30:00+00:00"),
        ("2026-11-24T16:30", "2026-11-24T18:30:00+02:00", "2026-11-24T18:30:00+02:00"),
        ("2026-11-24T16:31", "2026-11-24T18:30:00+02:00", "2026-11-24T16:31Z"),
        ("2026-11-24T16:30", "2026-11-24T16:30:00.000005", "2026-11-24T16:30:00.000005"),
        ("2026-11-24T16:31", "2026-11-24T16:30:00.000005", "2026-11-24T16:31"),
        ("2026-11-24T16:30:01.123", "2026-11-24T16:30:01.123456", "2026-11-24T16:30:01.123456"),
        ("16:30", "16:30:00.000007", "16:30:00.000007"),
        ("16:31", "16:30:00+02:00", "16:31:00+02:00"),
        ("", "2026-11-24T16:30:00+00:00", ""),
        ("soon", "2026-11-24T16:30:00+00:00", "soon"),
        ("2026-11-24T16:30", "", "2026-11-24T16:30"),
        ("2026-11-24T16:30", "Z", "2026-11-24T16:30"),
        ("2026-11-24T16:30", "T", "2026-11-24T16:30"),
        ("0001-01-01T00:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_datetime_keeps_precision_that_its_input_drops(sent: str, rest: str, made: str) -> None:
    assert nested_fields([("m", sent), ("_rest.m", rest)]) == {"m": made}


parts = st.sampled_from(
    ["_rest.", "_several.", "_exact.", "a", "b", ".", "..", "[]", "_", "", "__proto__"]
)
names = st.lists(parts, max_size=6).map("".join)
told = st.sampled_from(
    [
        "",
        "null",
        "[]",
        "{}",
        '["a"]',
        '["",null]',
        '["a",[[]]]',
        "[",
        "[1]",
        "NaN",
        "[" * 300,
        "T",
        "Z",
    ]
) | st.text(max_size=4)


@given(pairs=st.lists(st.tuples(names, told), max_size=8))
@settings(max_examples=300, deadline=None)
def test_hostile_form_data_raises_nothing_and_nests_within_bounds(pairs: Any) -> None:
    made = nested_fields(pairs)

    assert isinstance(made, dict)
    assert depth(made) <= 12


def test_deeply_dotted_name_stays_one_name() -> None:
    name = ".".join("a" * 50)

    assert nested_fields([(name, "x")]) == {name: "x"}


def depth(value: Any) -> int:
    if not isinstance(value, dict):
        return 0
    return 1 + max(map(depth, value.values()), default=0)


@given(value=st.datetimes() | st.times())
@settings(max_examples=100, deadline=None)
def test_every_datetime_round_trips(value: datetime | time) -> None:
    field = FormField("m", "datetime" if isinstance(value, datetime) else "time", "M")

    made = nested_fields([("m", field.text(value)), ("_rest.m", field.rest(value))])

    assert type(value).fromisoformat(made["m"]) == value


@given(value=st.text(st.characters(exclude_categories=["Cs"])) | st.none())
@settings(max_examples=100, deadline=None)
def test_every_text_round_trips(value: str | None) -> None:
    for kind in ("text", "textarea", "email", "color", "hidden"):
        field = FormField("a", kind, "A", optional=True)
        exact = field.exact(value)
        sent = json.loads(exact)[0] if exact else field.text(value)
        pairs = [("a", sent.replace("\n", "\r\n"))] + ([("_exact.a", exact)] if exact else [])
        assert nested_fields(pairs) == {"a": value}
