"""The parameters of events: what each takes, and which of them no caller fills."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretBytes, SecretStr, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from starmodel.app.access import Actor
from starmodel.app.form_texts import written_types
from starmodel.app.session import Session
from starmodel.app.uow import UnitOfWork
from starmodel.core.bounds import Count, check_keys, check_numbers, key_counter, may_hold_numbers
from starmodel.core.definition_checks import refusal_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event
from starmodel.core.fields import (
    declared,
    is_atomic,
    looks_secret,
    plain_types,
    undeclared_secrets,
)
from starmodel.core.registry import Registry

SPECIAL = ("request", "session", "actor", "signals", "datastar", "uow")
_SPECIAL_TYPES: dict[str, type] = {"actor": Actor, "session": Session, "uow": UnitOfWork}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an event that a caller fills.

    Shapes: entity is set for a parameter that names a record; default is
    `inspect.Parameter.empty` when a value is required; is_field is True
    for a field of the entity that the event takes by `**values`;
    is_private for one that is declared so, and is recorded masked; keys and
    has_numbers say what `accept` has to check.
    """

    name: str
    annotation: Any
    adapter: TypeAdapter[Any] | None
    default: Any
    entity: type[Entity] | None = None
    is_field: bool = False
    is_private: bool = False
    keys: Count | None = None
    has_numbers: bool = True

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def may_be_none(self) -> bool:
        return type(None) in typing.get_args(self.annotation)

    @property
    def is_secret(self) -> bool:
        """True for what travels in bodies only, and is masked wherever it is recorded."""
        return self.is_private or any(
            t in (SecretStr, SecretBytes) for t in _types_in(self.annotation)
        )

    def accept(self, value: Any) -> Any:
        """The validated value.

        Raises: ValidationError; BoundsError, beyond a bound.
        """
        adapter: Any = self.adapter  # None only for records, which are never validated
        check_keys(self.keys, value)
        made = adapter.validate_python(value)
        if self.has_numbers:
            check_numbers(made)
        return made

    @property
    def takes_text(self) -> bool:
        return any(t in (str, SecretStr, Any) for t in written_types(self.annotation))


def can_change(annotation: Any) -> bool:
    """True for plain containers and models, whose values an event might change."""
    return any(
        typing.get_origin(kind) in (list, dict, set)
        or (isinstance(kind, type) and issubclass(kind, list | dict | set | BaseModel))
        for kind in plain_types(annotation)
    ) and not any("Upload" in getattr(kind, "__name__", "") for kind in _types_in(annotation))


def _types_in(annotation: Any, seen: frozenset[Any] = frozenset()) -> Iterator[Any]:
    """Every type that a value may hold, in containers and nested models too."""
    for kind in plain_types(annotation):
        yield kind
        for inner in typing.get_args(kind):
            yield from _types_in(inner, seen)
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
            for info in kind.__pydantic_fields__.values():
                yield from _types_in(info.annotation, seen | {kind})


def _names_object(annotation: Any) -> bool:
    return any(
        kind is object or any(_names_object(inner) for inner in typing.get_args(kind))
        for kind in plain_types(annotation)
    )


def type_name(annotation: Any) -> str:
    """A type as people write it; the rules of an `Annotated` are left out.

    >>> type_name(int), type_name(list[str]), type_name(typing.Annotated[str, "rule"])
    ('int', 'list[str]', 'str')
    """
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is not None:
        return str(annotation).replace("typing.", "")
    return getattr(annotation, "__name__", str(annotation))


def signature_of(parameter: Parameter) -> str:
    name = type_name(parameter.annotation)
    default = ""
    if not parameter.required and parameter.default is not None:
        is_plain = is_atomic(parameter.annotation)  # a model may have private parts
        default = f" = {parameter.default!r}" if is_plain else " = …"
    return f"{parameter.name}: {name}{default}"


def new_parameter(
    name: str, annotation: Any, adapter: TypeAdapter[Any], default: Any, *, is_field: bool = False
) -> Parameter:
    """A parameter with a value of its own, not a record."""
    return Parameter(
        name, annotation, adapter, default, None, is_field, declared(annotation).private,
        key_counter(annotation), may_hold_numbers(annotation),
    )  # fmt: skip


def hints_of(event: Event[Any, Any, Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(event.fn, include_extras=True)
    except NameError as error:
        # Names known only to type checkers: special parameters are found by name then.
        return {
            name: value
            for name, value in inspect.get_annotations(event.fn).items()
            if not isinstance(value, str)
        } | ({} if _all_special(event) else _fail(event, error))


def _all_special(event: Event[Any, Any, Any]) -> bool:
    return all(
        name in SPECIAL or not isinstance(p.annotation, str)
        for name, p in list(event.signature.parameters.items())[1:]
    )


def _fail(event: Event[Any, Any, Any], error: NameError) -> dict[str, Any]:
    raise ConfigurationError(
        f"{event.owner}.{event.name}: an annotation can't be resolved ({error}). "
        "Import the name at module level, outside TYPE_CHECKING."
    ) from error


def special_of(name: str, annotation: Any) -> str | None:
    """Which special parameter this is: by its type, else by its name when it has no type."""
    for kind in plain_types(annotation) if annotation is not inspect.Parameter.empty else ():
        if isinstance(kind, type):
            for special, base in _SPECIAL_TYPES.items():
                if issubclass(kind, base):
                    return special
        if getattr(kind, "__name__", "") == "Request":  # of whatever web framework
            return "request"
    untyped = annotation in (inspect.Parameter.empty, dict, Any) or isinstance(annotation, str)
    if name in SPECIAL and untyped:
        return "signals" if name == "datastar" else name
    return None


def parameter_of(
    where: str, parameter: inspect.Parameter, annotation: Any, registry: Registry
) -> Parameter:
    if annotation is inspect.Parameter.empty:
        annotation = Any
    if isinstance(parameter.default, FieldInfo):  # which only a model would understand
        raise ConfigurationError(
            f"{where}: {parameter.name!r} has a Field(...) as its default; write "
            f"{parameter.name}: Annotated[type, Field(...)] = default."
        )
    if _names_object(annotation):
        raise ConfigurationError(
            f"{where}: parameter {parameter.name!r} has the type {type_name(annotation)}, "
            "and object says nothing of what a request may hold. Name the type, or Any for every "
            "JSON value."
        )
    kinds = plain_types(annotation)
    entities = [k for k in _types_in(annotation) if isinstance(k, type) and issubclass(k, Entity)]
    if entities:
        if kinds != entities[:1] or entities[0] not in registry:  # never made from what is sent
            raise ConfigurationError(
                f"{where}: parameter {parameter.name!r} must name one entity of this application."
            )
        return Parameter(parameter.name, annotation, None, parameter.default, entities[0])
    # The class of an uploaded file belongs to the web framework, and is no pydantic type.
    is_file = any(getattr(kind, "__name__", "") == "UploadFile" for kind in _types_in(annotation))
    config = ConfigDict(arbitrary_types_allowed=True) if is_file else None
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=config)
    except (PydanticUserError, NameError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{where}: parameter {parameter.name!r} has the type {annotation!r}, "
            "which can't be read from a request."
        ) from error
    if parameter.default is not inspect.Parameter.empty and parameter.default is not None:
        problem = refusal_of(annotation, [], parameter.default) if not is_file else None
        if problem is not None:
            raise ConfigurationError(
                f"{where}: parameter {parameter.name!r} has the default {parameter.default!r}, "
                f"which is no value of {type_name(annotation)}: {problem}. Give another default, "
                "or change the type."
            )
    made = new_parameter(parameter.name, annotation, adapter, parameter.default)
    unsaid = [made.name] if looks_secret(made.name) and not made.is_secret else []
    if declared(annotation).public:
        unsaid = []
    unsaid += [f"{made.name}.{part}" for part in undeclared_secrets(annotation)]
    if unsaid:
        raise ConfigurationError(
            f"{where}: the parameter {unsaid[0]!r} looks like a secret but is neither private nor "
            "public, and arguments are recorded. Write SecretStr or "
            "Annotated[…, Field(private=True)], or Annotated[…, Field(public=True)] if it may be "
            "seen."
        )
    return made
