"""From what a request carries to the arguments of an event."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, SecretBytes, SecretStr, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from starmodel.app.access import Actor
from starmodel.app.form_texts import filled, from_text, is_list, written_types
from starmodel.app.session import Session
from starmodel.app.uow import UnitOfWork
from starmodel.core.entity import Entity
from starmodel.core.errors import BindingError, ConfigurationError
from starmodel.core.events import Event
from starmodel.core.fields import is_atomic, plain_types
from starmodel.core.registry import EntityType, Registry
from starmodel.core.sentences import sentence

SPECIAL = ("request", "session", "actor", "signals", "datastar", "uow")
MASK = "**********"
_SPECIAL_TYPES: dict[str, type] = {"actor": Actor, "session": Session, "uow": UnitOfWork}


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
    `inspect.Parameter.empty` when a value is required; is_field is True
    for a field of the entity that the event takes by `**values`.
    """

    name: str
    annotation: Any
    adapter: TypeAdapter[Any] | None
    default: Any
    entity: type[Entity] | None = None
    is_field: bool = False

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def may_be_none(self) -> bool:
        return type(None) in typing.get_args(self.annotation)

    @property
    def is_secret(self) -> bool:
        return any(t in (SecretStr, SecretBytes) for t in _types_in(self.annotation))

    @property
    def takes_text(self) -> bool:
        return any(t in (str, SecretStr, Any) for t in written_types(self.annotation))


MAX_BOUND = 256


class Binder:
    """The parameters of one event, worked out once.

    Raises: ConfigurationError, for a parameter that can never be filled.
    """

    def __init__(self, type: EntityType, event: Event[Any, Any, Any], registry: Registry) -> None:
        self.type, self.event, self.registry = type, event, registry
        self.special: dict[str, str] = {}
        self.parameters: dict[str, Parameter] = {}
        self.own: dict[str, Any] = {}
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
                made = _parameter(self.where, parameter, annotation, registry)
                if made.entity is not None and not registry[made.entity].is_record:
                    self.own[name] = made.entity  # the visitor's own; no id is ever taken
                else:
                    self.parameters[name] = made
        needed = [type, *(registry[cls] for cls in self.own.values())]
        self.carries = tuple(dict.fromkeys(t.name for t in needed if t.in_browser))
        if self.carries and event.info.method in ("get", "delete"):
            raise ConfigurationError(
                f"{self.where} has method {event.info.method!r}, but the state of "
                f"{self.carries[0]} comes from the browser in the body of the request. "
                "Use method 'post', 'put' or 'patch'."
            )
        self.private = set[str]()
        for name, spec in type.cls.__entity__.fields.items() if self.takes_fields else ():
            if name not in self.parameters:  # what the event itself declares is open
                wanted: Any = spec.info.annotation
                self.parameters[name] = Parameter(
                    name, wanted, TypeAdapter(wanted), None, is_field=True
                )
                if not spec.editable:
                    self.private.add(name)
        self.sensitive = [p.name for p in self.parameters.values() if p.is_secret]
        self.entities = {p.name: p.entity for p in self.parameters.values() if p.entity is not None}
        private = type.cls.__entity__.private
        self.unsaid = {
            p.name
            for p in self.parameters.values()
            if p.is_secret or (p.is_field and p.name in private)
        }
        self.containers = {
            p.name for p in self.parameters.values() if p.adapter and _can_change(p.annotation)
        }
        # A button sends the same few texts again and again; what plain types made of them is kept.
        self._repeats = all(
            p.annotation in (int, str, float, bool) for p in self.parameters.values()
        )
        self._bound: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
        self.needs_more = bool(self.special or self.entities or self.own or self.containers)

    @property
    def where(self) -> str:
        return f"{self.type.name}.{self.event.name}"

    def method(self, default: str) -> str:
        """The HTTP method of the event: its own, else the default where that has a body."""
        needs_body = self.carries and default in ("get", "delete")
        return self.event.info.method or ("post" if needs_body else default)

    @property
    def signature(self) -> str:
        """The event as its callers see it: "adjust_stock(delta: int)"."""
        shown = ", ".join(_signature(parameter) for parameter in self.open_parameters)
        return f"{self.event.name}({shown})"

    @property
    def open_parameters(self) -> list[Parameter]:
        """The parameters that a visitor may fill."""
        return [p for p in self.parameters.values() if p.name not in self.private]

    @property
    def needed(self) -> list[Parameter]:
        """The parameters without which the event can't run."""
        return [p for p in self.open_parameters if p.required]

    def bind(self, inputs: Inputs) -> dict[str, Any]:
        """The validated arguments, defaults left out.

        Shapes: a parameter that is a record comes as the record's id.

        Raises: BindingError, naming event, parameter, value and source.
        """
        repeats = self._repeats and not (
            inputs.trusted or inputs.body or inputs.signals or inputs.files or inputs.path
        )
        key = tuple(inputs.fixed.items()) if repeats else ()
        known = self._bound.get(key) if repeats else None
        if known is None:
            known = self._bind(inputs)
            if repeats and len(self._bound) < MAX_BOUND:
                self._bound[key] = known
        return dict(known)

    def _bind(self, inputs: Inputs) -> dict[str, Any]:
        given: dict[str, Any] = {}
        problems: dict[str, _Wrong] = {}
        parameters, hidden = self.parameters, () if inputs.trusted else self.private
        for source, values in inputs.sources():
            for name, value in values.items():
                if name in given or name in problems or name.startswith("_"):
                    continue
                parameter = parameters.get(name)
                if parameter is None or name in hidden:
                    raise self._error({name: _Wrong(f"is unknown (from {source})")})
                self._take(parameter, value, source, given, problems)
        if inputs.signals:
            for name, parameter in parameters.items():
                if name in inputs.signals and name not in given and name not in hidden:
                    self._take(parameter, inputs.signals[name], "signal", given, problems)
        for name, parameter in parameters.items():
            if name not in given and name not in problems and parameter.required:
                problems[name] = _Wrong("is missing", sentence({"type": "missing"}))
        if problems:
            raise self._error(problems)
        return given

    def _take(
        self,
        parameter: Parameter,
        value: Any,
        source: str,
        given: dict[str, Any],
        problems: dict[str, _Wrong],
    ) -> None:
        if value == "" and source != "JSON body" and not parameter.takes_text:
            if parameter.may_be_none and (parameter.required or parameter.is_field):
                given[parameter.name] = None
                return
            if source != "form" or not (parameter.is_field and is_list(parameter.annotation)):
                return  # an empty input of a form says nothing
        adapter = parameter.adapter
        if adapter is None:  # a record, by its id
            if value not in (None, "") or parameter.may_be_none or not parameter.required:
                given[parameter.name] = value.id if isinstance(value, Entity) else value
            return
        if source == "form" and isinstance(value, dict):
            value = filled(parameter.annotation, value)
        try:
            given[parameter.name] = adapter.validate_python(value)
            return
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
        if source != "JSON body" or not is_atomic(parameter.annotation):
            try:
                given[parameter.name] = adapter.validate_python(
                    from_text(parameter.annotation, value)
                )
                return
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
            except ValueError:
                pass  # no JSON at all: what was wrong with the text itself is told
        told = _technical(parameter, value, first, source)
        problems[parameter.name] = _Wrong(told, sentence(first))

    def _error(self, problems: dict[str, _Wrong]) -> BindingError:
        told = "; ".join(f"{name!r} {wrong.told}" for name, wrong in problems.items())
        beside = {name: wrong.sentence or wrong.told for name, wrong in problems.items()}
        return BindingError(f"{self.where}: {told}. Signature: {self.signature}.", beside)


class _Wrong(NamedTuple):
    """What is wrong with one argument: for programs and logs, and beside an input."""

    told: str
    sentence: str = ""


def _technical(parameter: Parameter, value: Any, error: Any, source: str) -> str:
    """What is wrong with a value, without showing anything secret."""
    at = "".join(f"[{part!r}]" for part in error["loc"])
    got = "" if parameter.is_secret else f", got {_shown(error['input'] if at else value)}"
    if not at and error["type"] in ("int_parsing", "int_type", "float_parsing", "bool_parsing"):
        wanted = getattr(plain_types(parameter.annotation)[0], "__name__", "a value")
        return f"must be {wanted}{got} (from {source})"
    return f"{at}{' ' if at else ''}{_lower(error['msg'])}{got} (from {source})"


def _can_change(annotation: Any) -> bool:
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


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


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


def _signature(parameter: Parameter) -> str:
    name = type_name(parameter.annotation)
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


def _parameter(
    where: str, parameter: inspect.Parameter, annotation: Any, registry: Registry
) -> Parameter:
    if annotation is inspect.Parameter.empty:
        annotation = Any
    if isinstance(parameter.default, FieldInfo):  # which only a model would understand
        raise ConfigurationError(
            f"{where}: {parameter.name!r} has a Field(...) as its default; write "
            f"{parameter.name}: Annotated[type, Field(...)] = default."
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
    return Parameter(parameter.name, annotation, adapter, parameter.default)
