"""Codecs: encode field values as SQL values and decode them without loss."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import enum
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    EmailStr,
    FutureDate,
    FutureDatetime,
    NaiveDatetime,
    PastDate,
    PastDatetime,
    TypeAdapter,
    ValidationError,
)
from pydantic.errors import PydanticSchemaGenerationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError
from sqlalchemy import Enum
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from starmodel.app.ports.ordering import offset_text
from starmodel.core.fields.field import FieldOptions
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.privacy import is_secret
from starmodel.core.values.tagged_json import MICROSECOND, from_text, time_text, to_text

MAX_INT = 2**63 - 1
NAIVE_DATETIME_CHARS = 26  # length of the text of a naive datetime
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


def wrong_type(value: Any, expected: str) -> ValueError:
    return ValueError(f"is {type(value).__name__}, expected {expected}")


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_type(value, "str")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("holds half a surrogate pair, which is not text") from error
    return str(value)


def encode_int(value: Any) -> int:
    if not isinstance(value, int):
        raise wrong_type(value, "int")
    if not -MAX_INT - 1 <= value <= MAX_INT:
        raise ValueError(
            f"is beyond 64 bits; the SQL store stores whole numbers from {-MAX_INT - 1} "
            f"to {MAX_INT}. Declare the field as Decimal or str for larger ones"
        )
    return int(value)


def _real(value: Any) -> float | str:
    if not isinstance(value, float | int):
        raise wrong_type(value, "float")
    value = float(value)
    # SQLite converts NaN to NULL, but stores a word unchanged in a REAL column.
    return "nan" if value != value else value


def of_type(kind: type, convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def encode(value: Any) -> Any:
        if not isinstance(value, kind):
            raise wrong_type(value, kind.__name__)
        return convert(value)

    return encode


def datetime_text(value: datetime.datetime) -> str:
    """Encode a datetime as sortable ISO text: aware values in UTC, followed by their offset.

    >>> datetime_text(datetime.datetime.fromisoformat("2024-06-01T12:00+02:00"))
    '2024-06-01 10:00:00.000000+00:00[+02:00]'
    """
    offset = value.utcoffset()
    if offset is None:
        return value.isoformat(" ", "microseconds")
    try:
        text = value.astimezone(datetime.UTC).isoformat(" ", "microseconds")
    except OverflowError as error:
        raise ValueError("is not between the years 1 and 9999 in UTC") from error
    return text + offset_text(value)


def datetime_upper_bound(text: str) -> str:
    """Return the upper bound of all texts of the datetime with this UTC text."""
    return text + ("\\" if text.endswith("+00:00") else "\1")


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


def text_encoder(limit: int | None) -> Callable[[Any], str]:
    """Return an encoder for texts of at most `limit` characters."""
    if limit is None:
        return text

    def encode(value: Any) -> str:
        made = text(value)
        if len(made) > limit:
            raise ValueError(f"is longer than {limit} characters")
        return made

    return encode


def encode_aware(value: Any) -> datetime.datetime:
    """Validate that a datetime has a time zone, for columns of aware datetimes."""
    if not isinstance(value, datetime.datetime):
        raise wrong_type(value, "datetime")
    if value.utcoffset() is None:
        raise ValueError("has no time zone, which its column needs")
    try:
        return value.astimezone(datetime.UTC)
    except OverflowError as error:
        raise ValueError("is not between the years 1 and 9999 in UTC") from error


def encode_naive(value: Any) -> datetime.datetime:
    """Validate that a datetime has no time zone, for columns of naive ones."""
    if not isinstance(value, datetime.datetime):
        raise wrong_type(value, "datetime")
    if value.utcoffset() is not None:
        raise ValueError("has a time zone, which its column can't keep")
    return value


def encode_naive_time(value: Any) -> datetime.time:
    """Validate that a time of day has no time zone, for columns of naive ones."""
    if not isinstance(value, datetime.time):
        raise wrong_type(value, "time")
    if value.tzinfo is not None:
        raise ValueError("has a time zone, which its column can't keep")
    return value


DATETIME_CODEC = Codec(
    of_type(datetime.datetime, datetime_text), _datetime, "datetime", (datetime.datetime,)
)
SCALARS: dict[Any, Codec] = {
    str: Codec(text, None, "text", (str,)),
    int: Codec(encode_int, None, "plain", (int, bool, float)),
    bool: Codec(of_type(bool, int), {0: False, 1: True}.__getitem__, "plain", (bool, int)),
    float: Codec(_real, float, "real", (float, int, bool)),
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


def stored_values(kind: type[enum.Enum], declared: Enum) -> dict[str, enum.Enum]:
    """Return the members by the texts that a declared SQLAlchemy type stores for them.

    Raises: ValueError, for a type of other members.
    """
    if declared.enum_class is None:
        names = list(declared.enums)
        for texts in (kind.__members__, {str(m.value): m for m in kind}):
            if texts.keys() <= set(names):
                return dict(texts)
        raise ValueError(f"Enum{tuple(names)!r} has neither names nor values of {kind.__name__}")
    members = list(kind)
    if declared.enum_class is not kind or len(declared.enums) != len(members):
        raise ValueError(
            f"its Enum is of {declared.enum_class.__name__} with {len(declared.enums)} values; "
            f"expected one for each of the {len(members)} members of {kind.__name__}. Check "
            "values_callable"
        )
    return dict(zip(map(str, declared.enums), members, strict=True))


def enum_codec(kind: type[enum.Enum], stored: Mapping[str, enum.Enum] | None = None) -> Codec:
    """Encode members by name, as SQLModel does, or by the texts of a declared type."""
    members = dict(kind.__members__) if stored is None else dict(stored)
    texts = {member: text for text, member in reversed(members.items())}
    if stored is None:
        texts = {member: member.name for member in kind}
    encode = of_type(kind, texts.__getitem__)
    return Codec(encode, members.__getitem__, "enum", members=kind)


def json_codec(info: FieldInfo) -> Codec:
    """Encode as JSON, validate when decoding; a value that is no longer valid is returned as is."""
    rules = [item for item in info.metadata if not isinstance(item, FieldOptions)]
    annotation: Any = info.annotation
    adapters: list[TypeAdapter[Any]] = []
    if rules:
        adapters.append(TypeAdapter(Annotated[annotation, *rules]))
    try:
        adapters.append(TypeAdapter(annotation))
    except PydanticSchemaGenerationError:
        if not rules:  # without them the type has no schema
            raise
    _check_storable(adapters[0].core_schema)

    def encode(value: Any) -> str:
        try:
            return to_text(value)
        except ValueError:
            if is_secret(annotation):
                raise  # the type's serializer would mask the secret
        try:
            return to_text(adapters[0].dump_python(value, mode="json"))
        except PydanticSerializationError as error:
            raise ValueError(f"can't be stored as JSON: {error}") from error

    def decode(text: Any) -> Any:
        value = from_text(text)
        for adapter in adapters:
            # Not strict: a set inside a list of models was serialised as a list.
            with contextlib.suppress(ValidationError):
                return adapter.validate_python(value, strict=False, by_name=True, by_alias=False)
        return value

    return Codec(encode, decode, is_json=True)


def _check_storable(schema: Any) -> None:
    """Reject types that can't be serialised as JSON. Raises: ValueError."""
    if isinstance(schema, list | tuple):
        for part in schema:
            _check_storable(part)
    elif isinstance(schema, dict) and "serialization" not in schema:
        if schema.get("type") in _NEVER_STORED:
            raise ValueError(f"values of the kind {schema['type']!r} can't be stored as JSON")
        for name, part in schema.items():
            if name in _SCHEMA_PARTS:
                _check_storable(
                    list(part.values()) if name == "fields" and isinstance(part, dict) else part
                )


_NEVER_STORED = frozenset({"callable", "generator", "is-subclass"})
_SCHEMA_PARTS = frozenset({
    "schema", "fields", "items_schema", "keys_schema", "values_schema", "choices", "definitions",
    "python_schema", "lax_schema",
})  # fmt: skip
