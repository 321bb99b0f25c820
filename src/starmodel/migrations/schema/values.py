"""What the class alone knows of a field's values: bounds, shapes and defaults, as JSON."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import JsonValue, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticUndefined, to_jsonable_python

from starmodel.core.fields.field import FieldOptions
from starmodel.core.fields.field_types import PYDANTIC_SCALARS
from starmodel.core.fields.types import full_type

_BOUNDS = (
    "gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "max_digits",
    "decimal_places", "strict", "allow_inf_nan", "strip_whitespace", "to_lower", "to_upper",
)  # fmt: skip


def plain_json(value: Any) -> JsonValue:
    """Return a value as JSON, its text where it has no JSON form."""
    return to_jsonable_python(  # type: ignore[no-any-return]
        value, bytes_mode="base64", inf_nan_mode="strings", fallback=repr
    )


def bounds_of(info: FieldInfo) -> dict[str, JsonValue]:
    """Return the constraints of a field's values, those of `Literal` as "values".

    >>> bounds_of(FieldInfo(annotation=typing.Literal["a", "b"] | None))
    {'values': ['a', 'b']}
    """
    found: dict[str, JsonValue] = {}
    for item in _rules(info.annotation, [*info.metadata]):
        if isinstance(item, dict):
            found |= item
            continue
        for name in _BOUNDS:
            value = getattr(item, name, None)
            if value is not None:
                found[name] = plain_json(getattr(value, "pattern", value))
    return found


def shape_of(info: FieldInfo) -> JsonValue:
    """Return the JSON schema of a field, without titles and descriptions; None without one."""
    try:
        schema = TypeAdapter(full_type(info)).json_schema(
            by_alias=False, mode="serialization", schema_generator=_Shapes
        )
    except Exception:  # types of other libraries have none, and raise in many ways
        return None
    return typing.cast(JsonValue, _without_words(schema))


def default_of(info: FieldInfo) -> Any:
    """Return the default of a field; PydanticUndefined for none, and for one that is made."""
    return PydanticUndefined if info.default_factory is not None else info.default


class _Shapes(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


_WORDS = frozenset({"title", "description", "examples", "deprecated"})
_BY_NAME = frozenset({"properties", "$defs", "patternProperties"})


def _without_words(schema: Any, *, is_by_name: bool = False) -> Any:
    if isinstance(schema, list):
        return [_without_words(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: part
        if key in ("default", "enum", "const", "required")
        else _without_words(part, is_by_name=key in _BY_NAME and not is_by_name)
        for key, part in schema.items()
        if is_by_name or key not in _WORDS
    }


def _rules(annotation: Any, metadata: list[Any]) -> Iterator[Any]:
    """Yield the constraints in an annotation, not those of the items of containers."""
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from _rules(None, item.metadata)
        elif not isinstance(item, FieldOptions):
            yield item
    alias = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
    if alias is not None and not isinstance(annotation, type):
        yield from _rules(alias, [])
        return
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        yield from _rules(inner, more)
    elif origin is Union or origin is types.UnionType:
        for member in get_args(annotation):
            yield from _rules(member, [])
    elif origin is typing.Literal:
        yield {"values": [plain_json(value) for value in get_args(annotation) if value is not None]}
    elif getattr(annotation, "__name__", "") in PYDANTIC_SCALARS - {
        "AwareDatetime",
        "NaiveDatetime",
    }:
        yield {"format": annotation.__name__}
