"""Computed fields that read the records of a relation, such as the total of an order's lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any

from starmodel.core.fields.relations import relations_of


def related_computed(cls: type[Any]) -> dict[str, tuple[str, ...]]:
    """The relations that each computed field reads, of those fields that read some.

    Found in the code of the getter, and of the properties and methods of the class that it
    names. A relation that is read by `getattr` is not found.
    """
    relations = relations_of(cls)
    if not relations:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for name, computed in cls.__pydantic_computed_fields__.items():
        used = set(_names(_getter(computed.wrapped_property), cls, set()))
        if read := tuple(each for each in relations if each in used):
            found[name] = read
    return found


def relations_read(cls: type[Any], function: Any) -> list[str]:
    """The relations that a method of a class reads, itself or by others that it names."""
    used = set(_names(function, cls, set()))
    return [name for name in relations_of(cls) if name in used]


def _names(function: Any, cls: type[Any], seen: set[Any]) -> Iterator[str]:
    code = getattr(function, "__code__", None)
    if code is None or code in seen:
        return
    seen.add(code)
    for name in _in_code(code):
        yield name
        attribute = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
        yield from _names(_getter(attribute), cls, seen)


def _in_code(code: CodeType) -> Iterable[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _in_code(inner)


def _getter(attribute: Any) -> Any:
    return getattr(attribute, "fget", None) or getattr(attribute, "func", None) or attribute


def related_values(entity: Any) -> Mapping[str, Any]:
    """The values of these computed fields, where their relations are loaded."""
    loaded = entity.__dict__
    return {
        name: getattr(entity, name)
        for name, relations in entity.__entity__.related_computed.items()
        if all(relation in loaded for relation in relations)
    }
