"""Validation of class bodies, for mistakes that pydantic accepts."""

from __future__ import annotations

import re
import typing
from typing import Any

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from starmodel.core._compat import validated_fields
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.annotations import own_annotations
from starmodel.core.fields.nested import types_in
from starmodel.core.fields.widgets import FILE_WIDGETS, ui_of

RESERVED = ("objects", "do", "get", "evolve", "emit", "save", "signals")


def check_names(cls: type[Any]) -> None:
    """Reject annotated names that can't be fields, before pydantic collects the fields.

    Raises: ConfigurationError.
    """
    annotated = own_annotations(cls)
    taken = [name for name in RESERVED if name in annotated]
    if taken:
        raise reserved_error(cls.__name__, taken)
    initialised = {
        name
        for name, attribute in vars(cls).get("__private_attributes__", {}).items()
        if attribute.default is not PydanticUndefined or attribute.default_factory is not None
    }
    for name, annotation in annotated.items():
        if re.search(r"\bUploadFile\b", str(annotation)) and "Literal" not in str(annotation):
            raise ConfigurationError(
                f"{cls.__name__}.{name} has the type UploadFile, but no store keeps files. Take "
                "the file as the parameter of an event, and store where it is: "
                f'{name}: str = Field(default="", editable=False).'
            )
        if name in initialised or name in vars(cls) or "ClassVar" in str(annotation):
            continue
        if name.startswith("_"):
            raise ConfigurationError(
                f"{cls.__name__}.{name} begins with an underscore, so it is a private attribute "
                "that no store keeps. To store it and keep it on the server, write "
                f"{name.lstrip('_')}: … = Field(private=True); for a private attribute give a "
                f"default: {name}: … = PrivateAttr(default=…)."
            )


def check_fields(cls: type[Any], base: type[Any]) -> None:
    """Refuse fields whose type is an entity, and defaults that are no value of their field.

    Raises: ConfigurationError.
    """
    inherited = {
        name: info
        for parent in cls.__mro__[1:]
        for name, info in getattr(parent, "__pydantic_fields__", {}).items()
    }
    validated = validated_fields(cls)
    for name, info in cls.__pydantic_fields__.items():
        if inherited.get(name) is info:
            continue
        if ui_of(info.annotation, info.metadata).widget in FILE_WIDGETS:
            raise ConfigurationError(
                f"{cls.__name__}.{name} wants an input for files, but no store keeps files. Take "
                f"the file as the parameter of an event, and store where it is in {name}."
            )
        for kind in types_in(info.annotation):
            if isinstance(kind, type) and issubclass(kind, base):
                raise ConfigurationError(
                    f"{cls.__name__}.{name} has the entity {kind.__name__} inside its type; a "
                    "record of its own can't be a value of another. Declare a relation, "
                    f"{name}: {kind.__name__}, {kind.__name__} | None or list[{kind.__name__}]; "
                    "for a value without an id use a plain pydantic model."
                )
        if name not in validated and "*" not in validated:
            _check_default(cls, name, info)


def _check_default(cls: type[Any], name: str, info: FieldInfo) -> None:
    default = info.default
    # SQLModel's spelling of "the database gives it": a key of None.
    if default is PydanticUndefined or (default is None and name == "id"):
        return
    if type(default) is info.annotation and not info.metadata:
        return
    problem = refusal_of(info.annotation, info.metadata, default)
    if problem is not None:
        raise ConfigurationError(
            f"{cls.__name__}.{name} has the default {default!r}, which is no value of its type: "
            f"{problem}. Give another default, or change the type."
        )


def refusal_of(annotation: Any, metadata: list[Any], value: Any) -> str | None:
    """Why pydantic refuses the value for the type; None when it accepts it or can't decide yet."""
    if metadata:
        annotation = typing.Annotated[(annotation, *metadata)]
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError as error:
        return error.errors()[0]["msg"]
    except (PydanticUserError, NameError, TypeError, ValueError):
        return None  # a name that a later line of the module defines, or a type of another library
    return None


def reserved_error(name: str, taken: list[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{name} uses the reserved name {', '.join(map(repr, taken))}. "
        f"Reserved on every entity are {', '.join(RESERVED)}, and what pydantic reserves "
        "(model_…)."
    )
