"""Binding of the inputs of a request to the parameters of an event."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from starmodel.app.commands.binding.conversion import Converter
from starmodel.app.commands.binding.linked_parameters import linked_parameters
from starmodel.app.commands.binding.parameters import (
    Parameter,
    can_change,
    field_parameter,
    parameter_of,
)
from starmodel.app.commands.binding.private_parts import (
    NOT_HERE,
    IncompleteInputError,
    completed,
)
from starmodel.app.commands.binding.problems import (
    MISSING,
    MISSING_FILE,
    ArgumentProblem,
    beside,
    cut,
)
from starmodel.app.commands.binding.shown_fields import shown_conditions
from starmodel.app.commands.binding.special_parameters import hints_of, special_of
from starmodel.app.commands.inputs import Inputs
from starmodel.core.classes.foreign_keys import foreign_keys
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import BindingError, ConfigurationError
from starmodel.core.events import Event
from starmodel.core.fields.types import names_by_alias
from starmodel.core.values.bounded_cache import BoundedCache

MAX_BOUND_BYTES = 64 * 1024


class Binder:
    """Binds inputs to the parameters of one event; the signature is inspected once.

    Raises: ConfigurationError, for a parameter that no request can fill.
    """

    def __init__(
        self, entity_type: EntityType, event: Event[Any, Any, Any], registry: Registry
    ) -> None:
        self.entity_type, self.event, self.registry = entity_type, event, registry
        self.special: dict[str, str] = {}
        self.parameters: dict[str, Parameter] = {}
        self.own: dict[str, Any] = {}
        self.takes_fields = False
        hints = hints_of(event, registry)
        for name, parameter in list(event.signature.parameters.items())[1:]:
            annotation = hints.get(name, parameter.annotation)
            special = special_of(name, annotation)
            if special:
                self.special[name] = special
            elif parameter.kind is parameter.VAR_KEYWORD:
                self.takes_fields = True
            elif parameter.kind is parameter.VAR_POSITIONAL:
                raise ConfigurationError(
                    f"{self.where}: *{name} can't be filled by a request; name the parameters."
                )
            else:
                bound = parameter_of(self.where, parameter, annotation, registry)
                if bound.entity is not None and not registry[bound.entity].is_record:
                    self.own[name] = bound.entity  # the session's instance; its id is not an input
                else:
                    self.parameters[name] = bound
        needed = [entity_type, *(registry[cls] for cls in self.own.values())]
        self.browser_stores = tuple(dict.fromkeys(t.name for t in needed if t.in_browser))
        if self.browser_stores and event.info.method in ("get", "delete"):
            raise ConfigurationError(
                f"{self.where} has method {event.info.method!r}, but the state of "
                f"{self.browser_stores[0]} comes from the browser in the body of the request. "
                "Use method 'post', 'put' or 'patch'."
            )
        self.files = tuple(p.name for p in self.parameters.values() if p.file is not None)
        if self.files and event.info.method in ("get", "delete"):
            raise ConfigurationError(
                f"{self.where} has method {event.info.method!r}, but the file {self.files[0]!r} "
                "comes in the body of the request. Use method 'post', 'put' or 'patch'."
            )
        self.private, self.fields = set[str](), set[str]()
        for name, spec in entity_type.cls.__entity__.fields.items() if self.takes_fields else ():
            if name not in self.parameters:  # a declared parameter takes precedence over a field
                self.parameters[name] = field_parameter(entity_type.cls, name)
                self.fields.add(name)
                if not spec.editable:
                    self.private.add(name)
        self.linked = (
            linked_parameters(entity_type, taken=self.parameters) if self.takes_fields else {}
        )
        """The many-to-many relations that the event sets by the ids of their records."""
        self.parameters |= self.linked
        self.aliases = {
            alias: parameter.name
            for parameter in self.parameters.values()
            for alias in parameter.aliases
            if alias not in self.parameters
        }
        if self.takes_fields:
            self.aliases = names_by_alias(entity_type.cls) | self.aliases
        self.sensitive = [p.name for p in self.parameters.values() if p.is_secret]
        self.entities = {p.name: p.entity for p in self.parameters.values() if p.entity is not None}
        info = entity_type.cls.__entity__
        private = info.private
        self.guarded = self.fields.intersection(info.read_rules.keys() | info.write_rules.keys())
        """The fields among the parameters that have access rules of their own."""
        self.unsaid = {
            p.name
            for p in self.parameters.values()
            if p.is_secret or (p.is_field and p.name in private)
        }
        self.containers = {
            p.name for p in self.parameters.values() if p.adapter and can_change(p.annotation)
        }
        self.conditions = shown_conditions(entity_type) if self.takes_fields else {}
        """The conditions of fields that forms hide."""
        self._converter = Converter(entity_type, event, registry, self.parameters)
        self.scalar = all(p.full_type in (int, str, float, bool) for p in self.parameters.values())
        # Scalars without secrets are JSON data already.
        self.is_recorded_as_given = self.scalar and not self.unsaid
        self.takes_request = "request" in self.special.values()
        self._bound: BoundedCache[tuple[tuple[str, str], ...], dict[str, Any]] = BoundedCache(
            MAX_BOUND_BYTES
        )
        self.needs_more = bool(
            self.special
            or self.entities
            or self.own
            or self.containers
            or self.guarded
            or self.conditions
            or self._converter.private_parts
            or (self.takes_fields and next(foreign_keys(entity_type.cls), None))
            or any(spec.ui.choices is not None for spec in info.fields.values())
        )

    @property
    def where(self) -> str:
        return f"{self.entity_type.name}.{self.event.name}"

    def method(self, default: str) -> str:
        """The HTTP method: the event's option, else the default, or POST if the body is needed."""
        needs_body = (self.browser_stores or self.files) and default in ("get", "delete")
        return self.event.info.method or ("post" if needs_body else default)

    @property
    def signature(self) -> str:
        """The signature for error messages: "adjust_stock(delta: int)"."""
        return self._signature(frozenset())

    def _signature(self, hidden: frozenset[str]) -> str:
        listed = [p.signature for p in self.public_parameters if not self._hides(hidden, p.name)]
        return f"{self.event.name}({', '.join(listed)})"

    def _hides(self, hidden: frozenset[str], name: str) -> bool:
        return name in hidden and name in self.fields  # not a parameter that the event declares

    @property
    def public_parameters(self) -> list[Parameter]:
        """The parameters that untrusted callers may pass."""
        return [p for p in self.parameters.values() if p.name not in self.private]

    @property
    def form_parameters(self) -> list[Parameter]:
        """The public parameters that generated forms may have inputs for."""
        return self.public_parameters

    @property
    def needed(self) -> list[Parameter]:
        """The required parameters."""
        return [p for p in self.public_parameters if p.required]

    def bind(self, inputs: Inputs) -> dict[str, Any]:
        """Validate the inputs and return them as arguments, without defaults.

        Shapes: the argument for an entity type is the id of the record.

        Raises: BindingError, naming event, parameter, value and source.
        """
        if not self.scalar or (
            inputs.body or inputs.signals or inputs.trusted or inputs.files or inputs.path
            or inputs.uncertain
        ):  # fmt: skip
            return self._bind(inputs)
        # Actions of buttons repeat the same query strings, so their arguments are cached.
        key = tuple(inputs.fixed.items())
        try:
            arguments = self._bound.get(key)
        except TypeError:  # unhashable values, passed by code
            return self._bind(inputs)
        if arguments is None:
            arguments = self._bind(inputs)
            self._bound.put(key, arguments)
        return arguments.copy()

    def partial(self, inputs: Inputs) -> tuple[dict[str, Any], dict[str, str]]:
        """The valid arguments, and the message of each invalid one by parameter name.

        For validation while a form is filled in: a missing file is not reported,
        because such requests have no files.

        Raises: BindingError, for an unknown name.
        """
        arguments, problems = self._converted(inputs)
        for name in self.files:
            if name not in inputs.files:
                problems.pop(name, None)
        return arguments, beside(problems)

    def _bind(self, inputs: Inputs) -> dict[str, Any]:
        arguments, problems = self._converted(inputs)
        if problems:
            raise self._error(problems, inputs)
        return arguments

    def _converted(self, inputs: Inputs) -> tuple[dict[str, Any], dict[str, ArgumentProblem]]:
        arguments: dict[str, Any] = {}
        problems: dict[str, ArgumentProblem] = {}
        convert = self._converter.convert
        parameters = self.parameters
        hidden = frozenset() if inputs.trusted else self.private | (self.fields & inputs.closed)
        for source, values in inputs.sources():
            for key, value in values.items():
                name = key if key in parameters else self.aliases.get(key, key)
                if name in arguments or name in problems:
                    continue
                parameter = parameters.get(name)
                if parameter is None or name in hidden:
                    raise self.unknown(key, source, inputs)
                convert(parameter, value, source, inputs, arguments, problems)
        if inputs.signals:
            for name, parameter in parameters.items():
                if name in inputs.signals and name not in arguments and name not in hidden:
                    signal = inputs.signals[name]
                    convert(parameter, signal, "signal", inputs, arguments, problems)
        for name, parameter in parameters.items():
            if name in arguments or name in problems or not parameter.required:
                continue
            if not any(key.startswith(f"{name}.") for key in problems):
                problems[name] = MISSING if parameter.file is None else MISSING_FILE
        return arguments, problems

    def complete(
        self, entity: Entity, arguments: Mapping[str, Any], *, trusted: bool
    ) -> Mapping[str, Any]:
        """The arguments, with the private parts of the stored models merged in.

        Raises: BindingError, when a required private part is not stored either.
        """
        if not self._converter.private_parts:
            return arguments
        try:
            return completed(
                entity,
                arguments,
                self._converter.private_parts,
                self._converter.open_models,
                trusted=trusted,
            )
        except IncompleteInputError as error:
            name = str(error)
            problem = ArgumentProblem("can't be set here", NOT_HERE)
            raise self._error({name: problem}, Inputs()) from None

    def refuse_hidden(self, names: Container[str], inputs: Inputs) -> None:
        """Refuse a field in the inputs that its caller may not read, as an unknown name.

        Raises: BindingError.
        """
        for source, values in inputs.sources():
            for key in values:
                if (key if key in self.parameters else self.aliases.get(key, key)) in names:
                    raise self.unknown(key, source, inputs)

    def unknown(self, key: str, source: str, inputs: Inputs) -> BindingError:
        """The error for a name that no parameter has."""
        return self._error({cut(key): ArgumentProblem(f"is unknown (from {source})")}, inputs)

    def _error(self, problems: dict[str, ArgumentProblem], inputs: Inputs) -> BindingError:
        listed = "; ".join(f"{name!r} {problem.text}" for name, problem in problems.items())
        signature = self._signature(inputs.uncertain)
        return BindingError(f"{self.where}: {listed}. Signature: {signature}.", beside(problems))
