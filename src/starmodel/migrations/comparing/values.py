"""Reads the value of a flag or an answer by the type of its field."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    Field,
    NaiveDatetime,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)

from starmodel.migrations.comparing.changes.words import listed, members_of, type_words
from starmodel.migrations.schema.definitions import FieldDefinition
from starmodel.migrations.steps.fills import new_uuid, now

MAX_CHARS = 100_000
FUNCTIONS: dict[str, tuple[Any, frozenset[str]]] = {
    "uuid()": (new_uuid, frozenset({"uuid"})),
    "now()": (now, frozenset({"datetime", "aware_datetime"})),
}
"""Values that differ by row, with the kinds of fields that have them."""

_TYPES: dict[str, Any] = {
    "str": str,
    "int": int,
    "bool": bool,
    "float": float,
    "bytes": Annotated[bytes, PlainSerializer(lambda value: b64encode(value).decode())],
    "decimal": decimal.Decimal,
    "uuid": uuid.UUID,
    "datetime": datetime.datetime,
    "aware_datetime": AwareDatetime,
    "naive_datetime": NaiveDatetime,
    "date": datetime.date,
    "time": datetime.time,
    "timedelta": datetime.timedelta,
}
_BOUNDS = (
    "gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "max_digits",
    "decimal_places",
)  # fmt: skip
_JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
    "boolean": bool, "null": type(None),
}  # fmt: skip


class ValueMismatchError(ValueError):
    """A value does not fit its field. The message ends a sentence: "expected a whole number"."""


def parse_value(field: FieldDefinition, text: str) -> Any:
    """Return the value of a text, as JSON has it, or a function of the row for `uuid()`.

    Shapes: text is "null" for None in a nullable field; that of a JSON field is JSON; an enum's
    is the name of its member.
    Units: text has at most MAX_CHARS characters.
    Raises: ValueMismatchError.
    """
    if len(text) > MAX_CHARS:
        raise ValueMismatchError(f"expected at most {MAX_CHARS:,} characters")
    function, kinds = FUNCTIONS.get(text, (None, frozenset()))
    if field.type.kind in kinds:
        return function
    if function is not None:
        raise ValueMismatchError(
            f"expected {type_words(field)}; {text} is for fields of the type "
            f"{' or '.join(sorted(kinds))}"
        )
    if text == "null" and field.nullable:
        return None
    if field.type.kind in ("json", "custom"):
        return _json(field, text)
    members = members_of(field)
    if members:
        return _member(field, members, text)
    adapter: TypeAdapter[Any] = TypeAdapter(_bounded(field))
    try:
        value = adapter.validate_strings(text)
    except ValidationError as error:
        raise ValueMismatchError(f"expected {_expected(field, error)}") from error
    return adapter.dump_python(value, mode="json")


def expected_words(field: FieldDefinition) -> str:
    """Describe the values of a field, for a prompt."""
    extra = next((name for name, (_, kinds) in FUNCTIONS.items() if field.type.kind in kinds), "")
    return f"{type_words(field)}{f', or {extra}' if extra else ''}"


def example_of(field: FieldDefinition) -> str:
    """Return a value that stands for the developer's in a printed flag."""
    members = members_of(field)
    if members:
        return members[0]
    return next((n for n, (_, kinds) in FUNCTIONS.items() if field.type.kind in kinds), "VALUE")


def _bounded(field: FieldDefinition) -> Any:
    bounds: dict[str, Any] = {name: field.bounds[name] for name in _BOUNDS if name in field.bounds}
    kind: Any = _TYPES[field.type.kind]
    if field.type.kind == "decimal":
        for name in ("gt", "ge", "lt", "le", "multiple_of"):
            if name in bounds:
                bounds[name] = decimal.Decimal(str(bounds[name]))
    try:
        bounded = Annotated[kind, Field(**bounds)]
        TypeAdapter(bounded)
    except Exception:  # bounds that only the class's own types understand
        return kind
    return bounded


def _expected(field: FieldDefinition, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    words = first["msg"][:1].lower() + first["msg"][1:]
    return f"{type_words(field)} ({words})"


def _member(field: FieldDefinition, members: list[str], text: str) -> Any:
    if text in members:
        values = field.bounds.get("values")
        if field.type.kind != "enum" and isinstance(values, list):
            return values[members.index(text)]
        return text
    by_value = {str(value): name for name, value in field.type.values.items()}
    if text in by_value:
        return by_value[text]
    raise ValueMismatchError(f"expected one of {listed(members, 'or')}")


def parse_json(text: str) -> Any:
    """Return the data of JSON text. Raises: ValueMismatchError."""
    if len(text) > MAX_CHARS:
        raise ValueMismatchError(f"expected at most {MAX_CHARS:,} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueMismatchError(f"expected JSON ({error})") from error


def _json(field: FieldDefinition, text: str) -> Any:
    value = parse_json(text)
    shape = field.shape
    expected = shape.get("type") if isinstance(shape, Mapping) else None
    kinds = _JSON_TYPES.get(expected) if isinstance(expected, str) else None
    if kinds is not None and (not isinstance(value, kinds) or _is_bool_for_int(value, expected)):
        raise ValueMismatchError(f"expected a JSON {expected}")
    return value


def _is_bool_for_int(value: Any, expected: Any) -> bool:
    return isinstance(value, bool) and expected in ("integer", "number")
