"""Encodes field values without a scalar form as JSON text, and decodes them by their type."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError

from starmodel.core.fields.field import FieldOptions
from starmodel.core.fields.privacy import is_secret
from starmodel.core.values.tagged_json import to_text


def json_functions(info: FieldInfo) -> tuple[Callable[[Any], str], Callable[[Any], Any]]:
    """Return the function that encodes values as JSON text, and the one that types parsed JSON.

    The latter returns a value that is no longer valid as it is.

    Raises: ValueError, for a type whose values can't be stored.
    """
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

    def typed(value: Any) -> Any:
        for adapter in adapters:
            # Not strict: a set inside a list of models was serialised as a list.
            with contextlib.suppress(ValidationError):
                return adapter.validate_python(value, strict=False, by_name=True, by_alias=False)
        return value

    return encode, typed


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
