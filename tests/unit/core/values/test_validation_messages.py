"""Validation errors as sentences for visitors."""

from __future__ import annotations

import enum
import typing
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AfterValidator, AnyUrl, Field, Json, TypeAdapter, ValidationError
from pydantic_core import core_schema

from starmodel.core.values.validation_messages import sentence
from starmodel.texts.catalogue import Message


class Size(enum.Enum):
    S = "s"


def refuse(value: Any) -> Any:
    raise ValueError("Only on Mondays, please, if at all")


def claim(value: Any) -> Any:
    raise AssertionError("Not again")


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (int, "x", "Enter a whole number."),
        (int, 1.5, "Enter a whole number."),
        (int, None, "Enter a whole number."),
        (float, "x", "Enter a number."),
        (Decimal, "x", "Enter a number."),
        (bool, "x", "Choose yes or no."),
        (date, "x", "Enter a date, such as 2026-11-24."),
        (datetime, "x", "Enter a date and time, such as 2026-11-24 16:30."),
        (time, "x", "Enter a time, such as 16:30."),
        (AnyUrl, "x", "Enter a web address, such as https://example.org."),
        (UUID, "x", "Enter a UUID."),
        (Json, "x", "Enter JSON."),
        (Literal["a", "b"], "x", "Must be one of 'a', 'b'."),
        (Size, "x", "Must be one of 's'."),
        (Annotated[str, Field(min_length=1)], "", "Please fill this in."),
        (Annotated[str, Field(min_length=3)], "", "At least 3 characters."),
        (Annotated[str, Field(max_length=3)], "four", "At most 3 characters."),
        (Annotated[list[int], Field(min_length=2)], [], "Add at least 2 entries."),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "At most 1 entry is possible."),
        (Annotated[int, Field(gt=1)], 1, "Must be greater than 1."),
        (Annotated[int, Field(ge=1)], 0, "Must be at least 1."),
        (Annotated[int, Field(lt=1)], 1, "Must be less than 1."),
        (Annotated[int, Field(le=1)], 2, "Must be at most 1."),
        (Annotated[int, Field(multiple_of=5)], 2, "Must be a multiple of 5."),
        (Annotated[float, Field(allow_inf_nan=False)], float("inf"), "Enter a finite number."),
        (Annotated[str, Field(pattern="a+")], "b", "This doesn't have the expected form."),
        (Annotated[int, AfterValidator(refuse)], 1, "Only on Mondays, please, if at all"),
        (Annotated[int, AfterValidator(claim)], 1, "Not again"),
    ],
)
def test_error_is_a_sentence_for_visitors(annotation: Any, value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_python(value)

    assert sentence(caught.value.errors()[0]) == message


@pytest.mark.parametrize("kind", typing.get_args(core_schema.ErrorType))
def test_each_error_of_pydantic_has_a_message(kind: str) -> None:
    text = sentence({"type": kind, "msg": "From pydantic, Raised", "ctx": {}})

    assert isinstance(text, Message) or kind in ("value_error", "assertion_error"), text


def test_unknown_error_keeps_its_message() -> None:
    assert sentence({"type": "brand_new", "msg": "Something else"}) == "Something else"


def test_format_placeholders_in_values_are_not_expanded() -> None:
    error = {"type": "literal_error", "msg": "", "ctx": {"expected": "{ge} or {0}"}}

    assert sentence(error) == "Must be one of {ge} or {0}."
