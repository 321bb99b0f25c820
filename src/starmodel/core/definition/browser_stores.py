"""Constraints on entities that are stored in the visitor's browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field import options_of
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.privacy import is_private
from starmodel.core.fields.stores import BROWSER_STORES, store_name


def check_browser_store(cls: type[BaseModel], store: str) -> None:
    """Reject a class that a browser store can't serialise; other stores accept any class.

    Raises: ConfigurationError, naming the field or key and the remedy.
    """
    config: Any = cls.model_config
    if store_name(store) not in BROWSER_STORES or config.get("persistence_backend") is not None:
        return
    where = f"{cls.__name__} is kept in the browser (store {store_name(store)!r})"
    for path in _private_fields(cls.__pydantic_fields__, ()):
        raise ConfigurationError(
            f"{where}, where its visitor sees everything, but {path!r} is private. "
            "Take the field out, or keep the class on the server: store 'memory' or 'sql'."
        )
    for name, info in cls.__pydantic_fields__.items():
        if options_of(info).access is not None:
            raise ConfigurationError(
                f"{where}, where its visitor sees and changes everything, but {name!r} has access "
                "rules. Remove them, or keep the class on the server: store 'memory' or 'sql'."
            )
    scope = config.get("scope", "session")
    if scope != "session":
        raise ConfigurationError(
            f"{where}, so it belongs to one visitor; scope is {scope!r}, expected 'session'. "
            "Leave scope out, or choose a server store."
        )
    required = [name for name, info in cls.__pydantic_fields__.items() if info.is_required()]
    if required:
        raise ConfigurationError(
            f"{where}, which starts empty, but {required[0]!r} has no default. Give it one: "
            f"{required[0]}: … = …."
        )
    if config.get("ttl") is not None:
        raise ConfigurationError(
            f"{where}, where nothing expires by itself. Leave ttl out, or choose a server store."
        )


def _private_fields(
    fields: Mapping[str, Any], seen: tuple[type, ...], before: str = ""
) -> Iterator[str]:
    """The paths of all private fields, in nested models too."""
    for name, info in fields.items():
        if is_private(info):
            yield before + name
        for model in _models_in(info.annotation, ()):
            if model not in seen:
                yield from _private_fields(
                    model.__pydantic_fields__, (*seen, model), f"{before}{name}."
                )


def _models_in(annotation: Any, seen: tuple[Any, ...]) -> Iterator[type[BaseModel]]:
    if annotation in seen:  # a recursive type alias
        return
    for kind in plain_types(annotation):
        for inner in get_args(kind):
            yield from _models_in(inner, (*seen, annotation))
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind
