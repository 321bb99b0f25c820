"""The parameters of events, with their validation."""

from __future__ import annotations

import contextlib
import inspect
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

from starmodel.app.commands.binding.files import FileRule, file_rule
from starmodel.app.commands.binding.form_texts import written_types
from starmodel.app.commands.binding.record_ids import ids_of, several_of
from starmodel.core.classes.registry import Registry
from starmodel.core.definition.checks import refusal_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.annotations import type_name
from starmodel.core.fields.field import Field, options_in
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

MAX_RECORDS = 200
"""The most records that one parameter of an event names."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an event whose value comes from the caller.

    Shapes: entity is the class of a parameter that names a record by id, or several records;
    default is `inspect.Parameter.empty` for a required one; is_field is True
    for an entity field passed by `**values`; full_type is the annotation with
    constraints and validators; custom_parsing is set where validators of the
    class run before the type is validated; strict, where a part of the type
    rejects values of another type; is_private excludes the value from command
    records; keys and has_numbers select the bounds that `accept` checks; file
    is set for a type of uploaded files.
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
        """Validation aliases that a request body may use."""
        if typing.get_origin(self.full_type) is typing.Annotated:
            for item in typing.get_args(self.full_type)[1:]:
                if isinstance(item, FieldInfo):
                    yield from aliases_of(item)

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def has_records(self) -> bool:
        """True for a parameter that names several records by their ids."""
        return self.entity is not None and self.adapter is not None

    @property
    def may_be_none(self) -> bool:
        return self.annotation is not Any and accepts_none(self.annotation)

    @property
    def is_secret(self) -> bool:
        """True for a value that is accepted in bodies only and masked in command records."""
        return self.is_private or any(
            t in (SecretStr, SecretBytes) for t in types_in(self.annotation)
        )

    def accept(self, value: Any, *, is_json: bool = False, is_text: bool = False) -> Any:
        """The validated value; with custom parsing, the class validates it later.

        Shapes: is_json enables pydantic's JSON mode, in which a strict date is
        parsed from a string; is_text enables lax mode for strict types.

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
        adapter: Any = self.adapter  # None for entities only, which are not validated here
        if is_json and (self.strict or strict):
            return adapter.validate_json(to_json(value), strict=strict)
        return adapter.validate_python(value, strict=False if is_text else strict)

    def _parsed_by_class(self, value: Any, is_json: bool, is_text: bool) -> Any:
        """A value of the type, or the unchanged input for the validators of the class."""
        try:
            return self._read(value, is_json, is_text=False, strict=True)
        except ValidationError:
            pass
        with contextlib.suppress(ValidationError):
            if isinstance(value, str) and (is_text or not self.strict):
                parsed = self._read(value, is_json=False, is_text=True)
                if str(parsed).lower() == value.lower():  # formatting round-trips
                    return parsed
        return value

    @property
    def signature(self) -> str:
        """The parameter as source text: "delta: int = 1"."""
        name = type_name(self.annotation)
        if self.required or self.default is None:
            return f"{self.name}: {name}"
        is_plain = is_atomic(self.annotation)  # the repr of a model may contain private parts
        return f"{self.name}: {name} = {self.default!r}" if is_plain else f"{self.name}: {name} = …"

    @property
    def takes_text(self) -> bool:
        return any(t in (str, SecretStr, Any) for t in written_types(self.annotation))


def can_change(annotation: Any) -> bool:
    """True for mutable containers and models, which are copied before an event runs."""
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


def new_parameter(
    name: str,
    annotation: Any,
    adapter: TypeAdapter[Any],
    default: Any,
    *,
    file: FileRule | None = None,
) -> Parameter:
    """A parameter validated by a type adapter, as opposed to an entity by id."""
    return Parameter(
        name, annotation, adapter, default, None, False, options_in(annotation).private,
        key_counter(annotation), may_hold_numbers(annotation), annotation,
        is_strict(adapter.core_schema), file=file,
    )  # fmt: skip


def field_parameter(cls: type[Entity], name: str) -> Parameter:
    """An entity field as an optional parameter, with the constraints of its class."""
    info = cls.__pydantic_fields__[name]
    adapter = field_adapter(cls, name)
    parameter = new_parameter(name, info.annotation, adapter, None)
    strict = parameter.strict or bool(cls.model_config.get("strict"))
    return replace(
        parameter, is_field=True, full_type=full_type(info), strict=strict,
        custom_parsing=has_custom_parsing(cls, name),
    )  # fmt: skip


def parameter_of(
    where: str, parameter: inspect.Parameter, annotation: Any, registry: Registry
) -> Parameter:
    if annotation is inspect.Parameter.empty:
        annotation = Any
    if isinstance(parameter.default, FieldInfo):  # has a meaning in models only
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
        found = registry.get(entities[0])
        if several_of(kinds) is entities[0] and found is not None and found.is_record:
            return _records_parameter(parameter, annotation, entities[0])
        if kinds != entities[:1] or entities[0] not in registry:  # loaded, never built from input
            raise ConfigurationError(
                f"{where}: parameter {parameter.name!r} must name one entity of this application, "
                "or a list of its records."
            )
        return Parameter(parameter.name, annotation, None, parameter.default, entities[0])
    file = file_rule(where, parameter.name, annotation)
    # UploadFile is a class of the web framework, without a pydantic schema.
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


def _records_parameter(
    parameter: inspect.Parameter, annotation: Any, entity: type[Entity]
) -> Parameter:
    """The parameter of several records, bound as the list of their ids."""
    is_annotated = typing.get_origin(annotation) is typing.Annotated
    metadata = typing.get_args(annotation)[1:] if is_annotated else ()
    ids = ids_of(entity, *metadata, Field(max_length=MAX_RECORDS))
    ids = ids | None if accepts_none(annotation) else ids
    bound = new_parameter(parameter.name, ids, TypeAdapter(ids), parameter.default)
    return replace(bound, entity=entity)
