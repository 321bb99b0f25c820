"""Nested models in types of fields and parameters: validation aliases and private parts."""

from __future__ import annotations

import functools
import typing
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pydantic import AliasChoices, AliasPath, BaseModel, RootModel
from pydantic.fields import FieldInfo

from starmodel.core._compat import model_validator_modes
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.privacy import is_private, is_secret

Model = type[BaseModel]


class Part(NamedTuple):
    """One field of a nested model."""

    name: str
    info: FieldInfo
    private: bool
    secret: bool


def models_in(annotation: Any, _seen: tuple[Any, ...] = ()) -> Iterator[Model]:
    """The models that values of the type may have in them, also in containers, not in models."""
    if annotation in _seen:  # a recursive type alias
        return
    for kind in plain_types(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind
        for inner in typing.get_args(kind):
            yield from models_in(inner, (*_seen, annotation))


def all_models(annotations: Iterable[Any]) -> set[Model]:
    """Every model in values of these types, however deep."""
    found: set[Model] = set()
    todo = list(annotations)
    while todo:
        for model in models_in(todo.pop()):
            if model not in found:
                found.add(model)
                todo += [info.annotation for info in _fields_of(model).values()]
    return found


def _fields_of(model: Model) -> dict[str, FieldInfo]:
    """The fields with their types resolved, also of a class that names a later one."""
    if not model.__pydantic_complete__:
        model.model_rebuild(raise_errors=False)
    return model.__pydantic_fields__


@functools.lru_cache(maxsize=1024)
def parts_of(model: Model) -> dict[str, Part]:
    """The fields of a model by every input key: field names and validation aliases."""
    parts: dict[str, Part] = {}
    for name, info in _fields_of(model).items():
        part = Part(name, info, is_private(info), is_secret(info.annotation))
        for word in (name, *aliases_of(info)):
            parts.setdefault(word, part)
    return parts


def aliases_of(info: FieldInfo) -> Iterator[str]:
    """The validation aliases of a field."""
    yield from _aliases(info.alias)
    yield from _aliases(info.validation_alias)


def _aliases(alias: Any) -> Iterator[str]:
    if isinstance(alias, str):
        yield alias
    elif isinstance(alias, AliasChoices):
        for choice in alias.choices:
            yield from _aliases(choice)
    elif isinstance(alias, AliasPath):
        yield from _aliases(alias.path[0])


@functools.lru_cache(maxsize=1024)
def takes_any_name(model: Model) -> bool:
    """True for a model that accepts extra keys in input."""
    return (
        issubclass(model, RootModel)
        or model.model_config.get("extra") == "allow"
        or bool(model_validator_modes(model) & {"before", "wrap"})
    )


def is_private_path(models: Iterable[Model], path: Sequence[Any]) -> bool:
    """True when a path of a validation error leads into a private part of one of the models."""
    current = list(models)
    for word in path:
        found = [parts[word] for m in current if word in (parts := parts_of(m))]
        if not found:  # an index, the key of a dict, or the tag of a union
            continue
        if all(part.private for part in found):
            return True
        current = [m for part in found for m in models_in(part.info.annotation)]
    return False


def types_in(annotation: Any, seen: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Every type in the annotation, in containers and nested models recursively."""
    if annotation in seen:
        return
    seen = (*seen, annotation)
    for kind in plain_types(annotation):
        yield kind
        for inner in typing.get_args(kind):
            yield from types_in(inner, seen)
        for info in getattr(kind, "__pydantic_fields__", {}).values():
            yield from types_in(info.annotation, seen)
