"""The parameters of events: what each takes, and which of them no caller fills."""

from __future__ import annotations

import contextlib
import inspect
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    SecretBytes,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from starmodel.app.access.policy import Actor
from starmodel.app.commands.binding.files import FileRule, file_rule
from starmodel.app.commands.binding.form_texts import written_types
from starmodel.app.sessions.session import Session
from starmodel.app.uow import UnitOfWork
from starmodel.core.classes.registry import Registry
from starmodel.core.definition.checks import refusal_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event
from starmodel.core.fields.annotations import resolved_hints
from starmodel.core.fields.field import options_in
from starmodel.core.fields.field_types import accepts_none, is_atomic, plain_types
from starmodel.core.fields.nested import aliases_of, types_in
from starmodel.core.fields.privacy import looks_secret, undeclared_secrets
from starmodel.core.fields.types import field_adapter, full_type, has_custom_parsing, is_strict
from starmodel.core.values.bounds import (
    Count,
    check_keys,
    check_numbers,
    key_counter,
    may_hold_numbers,
)

SPECIAL = ("request", "session", "actor", "signals", "datastar", "uow")
_SPECIAL_TYPES: dict[str, type] = {"actor": Actor, "session": Session, "uow": UnitOfWork}
_SPECIAL_NAMES: dict[str, Any] = {
    **{kind.__name__: kind for kind in _SPECIAL_TYPES.values()},
    "Request": type("Request", (), {}),  # stands for that of any web framework
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an event that a caller fills.

    Shapes: entity is set for a parameter that names a record; default is
    `inspect.Parameter.empty` when a value is required; is_field is True
    for a field of the entity that the event takes by `**values`;
    full_type is its annotation with the rules of its class; own_reading is
    set where methods of the class see the input before its type is checked;
    strict, where a part of it takes no value of another type;
    is_private for one that is declared so, and is recorded masked; keys and
    has_numbers say what `accept` has to check; file is set for one that takes
    uploaded files.
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
    full_type: Any = None
    strict: bool = False
    custom_parsing: bool = False
    file: FileRule | None = None

    @property
    def aliases(self) -> Iterator[str]:
        """The other names that a body may use for it."""
        if typing.get_origin(self.full_type) is typing.Annotated:
            for item in typing.get_args(self.full_type)[1:]:
                if isinstance(item, FieldInfo):
                    yield from aliases_of(item)

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def may_be_none(self) -> bool:
        return self.annotation is not Any and accepts_none(self.annotation)

    @property
    def is_secret(self) -> bool:
        """True for what travels in bodies only, and is masked wherever it is recorded."""
        return self.is_private or any(
            t in (SecretStr, SecretBytes) for t in types_in(self.annotation)
        )

    def accept(self, value: Any, *, is_json: bool = False, is_text: bool = False) -> Any:
        """The validated value; one that the class itself reads is only bounded here.

        Shapes: is_json says that the value was parsed from JSON, in which a
        strict date is a text; is_text, that it came as texts, which even a
        strict type is read from.

        Raises: ValidationError; BoundsError, beyond a bound.
        """
        check_keys(self.keys, value)
        validated = (self._parsed_by_class if self.custom_parsing else self._read)(
            value, is_json, is_text
        )
        if self.has_numbers:
            check_numbers(validated)
        return validated

    def _read(self, value: Any, is_json: bool, is_text: bool, strict: bool | None = None) -> Any:
        adapter: Any = self.adapter  # None only for records, which are never validated
        if is_json and (self.strict or strict):
            return adapter.validate_json(to_json(value), strict=strict)
        return adapter.validate_python(value, strict=False if is_text else strict)

    def _parsed_by_class(self, value: Any, is_json: bool, is_text: bool) -> Any:
        """A value of the right type, or the input, whose meaning the class's validators know."""
        try:
            return self._read(value, is_json, is_text=False, strict=True)
        except ValidationError:
            pass
        with contextlib.suppress(ValidationError):
            if isinstance(value, str) and (is_text or not self.strict):
                parsed = self._read(value, is_json=False, is_text=True)
                if str(parsed).lower() == value.lower():  # there is only one way to read it
                    return parsed
        return value

    @property
    def takes_text(self) -> bool:
        return any(t in (str, SecretStr, Any) for t in written_types(self.annotation))


def can_change(annotation: Any) -> bool:
    """True for plain containers and models, whose values an event might change."""
    return any(
        typing.get_origin(kind) in (list, dict, set)
        or (isinstance(kind, type) and issubclass(kind, list | dict | set | BaseModel))
        for kind in plain_types(annotation)
    ) and not any("Upload" in getattr(kind, "__name__", "") for kind in types_in(annotation))


def _names_object(annotation: Any) -> bool:
    return any(
        kind is object or any(_names_object(inner) for inner in typing.get_args(kind))
        for kind in plain_types(annotation)
    )


def type_name(annotation: Any) -> str:
    """A type as people write it; the rules of an `Annotated` are left out at any depth.

    >>> type_name(int), type_name(list[typing.Annotated[str, "rule"]]), type_name(int | None)
    ('int', 'list[str]', 'int | None')
    """
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_name(args[0])
    if origin is typing.Union or origin is types.UnionType:
        return " | ".join(map(type_name, args))
    if annotation is types.NoneType or annotation is ...:
        return "None" if annotation is types.NoneType else "..."
    if origin is None or origin is typing.Literal or not all(map(_is_type, args)):
        name = getattr(annotation, "__name__", None) if origin is None else None
        return name or str(annotation).replace("typing.", "")
    name = getattr(origin, "__name__", None) or str(origin).replace("typing.", "")
    return f"{name}[{', '.join(map(type_name, args))}]"


def _is_type(arg: Any) -> bool:
    return arg is ... or not isinstance(arg, list | tuple | str | int)


def signature_of(parameter: Parameter) -> str:
    name = type_name(parameter.annotation)
    default = ""
    if not parameter.required and parameter.default is not None:
        is_plain = is_atomic(parameter.annotation)  # a model may have private parts
        default = f" = {parameter.default!r}" if is_plain else " = …"
    return f"{parameter.name}: {name}{default}"


def new_parameter(
    name: str,
    annotation: Any,
    adapter: TypeAdapter[Any],
    default: Any,
    *,
    file: FileRule | None = None,
) -> Parameter:
    """A parameter with a value of its own, not a record."""
    return Parameter(
        name, annotation, adapter, default, None, False, options_in(annotation).private,
        key_counter(annotation), may_hold_numbers(annotation), annotation,
        is_strict(adapter.core_schema), file=file,
    )  # fmt: skip


def field_parameter(cls: type[Entity], name: str) -> Parameter:
    """A field of an entity as an optional parameter, with all rules of its class."""
    info = cls.__pydantic_fields__[name]
    adapter = field_adapter(cls, name)
    parameter = new_parameter(name, info.annotation, adapter, None)
    strict = parameter.strict or bool(cls.model_config.get("strict"))
    return replace(
        parameter, is_field=True, full_type=full_type(info), strict=strict,
        custom_parsing=has_custom_parsing(cls, name),
    )  # fmt: skip


def hints_of(event: Event[Any, Any, Any], registry: Registry) -> dict[str, Any]:
    """The types of an event's parameters.

    The names of entities and of special parameters are known also where the
    module imports them for type checkers only. A special parameter whose type
    is not known is found by its name.

    Raises: ConfigurationError, naming any other parameter without a type.
    """
    known = {entity_type.name: entity_type.cls for entity_type in registry} | _SPECIAL_NAMES
    hints, failed = resolved_hints(event.fn, known)
    for name, error in failed.items():
        if name not in SPECIAL and name != "return":
            raise ConfigurationError(
                f"{event.owner}.{event.name}: the annotation of {name!r} can't be resolved "
                f"({error}). Import the name at module level, outside TYPE_CHECKING."
            ) from error
    return hints


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
    entities = [k for k in types_in(annotation) if isinstance(k, type) and issubclass(k, Entity)]
    if entities:
        if kinds != entities[:1] or entities[0] not in registry:  # never made from what is sent
            raise ConfigurationError(
                f"{where}: parameter {parameter.name!r} must name one entity of this application."
            )
        return Parameter(parameter.name, annotation, None, parameter.default, entities[0])
    file = file_rule(where, parameter.name, annotation)
    # The class of an uploaded file belongs to the web framework, and is no pydantic type.
    config = ConfigDict(arbitrary_types_allowed=True) if file else None
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=config)
    except (PydanticUserError, NameError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{where}: parameter {parameter.name!r} has the type {annotation!r}, "
            "which can't be read from a request."
        ) from error
    if parameter.default is not inspect.Parameter.empty and parameter.default is not None:
        problem = refusal_of(annotation, [], parameter.default) if file is None else None
        if problem is not None:
            raise ConfigurationError(
                f"{where}: parameter {parameter.name!r} has the default {parameter.default!r}, "
                f"which is no value of {type_name(annotation)}: {problem}. Give another default, "
                "or change the type."
            )
    bound = new_parameter(parameter.name, annotation, adapter, parameter.default, file=file)
    undeclared = [bound.name] if looks_secret(bound.name) and not bound.is_secret else []
    if options_in(annotation).public:
        undeclared = []
    undeclared += [f"{bound.name}.{part}" for part in undeclared_secrets(annotation)]
    if undeclared:
        raise ConfigurationError(
            f"{where}: the parameter {undeclared[0]!r} looks like a secret but is neither private "
            "nor public, and arguments are recorded. Write SecretStr or Private[…], or "
            "Annotated[…, Field(public=True)] if it may be seen."
        )
    return bound
