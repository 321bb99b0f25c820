"""Codecs of field values: JSON text in records, and sort texts in indexes."""

from __future__ import annotations

import base64
import datetime
import decimal
import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
from pydantic import AwareDatetime, NaiveDatetime
from pydantic.fields import FieldInfo

from starmodel.adapters.persistence.encoders import (
    datetime_text,
    encode_int,
    encode_text,
    of_type,
    text_encoder,
    wrong_type,
)
from starmodel.adapters.persistence.json_values import json_functions
from starmodel.adapters.persistence.redis import sort_texts
from starmodel.core.fields.field_types import RULED, plain_types
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.values.tagged_json import MICROSECOND, time_text


@dataclass(frozen=True, slots=True)
class Codec:
    """Encodes and decodes the values of one field; never called with None.

    Shapes: encode returns JSON text; decode takes the parsed JSON, and is None where that is
    the value. sort_text is None for a type that no index can have; operand_types are the types
    of filter values that it takes. is_exact means that a range of the index decides a
    comparison as Python does; is_ordered, that the order of its entries is that of the values.
    """

    encode: Callable[[Any], str]
    decode: Callable[[Any], Any] | None
    sort_text: Callable[[Any], str] | None = None
    operand_types: tuple[type, ...] = ()
    is_exact: bool = True
    is_ordered: bool = True
    sort_version: int = 1
    """Changes with the form of the sort texts, so that stored indexes are built again."""


def codec_of(spec: FieldSpec) -> Codec:
    """The codec of a field. Raises: ValueError, for a type that no record can hold."""
    info = spec.info
    kinds = plain_types(info.annotation)
    kind = kinds[0] if len(kinds) == 1 else None
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and not issubclass(kind, enum.Flag):
        return _enum_codec(kind)
    codec = _SCALARS.get(RULED.get(getattr(kind, "__name__", ""), kind))
    if codec is None:
        encode, decode = json_functions(info)
        return Codec(encode, decode)
    limit = _max_length(info)
    if kind is str and limit is not None:
        checked = text_encoder(limit)
        return replace(codec, encode=lambda value: _json(checked(value)))
    return codec


def _max_length(info: FieldInfo) -> int | None:
    lengths = [getattr(item, "max_length", None) for item in info.metadata]
    return min((length for length in lengths if length is not None), default=None)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _enum_codec(kind: type[enum.Enum]) -> Codec:
    encode = of_type(kind, lambda member: _json(member.name))
    return Codec(
        encode, dict(kind.__members__).__getitem__, sort_texts.of_enum, (kind,), is_ordered=False
    )


def _float_json(value: Any) -> str:
    if not isinstance(value, float | int):
        raise wrong_type(value, "float")
    value = float(value)
    return repr(value) if value - value == 0 else f'"{value!r}"'


def _exact_float(value: Any) -> str:
    """The sort text of a number. Raises: ValueError, where a float would round it."""
    made = float(value)
    if made == made and made != value:
        raise ValueError("is not a float")
    return sort_texts.of_float(made)


def _datetime(text: str) -> datetime.datetime:
    if not text.endswith("]"):
        return datetime.datetime.fromisoformat(text)
    utc, _, offset = text[:-1].partition("[")
    zone = datetime.time.fromisoformat("00:00" + offset).tzinfo
    return datetime.datetime.fromisoformat(utc).astimezone(zone)


def _as_json(kind: type, convert: Callable[[Any], Any]) -> Callable[[Any], str]:
    return of_type(kind, lambda value: _json(convert(value)))


_DATETIME = Codec(
    _as_json(datetime.datetime, datetime_text), _datetime, sort_texts.of_datetime,
    (datetime.datetime,), is_exact=False,
)  # fmt: skip
_SCALARS: dict[Any, Codec] = {
    str: Codec(lambda value: _json(encode_text(value)), None, sort_texts.of_text, (str,)),
    int: Codec(lambda value: str(encode_int(value)), None, sort_texts.of_int, (int,)),
    bool: Codec(
        of_type(bool, lambda value: "true" if value else "false"),
        None,
        sort_texts.of_bool,
        (bool,),
    ),
    float: Codec(_float_json, float, _exact_float, (float, int)),
    bytes: Codec(
        _as_json(bytes, lambda value: base64.b64encode(value).decode()),
        lambda text: base64.b64decode(text, validate=True),
        sort_texts.of_bytes,
        (bytes,),
    ),
    decimal.Decimal: Codec(
        _as_json(decimal.Decimal, str),
        decimal.Decimal,
        lambda value: sort_texts.of_decimal(decimal.Decimal(value)),
        (decimal.Decimal, int),
    ),
    uuid.UUID: Codec(_as_json(uuid.UUID, str), uuid.UUID, sort_texts.of_uuid, (uuid.UUID,)),
    datetime.datetime: _DATETIME,
    AwareDatetime: _DATETIME,
    NaiveDatetime: _DATETIME,
    datetime.date: Codec(
        _as_json(datetime.date, datetime.date.isoformat),
        datetime.date.fromisoformat,
        sort_texts.of_date,
        (datetime.date,),
    ),
    datetime.time: Codec(_as_json(datetime.time, time_text), datetime.time.fromisoformat),
    datetime.timedelta: Codec(
        _as_json(datetime.timedelta, lambda value: str(value // MICROSECOND)),
        lambda text: datetime.timedelta(microseconds=int(text)),
        sort_texts.of_timedelta,
        (datetime.timedelta,),
    ),
}
