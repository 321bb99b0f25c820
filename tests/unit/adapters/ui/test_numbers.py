"""Numbers in pages and inputs: separators, decimals, currency and percent."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.adapters.ui.numbers import Amount
from starmodel.adapters.ui.values import value_renderer
from starmodel.adapters.web.http.bodies.form_fields import nested_fields
from starmodel.app.commands.binding.number_texts import AmbiguousNumberError, plain_number
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.widgets import UI


@pytest.mark.parametrize(
    ("value", "ui", "html"),
    [
        (Decimal("6125.6"), UI(decimal_places=2),
         '<data value="6125.6" data-local data-places="2">6,125.60</data>'),
        (Decimal("0.125"), UI(format="percent"),
         '<data value="0.125" data-local data-percent>12.5%</data>'),
        (Decimal("0.1"), UI(format="percent", decimal_places=1),
         '<data value="0.1" data-local data-places="1" data-percent>10.0%</data>'),
        (Decimal(5), UI(currency="EUR"),
         '<data value="5" data-local data-places="2" data-currency="EUR">EUR 5.00</data>'),
        (Amount(Decimal(5), "JPY"), UI(currency_field="currency"),
         '<data value="5" data-local data-places="0" data-currency="JPY">JPY 5</data>'),
        (Amount(Decimal(5), '"><script>'), UI(currency_field="currency"),
         '<data value="5" data-local>5</data>'),
        (Decimal("-1234567.891"), UI(decimal_places=2),
         '<data value="-1234567.891" data-local data-places="2">-1,234,567.891</data>'),
        (Decimal("12345"), UI(format="plain"), "12345"),
        (Decimal("Infinity"), UI(decimal_places=2), "Infinity"),
        ("<script>", UI(decimal_places=2), "&lt;script&gt;"),
    ],
)  # fmt: skip
def test_number_has_its_value_and_an_english_text(value: Any, ui: UI, html: str) -> None:
    assert value_renderer(Decimal, ui)(value) == html


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.5", "1234.5"), ("12,5", "12.5"), ("1.234,50", "1234.50"), ("1,234.50", "1234.50"),
        ("1.234.567", "1234567"), ("1,234,567", "1234567"), ("1 234,5", "1234.5"),
        ("1\u202f234,5", "1234.5"), ("1'234.50", "1234.50"), ("€ 9,90", "9.90"),
        ("9.90 EUR", "9.90"),
        ("25 %", "0.25"), ("12,5%", "0.125"), ("-3,5", "-3.5"), ("\u22123", "-3"), ("+3", "3"),
        (".5", "0.5"), ("5,", "5"),
        ("many", "many"), ("", ""), ("1.2.3", "1.2.3"), ("1,2,3.4", "1,2,3.4"), ("1e5", "1e5"),
        ("1,23.4", "1,23.4"), ("1.234,5.6", "1.234,5.6"), ("9" * 200, "9" * 200), ("\0", "\0"),
        ("٣", "٣"), ("-", "-"), (",", ","),
    ],
)  # fmt: skip
def test_text_of_a_number_is_read_as_people_write_it(text: str, number: str) -> None:
    assert plain_number(text) == number


def test_ambiguous_number_names_both_meanings() -> None:
    with pytest.raises(AmbiguousNumberError, match=r"Write 1234 or 1\.234\."):
        plain_number("1,234")
    assert plain_number("1,234", whole=True) == plain_number("1.234", whole=True) == "1234"


decimals = st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(
    lambda number: -30 < number.adjusted() < 30
)
formats = st.sampled_from(
    [UI(), UI(format="percent"), UI(decimal_places=2), UI(currency="EUR", decimal_places=2)]
)


@given(value=decimals, ui=formats, as_json=st.booleans())
def test_unchanged_input_keeps_every_digit(value: Decimal, ui: UI, as_json: bool) -> None:
    field = FormField("x", "decimal", "X", ui=ui)
    shown: Any = str(value) if as_json else value
    pairs = [("x", field.text(shown))]
    if ui.format == "percent":
        pairs.append(("_percent.x", "1"))
    if field.exact(shown):
        pairs.append(("_exact.x", field.exact(shown)))

    sent = nested_fields(pairs)["x"]

    assert repr(Decimal(plain_number(sent) if "%" in sent else sent)) == repr(value)


@given(value=decimals, places=st.integers(0, 6))
def test_shown_text_reads_back_as_the_number(value: Decimal, places: int) -> None:
    html = value_renderer(Decimal, UI(decimal_places=places))(value)

    text = re.sub("<[^>]*>", "", html)
    assert Decimal(text.replace(",", "")) == value
    assert Decimal(html.partition('value="')[2].partition('"')[0]) == value


@given(text=st.text(max_size=30) | st.from_regex(r"[-0-9., %€]{1,20}", fullmatch=True))
def test_any_text_is_a_number_or_stays_what_it_is(text: str) -> None:
    try:
        number = plain_number(text)
    except AmbiguousNumberError:
        return
    assert number == text or Decimal(number).is_finite()


@pytest.mark.parametrize(
    "wrong", [{"format": "euro"}, {"currency": "euro"}, {"decimal_places": -1}], ids=str
)
def test_unknown_format_is_rejected(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        UI(**wrong)
