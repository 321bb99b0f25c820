"""From what a request carries to the arguments of an event."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretBytes, SecretStr, TypeAdapter, ValidationError
from pydantic_core import from_json

from starmodel.core.entity import Entity
from starmodel.core.errors import BindingError, ConfigurationError
from starmodel.core.events import Event
from starmodel.core.fields import is_atomic, plain_types
from starmodel.core.registry import EntityType, Registry

SPECIAL = ("request", "session", "actor", "signals", "datastar", "uow")
_EMPTY: dict[str, Any] = {}


@dataclass(slots=True)
class Inputs:
    """What a caller sent, by source; the first source that has a name wins.

    Shapes: each source maps names to values. Text values come from a form
    or an address and are converted; `trusted` values (from code) may name
    private fields too.
    """

    path: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)
    signals: Mapping[str, Any] = field(default_factory=dict)
    fixed_name: str = "query"
    body_name: str = "body"
    trusted: bool = False

    def sources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every source but the signals, in order of precedence, with the name errors use."""
        yield "path", self.path
        yield self.fixed_name, self.fixed
        yield self.body_name, self.body
        yield "files", self.files


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an event that a caller fills.

    Shapes: entity is set for a parameter that names a record; default is
    `inspect.Parameter.empty` when a value is required.
    """

    name: str
    annotation: Any
    adapter: TypeAdapter[Any] | None
    default: Any
    entity: type[Entity] | None = None

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def is_secret(self) -> bool:
        return any(t in (SecretStr, SecretBytes) for t in plain_types(self.annotation))

    @property
    def takes_text(self) -> bool:
        return any(t in (str, SecretStr, Any) for t in plain_types(self.annotation))


class Binder:
    """The parameters of one event, worked out once.

    Raises: ConfigurationError, for a parameter that can never be filled.
    """

    def __init__(self, type: EntityType, event: Event[Any, Any, Any], registry: Registry) -> None:
        self.type, self.event, self.registry = type, event, registry
        self.special: dict[str, str] = {}
        self.parameters: dict[str, Parameter] = {}
        self.takes_fields = False
        hints = _hints(event)
        for name, parameter in list(event.signature.parameters.items())[1:]:
            annotation = hints.get(name, parameter.annotation)
            special = _special(name, annotation)
            if special:
                self.special[name] = special
            elif parameter.kind is parameter.VAR_KEYWORD:
                self.takes_fields = True
            elif parameter.kind is parameter.VAR_POSITIONAL:
                raise ConfigurationError(
                    f"{self.where}: *{name} can't be filled by a request; name the parameters."
                )
            else:
                self.parameters[name] = _parameter(self.where, parameter, annotation, registry)
        if self.takes_fields:
            for name, spec in type.cls.__entity__.fields.items():
                if name not in self.parameters:
                    wanted: Any = spec.info.annotation
                    self.parameters[name] = Parameter(name, wanted, TypeAdapter(wanted), None)
        self.private = (
            {n for n, s in type.cls.__entity__.fields.items() if not s.editable}
            if self.takes_fields
            else set()
        )

        self.sensitive = [p.name for p in self.parameters.values() if p.is_secret]
        self.entities = {p.name: p.entity for p in self.parameters.values() if p.entity is not None}

    @property
    def where(self) -> str:
        return f"{self.type.name}.{self.event.name}"

    @property
    def open_parameters(self) -> list[Parameter]:
        """The parameters that a visitor may fill."""
        return [p for p in self.parameters.values() if p.name not in self.private]

    def bind(self, inputs: Inputs) -> dict[str, Any]:
        """The validated arguments, defaults left out.

        Shapes: a parameter that is a record comes as the record's id.

        Raises: BindingError, naming event, parameter, value and source.
        """
        given: dict[str, Any] = {}
        problems: dict[str, str] = {}
        parameters, hidden = self.parameters, () if inputs.trusted else self.private
        for source, values in inputs.sources():
            for name, value in values.items():
                if name in given or name.startswith("_"):
                    continue
                parameter = parameters.get(name)
                if parameter is None or name in hidden:
                    raise self._error({name: f"is unknown (from {source})"})
                self._take(parameter, value, source, given, problems)
        if inputs.signals:
            for name, parameter in parameters.items():
                if name in inputs.signals and name not in given and name not in hidden:
                    self._take(parameter, inputs.signals[name], "signal", given, problems)
        for name, parameter in parameters.items():
            if name not in given and name not in problems and parameter.required:
                problems[name] = "is missing"
        if problems:
            raise self._error(problems)
        return given

    def _take(
        self,
        parameter: Parameter,
        value: Any,
        source: str,
        given: dict[str, Any],
        problems: dict[str, str],
    ) -> None:
        if value == "" and source != "JSON body" and not parameter.takes_text:
            return  # an empty input of a form says nothing
        adapter = parameter.adapter
        if adapter is None:  # a record, by its id
            given[parameter.name] = value.id if isinstance(value, Entity) else value
            return
        try:
            given[parameter.name] = adapter.validate_python(value)
            return
        except ValidationError as error:
            if isinstance(value, str) and not is_atomic(parameter.annotation):
                try:  # lists and objects come as JSON text from forms and addresses
                    given[parameter.name] = adapter.validate_python(from_json(value))
                    return
                except ValueError:
                    pass
            first = error.errors(include_url=False, include_context=False)[0]
        if first["type"] in ("int_parsing", "int_type", "float_parsing", "bool_parsing"):
            wanted = getattr(plain_types(parameter.annotation)[0], "__name__", "a value")
            problems[parameter.name] = f"must be {wanted}, got {_shown(value)} (from {source})"
        else:
            at = "".join(f"[{part!r}]" for part in first["loc"])
            text = f"{at} {_lower(first['msg'])}".strip()
            problems[parameter.name] = f"{text}, got {_shown(value)} (from {source})"

    def _error(self, problems: dict[str, str]) -> BindingError:
        told = "; ".join(f"{name!r} {text}" for name, text in problems.items())
        shown = ", ".join(_signature(p) for p in self.open_parameters)
        return BindingError(
            f"{self.where}: {told}. Signature: {self.event.name}({shown}).", problems
        )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _signature(parameter: Parameter) -> str:
    name = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    if typing.get_origin(parameter.annotation) is not None:
        name = str(parameter.annotation).replace("typing.", "")
    default = "" if parameter.required or parameter.default is None else f" = {parameter.default!r}"
    return f"{parameter.name}: {name}{default}"


def _hints(event: Event[Any, Any, Any]) -> dict[str, Any]:
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


def _special(name: str, annotation: Any) -> str | None:
    from starmodel.app.access import Actor
    from starmodel.app.session import Session

    by_type = {Actor: "actor", Session: "session"}
    for candidate in plain_types(annotation) if annotation is not inspect.Parameter.empty else ():
        if isinstance(candidate, type) and candidate in by_type:
            return by_type[candidate]
        if name in SPECIAL and getattr(candidate, "__name__", "") in ("Request", "UnitOfWork"):
            return name
    if name in SPECIAL and (annotation is inspect.Parameter.empty or isinstance(annotation, str)):
        return "signals" if name == "datastar" else name
    if name in SPECIAL and annotation in (dict, Any):
        return "signals" if name == "datastar" else name
    return None


def _parameter(
    where: str, parameter: inspect.Parameter, annotation: Any, registry: Registry
) -> Parameter:
    if annotation is inspect.Parameter.empty:
        annotation = Any
    kinds = plain_types(annotation)
    entities = [k for k in kinds if isinstance(k, type) and issubclass(k, Entity)]
    if entities:
        if len(kinds) != 1 or entities[0] not in registry:
            raise ConfigurationError(
                f"{where}: parameter {parameter.name!r} must name one entity of this application."
            )
        return Parameter(parameter.name, annotation, None, parameter.default, entities[0])
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    except Exception as error:
        raise ConfigurationError(
            f"{where}: parameter {parameter.name!r} has the type {annotation!r}, "
            "which can't be read from a request."
        ) from error
    return Parameter(parameter.name, annotation, adapter, parameter.default)
