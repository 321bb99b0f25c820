"""Values of columns, decoded and encoded without the classes of the entities."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError
from sqlalchemy import Column
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sql.dialects.codecs import Codec, codec_of_type
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.entity_table import StoredField
from starmodel.core.fields.types import full_type
from starmodel.core.values.tagged_json import from_text, to_text
from starmodel.migrations.schema.definitions import FieldDefinition, TypeDefinition
from starmodel.migrations.schema.types import KINDS, DeclaredType, kind_key

_AS_JSON = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="strings")


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """The column of one field, and the forms of its values.

    A stored value is what the driver reads and writes. A decoded one is a Python value: a
    number, a text, a `Decimal`, …; the name of an enum's member; the data of a JSON field.
    """

    definition: FieldDefinition
    column: Column[Any]
    codec: Codec

    def decode(self, stored: Any) -> Any:
        """Decode a stored value. Raises: ValueError, for one that is no value of the column."""
        if stored is None or self.codec.decode is None:
            return stored
        try:
            return self.codec.decode(stored)
        except (KeyError, ArithmeticError, TypeError, AttributeError) as error:
            raise ValueError(f"is {stored!r}, which is no value of its column") from error

    def encode(self, value: Any) -> Any:
        """Encode a decoded value. Raises: ValueError, for one that the column can't store."""
        return None if value is None else self.codec.encode(value)

    def allows(self, value: Any) -> bool:
        """True for a decoded value that is one of the field's `Literal`, where it has one."""
        values = self.definition.bounds.get("values")
        return value is None or not isinstance(values, list) or self.to_json(value) in values

    def from_json(self, value: JsonValue) -> Any:
        """Return the decoded value of JSON data, such as a default of the definition.

        Raises: ValueError.
        """
        return value_from_json(self.definition.type, value)

    def to_json(self, value: Any) -> JsonValue:
        """Return a decoded value as JSON data."""
        return value_to_json(self.definition.type, value)


def codec_for(
    definition: TypeDefinition, column_type: TypeEngine[Any], sql_dialect: SqlDialect
) -> Codec:
    """Return the codec of a column; for a custom type whose class is gone, one without effect."""
    if definition.kind == "custom":
        if isinstance(column_type, DeclaredType):
            return Codec(_unchanged, None)
        return codec_of_type(column_type, sql_dialect.sqlalchemy)
    if definition.kind == "json":
        return Codec(to_text, from_text, is_json=True)
    if definition.kind == "enum":
        return _member_codec(definition)
    return sql_dialect.codec(kind_key(definition), column_type)


def value_from_json(definition: TypeDefinition, value: JsonValue) -> Any:
    """Return the decoded value of JSON data. Raises: ValueError, for data of another type."""
    if value is None or definition.kind == "custom":
        return value
    if definition.kind == "json":
        return from_text(json.dumps(value))
    if definition.kind == "enum":
        return _member(definition.values)(value)
    try:
        return _adapter(definition.kind).validate_json(json.dumps(value))
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from error


def value_to_json(definition: TypeDefinition, value: Any) -> JsonValue:
    """Return a decoded value as JSON data. Raises: ValueError, for one without a JSON form."""
    if value is None or definition.kind == "enum":
        return value  # type: ignore[no-any-return]
    if definition.kind == "json":
        return json.loads(to_text(value))  # type: ignore[no-any-return]
    try:
        adapter = TypeAdapter(Any) if definition.kind == "custom" else _adapter(definition.kind)
        checked = adapter.validate_python(value)
        return json.loads(adapter.dump_json(checked))  # type: ignore[no-any-return]
    except (ValidationError, PydanticSerializationError) as error:
        raise ValueError(f"{value!r} has no JSON form: {error}") from error


def default_json(stored: StoredField, value: Any, info: Any, kind: TypeDefinition) -> JsonValue:
    """Return the default of a field as JSON data of its definition.

    Raises: ValueError, for one that is no value of the field.
    """
    if value is None:
        return None
    if kind.kind == "json":
        return json.loads(stored.codec.encode(value))  # type: ignore[no-any-return]
    if kind.kind == "enum":
        try:
            return TypeAdapter(full_type(info)).validate_python(value).name  # type: ignore[no-any-return]
        except (ValidationError, AttributeError) as error:
            raise ValueError(f"{value!r} is no member") from error
    return value_to_json(kind, value)


def _member_codec(definition: TypeDefinition) -> Codec:
    texts = definition.texts or {name: name for name in definition.values}
    names = {text: name for name, text in texts.items()}
    member = _member(texts)
    return Codec(lambda value: texts[member(value)], names.__getitem__, "enum")


def _member(known: Mapping[str, Any]) -> Callable[[Any], str]:
    def member(value: Any) -> str:
        name = getattr(value, "name", value)
        if name not in known:
            raise ValueError(f"is {name!r}; expected one of {', '.join(known)}")
        return str(name)

    return member


def _unchanged(value: Any) -> Any:
    return value


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[kind], config=_AS_JSON)
