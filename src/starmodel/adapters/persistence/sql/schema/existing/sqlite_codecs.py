"""Codecs of fields on existing SQLite columns, chosen by the declared type of the column.

SQLite converts a value by the type affinity of its column: numeric affinity turns the text "007"
into a number, and rounds a decimal with more digits than a double.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import AwareDatetime, NaiveDatetime

from starmodel.adapters.persistence.encoders import MAX_INT, encode_text, wrong_type
from starmodel.adapters.persistence.sql.dialects.codecs import Codec, is_enum

Family = Literal[
    "any", "text", "integer", "real", "blob", "boolean", "decimal", "date", "datetime", "time",
    "json", "other",
]  # fmt: skip
_TEXT_DATETIMES: frozenset[Family] = frozenset({"text", "datetime"})
_STORED_EXACTLY: Mapping[Any, frozenset[Family]] = {
    None: frozenset({"text", "json"}),
    str: frozenset({"text"}),
    enum.Enum: frozenset({"text"}),
    uuid.UUID: frozenset({"text"}),
    int: frozenset({"integer", "boolean", "decimal"}),
    bool: frozenset({"integer", "boolean", "decimal"}),
    datetime.timedelta: frozenset({"integer"}),
    float: frozenset({"real", "integer", "decimal"}),
    bytes: frozenset({"blob"}),
    decimal.Decimal: frozenset({"text", "decimal"}),
    datetime.datetime: _TEXT_DATETIMES,
    AwareDatetime: _TEXT_DATETIMES,
    NaiveDatetime: _TEXT_DATETIMES,
    datetime.date: frozenset({"text", "date"}),
    datetime.time: frozenset({"text", "time"}),
}
_NUMBERS: frozenset[Family] = frozenset({"integer", "real", "decimal", "boolean"})
_FIELD_TYPES: Mapping[Family, str] = {
    "text": "str", "integer": "int", "real": "float", "blob": "bytes", "boolean": "bool",
    "decimal": "Decimal", "date": "date", "datetime": "datetime", "time": "time",
}  # fmt: skip
_NUMERIC_TEXT = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def family_of(declared: str) -> Family:
    """Map a declared column type to its affinity, by SQLite's order of rules.

    >>> family_of("VARCHAR(20)"), family_of("DOUBLE"), family_of("NUMERIC(10, 2)"), family_of("")
    ('text', 'real', 'decimal', 'any')
    """
    word = declared.upper()
    rules: tuple[tuple[tuple[str, ...], Family], ...] = (
        (("INT",), "integer"),
        (("CHAR", "CLOB", "TEXT"), "text"),
        (("BLOB",), "blob"),
        (("REAL", "FLOA", "DOUB"), "real"),
        (("BOOL",), "boolean"),
        (("DEC", "NUMERIC"), "decimal"),
        (("DATETIME", "TIMESTAMP"), "datetime"),
        (("DATE",), "date"),
        (("TIME",), "time"),
        (("JSON",), "json"),
    )
    if word in ("", "ANY"):
        return "any"
    return next((family for parts, family in rules if any(p in word for p in parts)), "other")


def sqlite_codec(kind: Any, codec: Codec, declared: str, *, is_own: bool) -> Codec | None:
    """Return the codec of a field on a column of this type; None for the one of a derived column.

    Values of external tables stay unchanged: only values that SQLite would convert are refused.

    Shapes: is_own is True for a table that StarModel created.
    Raises: ValueError, naming the type of the column and the type to declare.
    """
    family = family_of(declared)
    keeps = _STORED_EXACTLY.get(enum.Enum if is_enum(kind) else kind)
    if keeps is None or family == "any" or (family in keeps and family != "decimal"):
        return None
    if kind is decimal.Decimal and (family == "decimal" or (not is_own and family in _NUMBERS)):
        return replace(codec, encode=_encode_decimal_as_number)
    if family in keeps:
        return None
    if kind is str and family not in _NUMBERS and not is_own:
        return replace(codec, encode=_encode_non_numeric_text, decode=_decode_as_text)
    if is_own or (kind in (None, str, uuid.UUID) and family in _NUMBERS):
        raise ValueError(refusal(declared.lower(), kind, _FIELD_TYPES.get(family)))
    return None


def refusal(word: str, kind: Any, wanted: str | None) -> str:
    """Explain why a column type can't store a kind, and which type to declare for the field."""
    name = "JSON" if kind is None else getattr(kind, "__name__", str(kind))
    remedy = f"Declare the field as {wanted}" if wanted else "Give the field the type of its column"
    return f"its column has the type {word}, which keeps no {name}. {remedy}"


def _encode_decimal_as_number(value: Any) -> int | float:
    if not isinstance(value, decimal.Decimal):
        raise wrong_type(value, "Decimal")
    if value.is_finite():
        if value == value.to_integral_value() and abs(value) <= MAX_INT:
            return int(value)
        made = float(value)
        if decimal.Decimal(repr(made)) == value:
            return made
    raise ValueError("has more digits than its column, which SQLite keeps as a number, can hold")


def _encode_non_numeric_text(value: Any) -> str:
    made = encode_text(value)
    if _NUMERIC_TEXT.fullmatch(made):
        raise ValueError("looks like a number, and its column would make one of it")
    return made


def _decode_as_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
