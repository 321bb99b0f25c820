"""Types of fields, with values of each, and the conversions between them."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter, create_model

from integration.migrations.random_edits.models import FieldSpec

_UTC = datetime.UTC
TYPES: dict[str, type] = {
    "str": str,
    "short": str,
    "int": int,
    "float": float,
    "bool": bool,
    "decimal": decimal.Decimal,
    "date": datetime.date,
    "datetime": datetime.datetime,
    "timedelta": datetime.timedelta,
    "uuid": uuid.UUID,
    "bytes": bytes,
    "dict": dict[str, int],
    "words": list[str],
}
VALUES: dict[str, list[Any]] = {
    "str": ["", "7", "ä 'quoted' %s", "12", "back\\slash", "\N{BLACK STAR} \N{GRINNING FACE}"],
    "short": ["", "7", "x" * 20, "it's 5 %"],
    "int": [0, 7, -3, 2**53 + 1],
    "float": [0.5, -2.0, 1e300],
    "bool": [True, False],
    "decimal": [decimal.Decimal("1.5"), decimal.Decimal(3), decimal.Decimal("-0.000001")],
    "date": [datetime.date(2024, 2, 29), datetime.date(1000, 1, 1)],
    "datetime": [datetime.datetime(2024, 2, 29, 1, 2, 3, 456789, _UTC)],
    "timedelta": [datetime.timedelta(hours=1), datetime.timedelta(days=-1, microseconds=1)],
    "uuid": [uuid.UUID(int=7), uuid.UUID(int=2**128 - 1)],
    "bytes": [b"", b"\x00\xff'"],
    "dict": [{"a": 1}, {}],
    "words": [[], ["a", "it's", "b\\"]],
}
JSON_KINDS = frozenset({"dict", "words", "nested", "listed", "mapped"})
INDEXABLE = frozenset({"short", "int", "bool", "date", "datetime", "uuid", "enum", "literal"})
MEMBERS = frozenset({"enum", "literal"})
PARTED = frozenset({"nested", "listed", "mapped"})

# The value after a conversion; None where every outcome but the loss of a row is right.
CONVERSIONS: dict[tuple[str, str], Callable[[Any], Any] | None] = {
    ("int", "str"): str,
    ("int", "decimal"): decimal.Decimal,
    ("bool", "int"): int,
    ("float", "str"): None,
    ("decimal", "str"): None,
    ("date", "str"): str,
    ("uuid", "str"): str,
    ("short", "str"): str,
    ("enum", "str"): str.lower,
    ("int", "float"): None,
    ("str", "short"): None,
    ("str", "int"): None,
    ("decimal", "int"): None,
    ("float", "int"): None,
    ("datetime", "date"): None,
    ("str", "enum"): None,
    ("literal", "enum"): None,
}
LOSSLESS = frozenset(pair for pair, made in CONVERSIONS.items() if made is not None) | {
    ("float", "str"),
    ("decimal", "str"),
}
"""The conversions that fit every value, so that none is refused."""


def type_of(spec: FieldSpec) -> Any:
    """The annotation of a field, without None."""
    if spec.kind == "enum":
        return enum.Enum("Member", {name: name.lower() for name in spec.members})
    if spec.kind == "literal":
        return Literal[tuple(spec.members)]
    if spec.kind in PARTED:
        part = _model(spec)
        return {"nested": part, "listed": list[part], "mapped": dict[str, part]}[spec.kind]  # type: ignore[valid-type]
    return TYPES[spec.kind]


def _model(spec: FieldSpec) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (TYPES[kind], ... if is_required else VALUES[kind][0])
        for name, kind, is_required in spec.parts
    }
    return create_model("Part", **fields)


def values_of(spec: FieldSpec) -> list[Any]:
    """Decoded values of a field; the first one is the default of its class."""
    if spec.kind in MEMBERS:
        return list(spec.members)
    if spec.kind in PARTED:
        whole = {name: VALUES[kind][-1] for name, kind, _ in spec.parts}
        other = {name: VALUES[kind][0] for name, kind, _ in spec.parts}
        if spec.kind == "nested":
            return [whole, other]
        if spec.kind == "listed":
            return [[], [whole, other]]
        return [{}, {"a": whole, "it's": other}]
    return VALUES[spec.kind]


def default_of(spec: FieldSpec, annotation: Any) -> Any:
    """The default of the class: a value of its Python type."""
    value = values_of(spec)[0]
    if spec.kind == "enum":
        return annotation[value]
    return TypeAdapter(annotation).validate_python(value)
