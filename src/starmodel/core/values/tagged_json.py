"""Lossless serialisation of lists, dicts, sets and models as JSON text.

What JSON has no form for travels as an object with one `$…` key, as in
`{"$decimal": "1.10"}`, so that it comes back even where the annotation is
`Any`. Nothing is masked, excluded or renamed here: this is storage.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import enum
import functools
import json
import math
import uuid
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, RootModel, SecretBytes, SecretStr, TypeAdapter
from pydantic_core import PydanticSerializationError, to_jsonable_python

from starmodel.core.values.bounds import MAX_DIGITS
from starmodel.core.values.models import values_of

MICROSECOND = datetime.timedelta(microseconds=1)
_PLAIN = (str, int, bool, type(None))


def time_text(value: datetime.time) -> str:
    """ISO text of a time of day. Raises: ValueError, for a zone whose offset depends on the day."""
    if value.tzinfo is not None and value.utcoffset() is None:
        raise ValueError(f"has the zone {value.tzinfo}, which only a datetime can keep")
    return value.isoformat("microseconds")


_PACK: dict[type, tuple[str, Callable[[Any], Any]]] = {
    decimal.Decimal: ("$decimal", str),
    uuid.UUID: ("$uuid", str),
    datetime.datetime: ("$datetime", datetime.datetime.isoformat),
    datetime.date: ("$date", datetime.date.isoformat),
    datetime.time: ("$time", time_text),
    datetime.timedelta: ("$timedelta", lambda value: value // MICROSECOND),
    bytes: ("$bytes", lambda value: base64.b64encode(value).decode()),
    set: ("$set", lambda value: [_packed(item) for item in value]),
    frozenset: ("$frozenset", lambda value: [_packed(item) for item in value]),
}
_UNPACK: dict[str, Callable[[Any], Any]] = {
    "$float": float,
    "$decimal": decimal.Decimal,
    "$uuid": uuid.UUID,
    "$datetime": datetime.datetime.fromisoformat,
    "$date": datetime.date.fromisoformat,
    "$time": datetime.time.fromisoformat,
    "$timedelta": lambda value: datetime.timedelta(microseconds=value),
    "$bytes": base64.b64decode,
    "$tuple": tuple,
    "$set": set,
    "$frozenset": frozenset,
    "$dict": dict,
}


def to_text(value: Any, *, surrogates: bool = False) -> str:
    """Serialise a value as JSON text. Raises: ValueError, for an unsupported value.

    Shapes: surrogates allows half a surrogate pair, which UTF-8 has no form for.
    """
    try:
        text = json.dumps(_packed(value), ensure_ascii=False, separators=(",", ":"))
        if not surrogates:
            text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds half a surrogate pair, which is not text") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply to be stored") from error
    except (PydanticSerializationError, TypeError) as error:
        raise ValueError(f"can't be stored as JSON: {error}") from error
    return text


def from_text(text: str) -> Any:
    """Parse the output of `to_text`; a nested model is decoded as the dict of its fields.

    An integer beyond Python's limit of digits is decoded as a Decimal.

    Raises: ValueError, for text that is not JSON.
    """
    try:
        return json.loads(text, object_hook=_unpacked)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, object_hook=_unpacked, parse_int=_integer)


def _integer(digits: str) -> int | decimal.Decimal:
    return int(digits) if len(digits) <= MAX_DIGITS else decimal.Decimal(digits)


def _packed(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, enum.Enum):
        return _packed(value.value)
    if kind in _PACK:
        name, pack = _PACK[kind]
        return {name: pack(value)}
    if isinstance(value, dict):
        return _packed_dict(value)
    if isinstance(value, list):
        return [_packed(item) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [_packed(item) for item in value]}
    if isinstance(value, PurePath):  # pydantic serialises only paths of this system
        return str(value)
    if isinstance(value, RootModel):
        return _packed(value.root)
    if isinstance(value, BaseModel):
        return _packed_dict(values_of(value))
    if isinstance(value, SecretStr | SecretBytes):
        return _packed(value.get_secret_value())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _packed(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if hasattr(kind, "__get_pydantic_core_schema__"):
        known: Any = kind
        return _serializer(known).dump_python(value, mode="json")
    return to_jsonable_python(value)


@functools.lru_cache(maxsize=256)
def _serializer(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _packed_dict(value: dict[Any, Any]) -> dict[str, Any]:
    if all(type(key) is str for key in value) and not (
        len(value) == 1 and next(iter(value)).startswith("$")
    ):
        return {key: _packed(item) for key, item in value.items()}
    return {"$dict": [[_packed(key), _packed(item)] for key, item in value.items()]}


def _unpacked(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        ((name, value),) = found.items()
        if name in _UNPACK:
            return _UNPACK[name](value)
    return found
