"""Codecs: encode field values as SQL values and decode them without loss."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import (
    AwareDatetime,
    EmailStr,
    FutureDate,
    FutureDatetime,
    NaiveDatetime,
    PastDate,
    PastDatetime,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.encoders import (
    datetime_text,
    encode_int,
    encode_text,
    of_type,
    wrong_type,
)
from starmodel.core.fields.field_types import plain_types
from starmodel.core.values.tagged_json import MICROSECOND, time_text

ALIASES: dict[Any, type] = {
    PastDatetime: datetime.datetime,
    FutureDatetime: datetime.datetime,
    PastDate: datetime.date,
    FutureDate: datetime.date,
    EmailStr: str,
}


@dataclass(frozen=True, slots=True)
class Codec:
    """Encodes, decodes and compares the values of one column; never called with None.

    Shapes: decode is None where the driver returns the value unchanged.
    compares is what SQL compares as Python does: "plain" order and equality,
    "text" also searching, "real" and "decimal" with restrictions, "datetime"
    by ranges of text, "enum" by the members, "no" nothing, so Python has to
    compare. operand_types are the types that a filter value may have for SQL
    to compare it; encode_operand encodes such a value where encode would
    refuse it. All texts of one datetime sort between its text in UTC and
    `datetime_upper_bound`.
    """

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any] | None
    compares: Literal["plain", "text", "real", "decimal", "datetime", "enum", "no"] = "no"
    operand_types: tuple[type, ...] = ()
    members: type[enum.Enum] | None = None
    is_json: bool = False
    encode_operand: Callable[[Any], Any] | None = None


def kind_of(annotation: Any) -> Any:
    """Classify a field's type: a key of `SCALARS`, an enum class, or None for JSON.

    >>> kind_of(int | None), kind_of(EmailStr), kind_of(list[int])
    (<class 'int'>, <class 'str'>, None)
    """
    kinds = plain_types(annotation)
    kind = ALIASES.get(kinds[0], kinds[0]) if len(kinds) == 1 else None
    if kind in SCALARS or is_enum(kind):
        return kind
    return None


def is_enum(kind: Any) -> bool:
    """True for an enum that is stored by member name; members of flags have no single name."""
    return (
        isinstance(kind, type) and issubclass(kind, enum.Enum) and not issubclass(kind, enum.Flag)
    )


def codec_of_type(kind: TypeEngine[Any], dialect: Dialect) -> Codec:
    """Return the codec of an SQLAlchemy type that the user declared for a field."""
    kind = kind.dialect_impl(dialect)
    bind = kind.bind_processor(dialect)
    result = kind.result_processor(dialect, None)

    def encode(value: Any) -> Any:
        try:
            return bind(value) if bind else value
        except TypeError as error:
            raise ValueError(f"does not fit {kind!r}: {error}") from error

    return Codec(encode, result)


def _encode_float(value: Any) -> float | str:
    if not isinstance(value, float | int):
        raise wrong_type(value, "float")
    value = float(value)
    # SQLite converts NaN to NULL, but stores a word unchanged in a REAL column.
    return "nan" if value != value else value


def _datetime(text: str) -> datetime.datetime:
    if not text.endswith("]"):
        return datetime.datetime.fromisoformat(text)
    utc, _, offset = text[:-1].partition("[")
    zone = datetime.time.fromisoformat("00:00" + offset).tzinfo
    return datetime.datetime.fromisoformat(utc).astimezone(zone)


def _decimal(value: Any) -> decimal.Decimal:
    """Decode decimal text; columns of numeric type in external SQLite tables hold numbers."""
    return decimal.Decimal(str(value))


def _duration(value: datetime.timedelta) -> int:
    return encode_int(value // MICROSECOND)


DATETIME_CODEC = Codec(
    of_type(datetime.datetime, datetime_text), _datetime, "datetime", (datetime.datetime,)
)
SCALARS: dict[Any, Codec] = {
    str: Codec(encode_text, None, "text", (str,)),
    int: Codec(encode_int, None, "plain", (int, bool, float)),
    bool: Codec(of_type(bool, int), {0: False, 1: True}.__getitem__, "plain", (bool, int)),
    float: Codec(_encode_float, float, "real", (float, int, bool)),
    bytes: Codec(of_type(bytes, bytes), None, "plain", (bytes,)),
    decimal.Decimal: Codec(
        of_type(decimal.Decimal, str),
        _decimal,
        "decimal",
        (decimal.Decimal, int),
        encode_operand=str,
    ),
    uuid.UUID: Codec(of_type(uuid.UUID, lambda value: value.hex), uuid.UUID, "plain", (uuid.UUID,)),
    datetime.datetime: DATETIME_CODEC,
    AwareDatetime: DATETIME_CODEC,
    NaiveDatetime: DATETIME_CODEC,
    datetime.date: Codec(
        of_type(datetime.date, datetime.date.isoformat),
        datetime.date.fromisoformat,
        "plain",
        (datetime.date,),
    ),
    datetime.time: Codec(
        of_type(datetime.time, time_text),
        datetime.time.fromisoformat,
        "plain",
        (datetime.time,),
    ),
    datetime.timedelta: Codec(
        of_type(datetime.timedelta, _duration),
        lambda value: datetime.timedelta(microseconds=value),
        "plain",
        (datetime.timedelta,),
    ),
}
