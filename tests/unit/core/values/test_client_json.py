"""JSON that clients receive."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import uuid
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import field_serializer
from pydantic.dataclasses import dataclass

from starmodel.core.values.json_data import (
    json_bytes,
    json_data,
    json_text,
    script_element_json,
)

UTC = datetime.UTC
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(max_size=8)
    | st.uuids()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.timedeltas()
)
KEYS = st.text() | st.integers() | st.booleans() | st.none() | st.uuids() | st.dates()
VALUES = st.recursive(
    SCALARS,
    lambda items: st.lists(items) | st.dictionaries(KEYS, items, max_size=3) | st.tuples(items),
    max_leaves=8,
)


class Color(enum.Enum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Price:
    amount: float

    @field_serializer("amount")
    def written(self, amount: float) -> str:
        return f"{amount:.2f} EUR"


@given(VALUES)
def test_encoded_value_parses_to_its_json_data(value: Any) -> None:
    assert json.loads(json_bytes(value)) == json.loads(json.dumps(json_data(value)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, True, "é\n"]}, '{"a":[1,null,true,"é\\n"]}'),
        ([float("nan"), float("inf"), -float("inf")], "[null,null,null]"),
        ([float("nan"), 2**70], f"[null,{2**70}]"),
        ("\ud800", '"\ufffd"'),
        (decimal.Decimal("1.10"), '"1.10"'),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05Z"'),
        ({None: 1}, '{"None":1}'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        ([Color.RED, Point(1, 2)], '["red",[1,2]]'),
        (Price(2.0), '{"amount":"2.00 EUR"}'),
        (b"\xff", '"data:;base64,/w=="'),
    ],
    ids=str,
)
def test_value_is_encoded_as(value: Any, text: str) -> None:
    assert json_text(value) == text


def test_json_of_a_script_element_cannot_end_it() -> None:
    text = script_element_json({"</script>": "<!--"})
    assert "<" not in text
    assert json.loads(text) == {"</script>": "<!--"}
