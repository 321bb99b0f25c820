"""Validation errors as sentences for visitors."""

from __future__ import annotations

import enum
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AfterValidator, AnyUrl, Field, Json, TypeAdapter, ValidationError

from starmodel.core.values.validation_messages import sentence


class Size(enum.Enum):
    S = "s"


def refuse(value: Any) -> Any:
    raise ValueError("Only on Mondays, please, if at all")


def claim(value: Any) -> Any:
    raise AssertionError("Not again")


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (int, "x", "A whole number, please."),
        (int, 1.5, "A whole number, please."),
        (int, None, "A whole number, please."),
        (float, "x", "A number, please."),
        (Decimal, "x", "A number, please."),
        (bool, "x", "Yes or no, please."),
        (date, "x", "A date, please, such as 2026-11-24."),
        (datetime, "x", "A date and time, please, such as 2026-11-24 16:30."),
        (time, "x", "A time, please, such as 16:30."),
        (AnyUrl, "x", "An address, please, such as https://example.org."),
        (UUID, "x", "A UUID, please."),
        (Json, "x", "JSON, please."),
        (Literal["a", "b"], "x", "One of 'a' or 'b', please."),
        (Size, "x", "One of 's', please."),
        (Annotated[str, Field(min_length=1)], "", "Please fill this in."),
        (Annotated[str, Field(min_length=3)], "", "At least 3 characters."),
        (Annotated[str, Field(max_length=3)], "four", "At most 3 characters."),
        (Annotated[list[int], Field(min_length=2)], [], "At least 2, please."),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "At most 1, please."),
        (Annotated[int, Field(gt=1)], 1, "More than 1, please."),
        (Annotated[int, Field(ge=1)], 0, "At least 1, please."),
        (Annotated[int, Field(lt=1)], 1, "Less than 1, please."),
        (Annotated[int, Field(le=1)], 2, "At most 1, please."),
        (Annotated[int, Field(multiple_of=5)], 2, "A multiple of 5, please."),
        (Annotated[float, Field(allow_inf_nan=False)], float("inf"), "A finite number, please."),
        (Annotated[str, Field(pattern="a+")], "b", "This does not have the expected form."),
        (Annotated[int, AfterValidator(refuse)], 1, "Only on Mondays, please, if at all"),
        (Annotated[int, AfterValidator(claim)], 1, "Not again"),
    ],
)
def test_error_is_a_sentence_for_visitors(annotation: Any, value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_python(value)

    assert sentence(caught.value.errors()[0]) == message


def test_unknown_error_keeps_its_message() -> None:
    assert sentence({"type": "brand_new", "msg": "Something else"}) == "Something else"


def test_format_placeholders_in_values_are_not_expanded() -> None:
    error = {"type": "literal_error", "msg": "", "ctx": {"expected": "{ge} or {0}"}}

    assert sentence(error) == "One of {ge} or {0}, please."
