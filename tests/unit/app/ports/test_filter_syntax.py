"""Filter values and field names parse back to what was encoded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.app.ports.filter_syntax import join_values, split_filter, split_values


@given(st.lists(st.text(alphabet=st.sampled_from('a",\\ \n'), max_size=6), min_size=1, max_size=5))
def test_joined_values_split_into_the_same_values(values):
    assert split_values(join_values(values)) == values


@given(st.text(alphabet=st.sampled_from('a",\\'), max_size=30))
def test_any_text_splits_or_is_rejected(text):
    try:
        values = split_values(text)
    except ValueError:
        return
    assert split_values(join_values(values)) == values


@pytest.mark.parametrize("text", ['"a', '"a"b', 'a,"', '"a\\"'])
def test_unclosed_quote_is_rejected(text):
    with pytest.raises(ValueError, match="quote"):
        split_values(text)


def test_values_split_in_linear_time():
    assert len(split_values('"' + "\\a" * 200_000 + '"' + ",b" * 200_000)) == 200_001


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("from_", ("from_", "eq")),
        ("from___contains", ("from_", "contains")),
        ("unit__price", ("unit__price", "eq")),
        ("unit__price__gt", ("unit__price", "gt")),
        ("price__gt", ("price__gt", "eq")),
        ("price__gt__gt", ("price__gt", "gt")),
        ("nothing", ("nothing", "eq")),
        ("__gt", ("", "gt")),
    ],
)
def test_filter_splits_behind_the_name_of_a_field(word, expected):
    fields = {"from_", "unit__price", "price", "price__gt"}

    assert split_filter(word, fields) == expected
