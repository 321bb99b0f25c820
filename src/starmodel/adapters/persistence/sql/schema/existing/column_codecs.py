"""Codecs of fields on columns of external tables; unsupported column types are refused by name."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import AwareDatetime, NaiveDatetime, TypeAdapter
from sqlalchemy import DateTime
from sqlalchemy.types import NullType, TypeEngine

from starmodel.adapters.persistence.encoders import encode_int, encode_text, of_type
from starmodel.adapters.persistence.sql.dialects.codecs import Codec, is_enum
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.dialects.enum_codecs import enum_codec
from starmodel.adapters.persistence.sql.dialects.numbers import decimal_encoder
from starmodel.adapters.persistence.sql.schema.entity_table import StoredField
from starmodel.adapters.persistence.sql.schema.existing.found_columns import FoundColumn
from starmodel.adapters.persistence.sql.schema.existing.sqlite_codecs import refusal, sqlite_codec

Adapted = tuple[Codec, TypeEngine[Any]]
Adapter = Callable[[Any, FoundColumn, SqlDialect], Adapted]
MICROSECONDS = datetime.timedelta(microseconds=1)
_UNUSED = Codec(str, None)  # for kinds that are no scalars, which are rejected


def codec_for_column(
    kind: Any, annotation: Any, found: FoundColumn, sql_dialect: SqlDialect, *, is_own: bool = False
) -> Adapted | None:
    """Return the codec for a kind on the column; None for the codec of a derived column.

    Shapes: is_own is True for a table that StarModel created.
    Raises: ValueError, naming the type of the column and the type to declare.
    """
    word = found.type
    if not word:
        codec = sql_dialect.scalars.get(kind, _UNUSED)
        made = sqlite_codec(kind, codec, found.declared, is_own=is_own)
        if made is not None:
            return made, NullType()
        return _text_uuid(found) if kind is uuid.UUID else None
    if is_own and kind is decimal.Decimal and word in _REALS:
        raise ValueError(refusal(word, kind, "float"))
    if kind is uuid.UUID and word in _TEXTS - {"uuid"}:
        return _text_uuid(found)
    if is_enum(kind) and found.labels:
        return _enum_of_labels(kind, found)
    if is_enum(kind) and word in _INTEGERS:
        return _enum_of_numbers(kind)
    if kind is str and found.labels:
        return _text_of_labels(found), NullType()
    make = _ADAPTERS.get((kind, word))
    if make is not None:
        return make(annotation, found, sql_dialect)
    if kind is None and (word.endswith("[]") or word in _NETWORKS):
        return _driver_value(annotation), NullType()
    natural = _MATCHING_TYPES.get(enum.Enum if is_enum(kind) else kind)
    if natural is None or word in natural:
        return None
    raise ValueError(refusal(word, kind, _FIELD_TYPES.get(word)))


_TEXTS = frozenset({
    "text", "character varying", "character", "name", "citext", '"char"', "char", "varchar",
    "tinytext", "mediumtext", "longtext", "set", "inet4", "inet6", "enum", "uuid",
})  # fmt: skip
_INTEGERS = frozenset({
    "smallint", "integer", "bigint", "int", "tinyint", "mediumint", "year", "oid",
})  # fmt: skip
_REALS = frozenset({"double precision", "real", "double", "float"})
_DECIMALS = frozenset({"numeric", "decimal"})
_BINARY = frozenset({
    "bytea", "blob", "tinyblob", "mediumblob", "longblob", "binary", "varbinary",
})  # fmt: skip
_NETWORKS = frozenset({"inet", "cidr", "macaddr"})
_TIMESTAMPS = frozenset({"timestamp without time zone", "datetime", "timestamp"})
_ZONED = "timestamp with time zone"
_MATCHING_TYPES: Mapping[Any, frozenset[str]] = {
    None: _TEXTS | {"json", "jsonb"},
    str: _TEXTS - {"uuid"},
    enum.Enum: _TEXTS,
    int: _INTEGERS,
    bool: frozenset({"boolean", "tinyint", "int", "smallint", "bigint"}),
    float: _REALS,
    bytes: _BINARY,
    decimal.Decimal: _DECIMALS,
    uuid.UUID: frozenset({"uuid"}),
    datetime.datetime: _TEXTS,
    AwareDatetime: _TIMESTAMPS - {"timestamp without time zone"} | {_ZONED},
    NaiveDatetime: _TIMESTAMPS,
    datetime.date: frozenset({"date"}),
    datetime.time: frozenset({"time without time zone", "time"}),
    datetime.timedelta: _INTEGERS | {"interval"},
}
_FIELD_TYPES = {
    "integer": "int", "bigint": "int", "smallint": "int", "int": "int", "tinyint": "int",
    "boolean": "bool", "text": "str", "character varying": "str", "varchar": "str",
    "date": "date", _ZONED: "datetime", "timestamp without time zone": "datetime",
    "datetime": "datetime", "timestamp": "datetime", "bytea": "bytes", "numeric": "Decimal",
    "uuid": "UUID", "time": "time",
}  # fmt: skip


def _datetime(kind: Any) -> Adapter:
    def make(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
        zoned = kind is AwareDatetime
        column_type = sql_dialect.column_type(kind, DateTime(timezone=zoned), is_indexed=False)
        return sql_dialect.codec(kind, column_type), column_type

    return make


def _uuid_as_text(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
    def encode(value: Any) -> Any:
        try:
            return uuid.UUID(encode_text(value))
        except ValueError as error:
            raise ValueError("is no UUID, which its column needs") from error

    def encode_operand(value: str) -> Any:
        if str(uuid.UUID(value)) != value:
            raise ValueError("is not written as the column's values are read")
        return uuid.UUID(value)

    return Codec(encode, str, "plain", (str,), encode_operand=encode_operand), NullType()


def _text_uuid(found: FoundColumn) -> Adapted:
    """Encode UUIDs with dashes, unless the column's length or its sample rules that out."""
    hexadecimal = len(found.sample) == 32 if isinstance(found.sample, str) else found.length == 32
    write = _hex if hexadecimal else str
    codec = Codec(of_type(uuid.UUID, write), _read_uuid, "plain", (uuid.UUID,))
    return codec, NullType()


def _hex(value: uuid.UUID) -> str:
    return value.hex


def _read_uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _uuid_in_bytes(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
    encode = of_type(uuid.UUID, lambda value: value.bytes)
    return Codec(encode, lambda v: uuid.UUID(bytes=bytes(v)), "plain", (uuid.UUID,)), NullType()


def _plain_text(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
    return Codec(encode_text, str), NullType()


def _text_in_bytes(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
    def decode(value: Any) -> str:
        return value.decode() if isinstance(value, bytes) else str(value)

    return Codec(encode_text, decode), NullType()


def _bool_as_number(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
    def decode(value: Any) -> bool:
        number = int.from_bytes(value) if isinstance(value, bytes) else value
        return {0: False, 1: True}[number]

    asks = (bool, int)
    return Codec(of_type(bool, int), decode, "plain", asks), NullType()


def _int_as_decimal(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
    def decode(value: Any) -> Any:
        return int(value) if value == int(value) else value

    return Codec(encode_int, decode, "plain", (int, bool, float)), NullType()


def _float_as_decimal(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
    fits = decimal_encoder(found.precision, found.scale)

    def encode(value: Any) -> decimal.Decimal:
        return fits(decimal.Decimal(repr(float(value))))

    return Codec(encode, float), NullType()


def _decimal_as_float(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
    def encode(value: Any) -> float:
        made = float(value)
        if decimal.Decimal(repr(made)) != value:
            raise ValueError("has more digits than its column, a floating point number, keeps")
        return made

    return Codec(encode, lambda value: decimal.Decimal(repr(float(value)))), NullType()


def _duration(annotation: Any, found: FoundColumn, sql_dialect: SqlDialect) -> Adapted:
    def encode(value: Any) -> Any:
        if not isinstance(value, datetime.timedelta):
            raise ValueError(f"is {type(value).__name__}, expected timedelta")
        if abs(value) >= datetime.timedelta(hours=839):
            raise ValueError("is longer than the 838 hours of its column")
        return value

    return Codec(encode, None, "plain", (datetime.timedelta,)), NullType()


def _text_of_labels(found: FoundColumn) -> Codec:
    def encode(value: Any) -> str:
        if value not in found.labels:
            raise ValueError(f"is none of {', '.join(found.labels)}")
        return encode_text(value)

    return Codec(encode, None)


def _enum_of_labels(kind: type[enum.Enum], found: FoundColumn) -> Adapted:
    labels = set(found.labels)
    for texts in (kind.__members__, {str(member.value): member for member in kind}):
        if texts.keys() <= labels:
            return enum_codec(kind, dict(texts)), NullType()
    raise ValueError(
        f"its column knows {', '.join(found.labels)}, which are neither the names nor the values "
        f"of {kind.__name__}"
    )


def _enum_of_numbers(kind: type[enum.Enum]) -> Adapted:
    members = {member.value: member for member in kind}
    if not all(type(value) is int for value in members):
        raise ValueError(f"its column keeps numbers, and {kind.__name__} has other values")
    encode = of_type(kind, lambda member: member.value)
    return Codec(encode, members.__getitem__, "enum", members=kind), NullType()


def _driver_value(annotation: Any) -> Codec:
    """Pass through the driver's native values, such as lists for arrays."""
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    def encode(value: Any) -> Any:
        return list(value) if isinstance(value, set | frozenset | tuple) else value

    return Codec(encode, lambda value: adapter.validate_python(value, strict=False))


_ADAPTERS: dict[tuple[Any, str], Adapter] = {
    (datetime.datetime, _ZONED): _datetime(AwareDatetime),
    **{(datetime.datetime, word): _datetime(NaiveDatetime) for word in _TIMESTAMPS},
    (str, "uuid"): _uuid_as_text,
    **{(str, word): _text_in_bytes for word in ("blob", "longblob", "mediumblob", "tinyblob")},
    **{(str, word): _plain_text for word in (*_NETWORKS, "xml")},
    **{(bool, word): _bool_as_number for word in ("integer", "smallint", "bigint", "bit")},
    **{(int, word): _int_as_decimal for word in _DECIMALS},
    **{(float, word): _float_as_decimal for word in _DECIMALS},
    **{(decimal.Decimal, word): _decimal_as_float for word in _REALS},
    (uuid.UUID, "binary"): _uuid_in_bytes,
    (uuid.UUID, "varbinary"): _uuid_in_bytes,
    (datetime.timedelta, "time"): _duration,
}


def adapt_field(
    field: StoredField,
    kind: Any,
    annotation: Any,
    found: FoundColumn,
    sql_dialect: SqlDialect,
    *,
    is_own: bool = False,
) -> StoredField:
    """Return the stored field with the codec of its column; is_own, StarModel created the table.

    Raises: ValueError, for a column type that can't store the field's values.
    """
    made = codec_for_column(kind, annotation, found, sql_dialect, is_own=is_own)
    if made is not None:
        codec, column_type = made
        if found.type:  # "" for SQLite, where a column of any type stores any value
            field.column.type = column_type
        field = replace(field, codec=codec)
    return replace(field, generated=True) if found.generated else field
