"""Any value as JSON data: one form in records, messages, signals, pages and API bodies."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import enum
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_origin

import orjson
from pydantic import BaseModel, PlainSerializer, RootModel, WrapSerializer
from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from starmodel.core._compat import has_model_serializer, serialized_fields
from starmodel.core.fields.field_types import plain_types

DATA_URL = "data:;base64,"
SURROGATES = re.compile("[\ud800-\udfff]")
_FAILED = (UnicodeError, PydanticSerializationError)
# Left to pydantic, so that a type has one form: `Z` for UTC, serializers of dataclasses.
_ORJSON_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def bytes_text(value: bytes) -> str:
    """Encode bytes as text: UTF-8 unchanged, anything else as a data URL in base64.

    >>> bytes_text(b"abc"), bytes_text(b"\\xff")
    ('abc', 'data:;base64,/w==')
    """
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = DATA_URL
    return DATA_URL + base64.b64encode(value).decode() if text.startswith(DATA_URL) else text


def bytes_of(text: str) -> bytes | str:
    """Decode a data URL of `bytes_text`; any other text unchanged."""
    if text.startswith(DATA_URL):
        try:
            return base64.b64decode(text.removeprefix(DATA_URL), validate=True)
        except (binascii.Error, ValueError):
            pass
    return text


def holds_bytes(annotation: Any, _seen: tuple[Any, ...] = ()) -> bool:
    """True when values of the type may have bytes in them.

    >>> holds_bytes(dict[str, list[bytes] | None]), holds_bytes(list[str])
    (True, False)
    """
    if annotation in _seen:
        return False
    seen = (*_seen, annotation)
    return any(
        (isinstance(kind, type) and issubclass(kind, bytes))
        or any(holds_bytes(part, seen) for part in get_args(kind))
        or any(holds_bytes(part, seen) for part in _fields_of(kind).values())
        for kind in plain_types(annotation)
    )


def with_bytes(annotation: Any, value: Any) -> Any:
    """JSON data with the data URLs decoded where the type has bytes, for validation.

    >>> with_bytes(dict[str, bytes], {"a": "data:;base64,/w=="})
    {'a': b'\\xff'}
    """
    if not isinstance(value, str | list | dict):
        return value
    for kind in plain_types(annotation):
        if isinstance(value, str):
            if isinstance(kind, type) and issubclass(kind, bytes):
                return bytes_of(value)
            continue
        origin, args, fields = get_origin(kind), get_args(kind), _fields_of(kind)
        if fields:
            if isinstance(value, dict):
                value = {
                    key: with_bytes(fields[key], item) if key in fields else item
                    for key, item in value.items()
                }
            elif "root" in fields and issubclass(kind, RootModel):
                value = with_bytes(fields["root"], value)
        elif isinstance(value, dict) and len(args) == 2:
            value = {key: with_bytes(args[1], item) for key, item in value.items()}
        elif isinstance(value, list) and args:
            each = args if origin is tuple and args[-1] is not ... else (args[0],) * len(value)
            value = [with_bytes(each[min(n, len(each) - 1)], item) for n, item in enumerate(value)]
    return value


def _fields_of(kind: Any) -> dict[str, Any]:
    """The fields of a model or dataclass by name and alias, with their types; none for others."""
    if not isinstance(kind, type):
        return {}
    if issubclass(kind, BaseModel):
        infos = kind.__pydantic_fields__
        found = {name: info.annotation for name, info in infos.items()}
        for info in infos.values():
            for alias in (info.alias, info.validation_alias):
                if isinstance(alias, str):
                    found[alias] = info.annotation
        return found
    parts: dict[str, Any] = getattr(kind, "__pydantic_fields__", None) or {}
    return {name: info.annotation for name, info in parts.items()}


def json_data(
    value: Any, *, fallback: Callable[[Any], Any] | None = None, by_alias: bool = True
) -> Any:
    """The value as JSON data; bytes as `bytes_text` writes them.

    Raises: PydanticSerializationError, for a value that JSON can't represent, without a fallback.
    """
    if type(value) is bytes:
        return bytes_text(value)
    try:
        return to_jsonable_python(value, fallback=fallback, by_alias=by_alias)
    except _FAILED:
        readable = _readable(value, by_alias)
        return to_jsonable_python(readable, fallback=fallback, by_alias=by_alias)


def json_bytes(value: Any) -> bytes:
    """Encode a value for clients, without line breaks. NaN and infinities become null.

    By orjson; what it can't encode, such as integers beyond 64 bits, by pydantic.
    """
    # µs by orjson and by pydantic (Python 3.11, one core): the signals of a click 1.0 and 2.1,
    # a page of 50 records 25 and 113, 5,000 records 1,400 and 5,200.
    try:
        return orjson.dumps(value, option=_ORJSON_OPTIONS)
    except TypeError:
        return exact_json(value, inf_nan_mode="null")


def json_text(value: Any) -> str:
    """`json_bytes` as text."""
    return json_bytes(value).decode()


def script_element_json(value: Any) -> str:
    """JSON text inside a `<script>` element, which `<` could end."""
    return json_text(value).replace("<", "\\u003c")


def exact_json(
    value: Any, *, inf_nan_mode: Literal["null", "constants", "strings"] = "constants"
) -> bytes:
    """Encode a value for records, markers and digests. NaN and infinities are preserved.

    A lone surrogate becomes U+FFFD.
    """
    # Not by orjson, which has no NaN. The marker of a click takes 0.8 µs, by orjson 0.3.
    try:
        return to_json(value, inf_nan_mode=inf_nan_mode)
    except _FAILED:
        return to_json(_readable(value, True), inf_nan_mode=inf_nan_mode)


def model_data(model: BaseModel, exclude: Any = None, *, computed_or_none: bool = False) -> Any:
    """A model as JSON data by field names, each field as its own serializer writes it.

    With computed_or_none a computed field that fails is None.

    Raises: PydanticSerializationError, for a value that JSON has no form for.
    """
    dump = type(model).__pydantic_serializer__.to_python
    if computed_or_none:
        names = frozenset(exclude or ()) | type(model).__pydantic_computed_fields__.keys()
        data = model_data(model, names)
        for name in type(model).__pydantic_computed_fields__.keys() - frozenset(exclude or ()):
            try:
                data |= dump(model, mode="json", include={name}, warnings=False)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                data[name] = None
        return data
    try:
        return dump(model, mode="json", by_alias=False, exclude=exclude, warnings=False)
    except _FAILED:
        return _model_in_parts(model, exclude or frozenset(), by_alias=False)


def _model_in_parts(model: BaseModel, exclude: Any, *, by_alias: bool) -> Any:
    """A model whose serializer fails on some field; only that one is written in another way."""
    cls = type(model)
    dump = cls.__pydantic_serializer__.to_python
    whole = isinstance(model, RootModel) or has_model_serializer(cls)
    written = _with_serializer(cls)
    dumped: dict[str, Any] = {}
    for name in () if whole else _names_in(model):
        if name in exclude:
            continue
        part: Any = {"by_alias": by_alias, "include": {name}, "warnings": False}
        try:
            dumped |= dump(model, mode="json", **part)
        except _FAILED:
            values = dump(model, mode="python", **part)
            if name not in written:  # so that parts of it are written by their own serializers
                values = {key: getattr(model, name) for key in values}
            dumped |= _readable(values, by_alias)
    if whole:
        data = dump(model, mode="python", by_alias=by_alias, exclude=exclude, warnings=False)
        return to_jsonable_python(_readable(data, by_alias))
    return to_jsonable_python(dumped)


def _names_in(model: BaseModel) -> Iterator[str]:
    yield from type(model).__pydantic_fields__
    yield from model.__pydantic_extra__ or ()
    yield from type(model).__pydantic_computed_fields__


def _with_serializer(cls: type[BaseModel]) -> set[str]:
    """The fields that a serializer of the class, or of their annotation, writes."""
    found = serialized_fields(cls)
    if "*" in found:
        found.update(cls.__pydantic_fields__)
    return found | {
        name
        for name, info in cls.__pydantic_fields__.items()
        if any(isinstance(item, PlainSerializer | WrapSerializer) for item in info.metadata)
    }


def _readable(value: Any, by_alias: bool) -> Any:
    """The value with everything in it that pydantic can't write as text written as text."""
    if isinstance(value, enum.Enum):
        return _readable(value.value, by_alias)
    if isinstance(value, str):
        return value if value.isascii() else SURROGATES.sub("\ufffd", value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes_text(bytes(value))
    if isinstance(value, BaseModel):
        return _model_in_parts(value, frozenset(), by_alias=by_alias)
    if isinstance(value, dict):
        return {_readable_key(k): _readable(v, by_alias) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset | deque):
        return [_readable(item, by_alias) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        serializer = getattr(value, "__pydantic_serializer__", None)
        if serializer is not None:
            return _readable(serializer.to_python(value, warnings=False), by_alias)
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _readable(getattr(value, name), by_alias) for name in names}
    return value


def _readable_key(key: Any) -> Any:
    return _readable(key, True) if isinstance(key, str | bytes | enum.Enum) else key
