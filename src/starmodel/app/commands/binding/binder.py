"""From what a request carries to the arguments of an event."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from starmodel.app.commands.binding.files import FileRule, holds_file
from starmodel.app.commands.binding.form_texts import filled, from_text, is_list
from starmodel.app.commands.binding.inputs import Inputs
from starmodel.app.commands.binding.models import UnknownPartError, accepted
from starmodel.app.commands.binding.parameters import (
    Parameter,
    can_change,
    field_parameter,
    hints_of,
    parameter_of,
    signature_of,
    special_of,
)
from starmodel.app.commands.binding.private_parts import (
    NOT_HERE,
    IncompleteInput,
    IncompleteInputError,
    completed,
)
from starmodel.app.commands.binding.problems import (
    INFINITE,
    MISSING,
    MISSING_FILE,
    TAKES_NO_FILE,
    ArgumentProblem,
    beside,
    cut,
    technical,
    unknown_part,
)
from starmodel.core.classes.foreign_keys import foreign_keys
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import BindingError, ConfigurationError
from starmodel.core.events import Event
from starmodel.core.fields.field_types import is_atomic
from starmodel.core.fields.nested import all_models, is_private_path, models_in, parts_of
from starmodel.core.fields.types import names_by_alias
from starmodel.core.sentences import sentence
from starmodel.core.values.bounded_cache import BoundedCache
from starmodel.core.values.bounds import BoundsError
from starmodel.core.values.json_data import holds_bytes, with_bytes
from starmodel.texts.catalogue import Message

_JSON = ("JSON body", "signal")
_TYPED = ("JSON body", "arguments")  # whose texts are meant as texts
MAX_BOUND_BYTES = 64 * 1024


class Binder:
    """The parameters of one event, worked out once.

    Raises: ConfigurationError, for a parameter that can never be filled.
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
                    self.own[name] = bound.entity  # the visitor's own; no id is ever taken
                else:
                    self.parameters[name] = bound
        needed = [entity_type, *(registry[cls] for cls in self.own.values())]
        self.carries = tuple(dict.fromkeys(t.name for t in needed if t.in_browser))
        if self.carries and event.info.method in ("get", "delete"):
            raise ConfigurationError(
                f"{self.where} has method {event.info.method!r}, but the state of "
                f"{self.carries[0]} comes from the browser in the body of the request. "
                "Use method 'post', 'put' or 'patch'."
            )
        self.files = tuple(p.name for p in self.parameters.values() if p.file is not None)
        if self.files and event.info.method in ("get", "delete"):
            raise ConfigurationError(
                f"{self.where} has method {event.info.method!r}, but the file {self.files[0]!r} "
                "comes in the body of the request. Use method 'post', 'put' or 'patch'."
            )
        self.private = set[str]()
        for name, spec in entity_type.cls.__entity__.fields.items() if self.takes_fields else ():
            if name not in self.parameters:  # what the event itself declares is open
                self.parameters[name] = field_parameter(entity_type.cls, name)
                if not spec.editable:
                    self.private.add(name)
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
        private = entity_type.cls.__entity__.private
        fields = entity_type.cls.__pydantic_fields__
        self.text_needed = {
            p.name
            for p in self.parameters.values()
            if p.takes_text and not p.may_be_none and p.adapter is not None
            and (p.required or (p.is_field and fields[p.name].is_required()))
        }  # fmt: skip
        self.unsaid = {
            p.name
            for p in self.parameters.values()
            if p.is_secret or (p.is_field and p.name in private)
        }
        self.containers = {
            p.name for p in self.parameters.values() if p.adapter and can_change(p.annotation)
        }
        models = {p.name: all_models([p.annotation]) for p in self.parameters.values() if p.adapter}
        self.with_models = {name for name, found in models.items() if found}
        self.open_models = frozenset().union(*models.values()) - registry.stored_models
        self.private_parts = {
            name: self.parameters[name].full_type
            for name, found in models.items()
            if any(part.private for model in found for part in parts_of(model).values())
        }
        for name in self.private_parts:  # which are put in before the class reads them
            self.parameters[name] = replace(self.parameters[name], custom_parsing=False)
        self.with_bytes = {p.name for p in self.parameters.values() if holds_bytes(p.annotation)}
        self.scalar = all(p.full_type in (int, str, float, bool) for p in self.parameters.values())
        # Plain scalars, and none of them secret: the record takes the arguments as they are.
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
            or self.private_parts
            or (self.takes_fields and next(foreign_keys(entity_type.cls), None))
        )

    @property
    def where(self) -> str:
        return f"{self.entity_type.name}.{self.event.name}"

    def method(self, default: str) -> str:
        """The HTTP method of the event: its own, else the default where that has a body."""
        needs_body = (self.carries or self.files) and default in ("get", "delete")
        return self.event.info.method or ("post" if needs_body else default)

    @property
    def signature(self) -> str:
        """The event as its callers see it: "adjust_stock(delta: int)"."""
        listed = ", ".join(signature_of(parameter) for parameter in self.public_parameters)
        return f"{self.event.name}({listed})"

    @property
    def public_parameters(self) -> list[Parameter]:
        """The parameters that a visitor may fill."""
        return [p for p in self.parameters.values() if p.name not in self.private]

    @property
    def needed(self) -> list[Parameter]:
        """The parameters without which the event can't run."""
        return [p for p in self.public_parameters if p.required]

    def bind(self, inputs: Inputs) -> dict[str, Any]:
        """The validated arguments, defaults left out.

        Shapes: a parameter that is a record comes as the record's id.

        Raises: BindingError, naming event, parameter, value and source.
        """
        if not self.scalar or (
            inputs.body or inputs.signals or inputs.trusted or inputs.files or inputs.path
        ):
            return self._bind(inputs)
        # A button sends the same few texts again and again; what they said is kept.
        key = tuple(inputs.fixed.items())
        try:
            arguments = self._bound.get(key)
        except TypeError:  # code gave a list or the like, and hears what is wrong with it
            return self._bind(inputs)
        if arguments is None:
            arguments = self._bind(inputs)
            self._bound.put(key, arguments)
        return arguments.copy()

    def partial(self, inputs: Inputs) -> tuple[dict[str, Any], dict[str, str]]:
        """The arguments that are valid, and a sentence for each other one, by name.

        A file that is missing is no problem yet: while a form is filled in, it is not sent.

        Raises: BindingError, for a name that is unknown.
        """
        arguments, problems = self._sorted(inputs)
        for name in self.files:
            if name not in inputs.files:
                problems.pop(name, None)
        return arguments, beside(problems)

    def _bind(self, inputs: Inputs) -> dict[str, Any]:
        arguments, problems = self._sorted(inputs)
        if problems:
            raise self._error(problems)
        return arguments

    def _sorted(self, inputs: Inputs) -> tuple[dict[str, Any], dict[str, ArgumentProblem]]:
        arguments: dict[str, Any] = {}
        problems: dict[str, ArgumentProblem] = {}
        parameters, hidden = self.parameters, () if inputs.trusted else self.private
        for source, values in inputs.sources():
            for key, value in values.items():
                name = key if key in parameters else self.aliases.get(key, key)
                if name in arguments or name in problems:
                    continue
                parameter = parameters.get(name)
                if parameter is None or name in hidden:
                    raise self._error({cut(name): ArgumentProblem(f"is unknown (from {source})")})
                self._take(parameter, value, source, inputs, arguments, problems)
        if inputs.signals:
            for name, parameter in parameters.items():
                if name in inputs.signals and name not in arguments and name not in hidden:
                    signal = inputs.signals[name]
                    self._take(parameter, signal, "signal", inputs, arguments, problems)
        for name, parameter in parameters.items():
            if name not in arguments and name not in problems and parameter.required:
                problems[name] = MISSING if parameter.file is None else MISSING_FILE
        return arguments, problems

    def _take(
        self,
        parameter: Parameter,
        value: Any,
        source: str,
        inputs: Inputs,
        arguments: dict[str, Any],
        problems: dict[str, ArgumentProblem],
    ) -> None:
        trusted = inputs.trusted
        if parameter.file is not None:
            self._take_file(parameter, parameter.file, value, source, arguments, problems)
            return
        if source == "files" and holds_file(value):
            problems[parameter.name] = TAKES_NO_FILE
            return
        if value == "" and source != "JSON body" and not parameter.takes_text:
            if parameter.may_be_none and (parameter.required or parameter.is_field):
                arguments[parameter.name] = None
                return
            if source != "form" or not parameter.is_field:
                return  # an empty input leaves the default
            if not is_list(parameter.annotation):
                if self.event.name != "create":  # it was emptied: the old value is not meant
                    problems[parameter.name] = MISSING
                return
        elif value == "" and source == "form" and parameter.name in self.text_needed:
            problems[parameter.name] = MISSING
            return
        if parameter.name in self.with_bytes:
            value = with_bytes(parameter.annotation, value)
        if parameter.adapter is None:  # a record, by its id
            if value not in (None, "") or parameter.may_be_none or not parameter.required:
                arguments[parameter.name] = value.id if isinstance(value, Entity) else value
            return
        try:
            if source == "form" and isinstance(value, dict):
                value = filled(parameter.annotation, value, inputs.bounds)
            try:
                argument = self._validated(
                    parameter, value, inputs, source, is_text=source == "form"
                )
                if (
                    isinstance(argument, float)
                    and not math.isfinite(argument)
                    and source != "arguments"
                ):
                    problems[parameter.name] = INFINITE  # neither JSON nor an input can show it
                else:
                    arguments[parameter.name] = argument
                return
            except ValidationError as error:
                first = self._first_public(parameter, error)
            if source != "JSON body" or not is_atomic(parameter.annotation):
                try:
                    parsed = from_text(parameter.annotation, value, inputs.bounds)
                    if parameter.name in self.with_bytes:
                        parsed = with_bytes(parameter.annotation, parsed)
                    arguments[parameter.name] = self._validated(
                        parameter, parsed, inputs, source, is_text=source not in _TYPED
                    )
                    return
                except ValidationError as error:
                    first = self._first_public(parameter, error)
                    value = parsed if first is None else value
        except UnknownPartError as error:
            problems[parameter.name] = unknown_part(error, source)
            return
        except BoundsError as error:
            problems[parameter.name] = ArgumentProblem(
                f"{error} (from {source})", Message("value.out_of_bounds", problem=error.args[0])
            )
            return
        except ValueError:
            pass  # no JSON at all: the error of the text itself is answered
        if first is None:  # only private parts are missing, which the stored value may have
            arguments[parameter.name] = IncompleteInput(self._accepted(parameter, value, trusted))
            return
        text = technical(parameter, value, first, source)
        problems[parameter.name] = ArgumentProblem(text, sentence(first))

    def _take_file(
        self,
        parameter: Parameter,
        rule: FileRule,
        value: Any,
        source: str,
        arguments: dict[str, Any],
        problems: dict[str, ArgumentProblem],
    ) -> None:
        if value is None and parameter.may_be_none:
            arguments[parameter.name] = None
        elif value in ("", []) or (source != "files" and value is None):
            return  # an empty input
        elif problem := rule.problem(value):
            problems[parameter.name] = ArgumentProblem(
                f"must be a file: {problem} (from {source})", problem
            )
        else:
            arguments[parameter.name] = parameter.accept(rule.value(value))

    def _accepted(self, parameter: Parameter, value: Any, trusted: bool) -> Any:
        """The input, checked for names of nested models. Raises: UnknownPartError."""
        if trusted or parameter.name not in self.with_models:
            return value
        return accepted(parameter.annotation, value, self.open_models)

    def _validated(
        self, parameter: Parameter, value: Any, inputs: Inputs, source: str, *, is_text: bool
    ) -> Any:
        accepted = self._accepted(parameter, value, inputs.trusted)
        return parameter.accept(accepted, is_json=source in _JSON, is_text=is_text)

    def _first_public(self, parameter: Parameter, error: ValidationError) -> Any:
        """The first error that is not about a private part of a model; None when all are."""
        errors = error.errors(include_url=False)
        if parameter.name not in self.private_parts:
            return errors[0]
        models = list(models_in(parameter.annotation))
        public = (e for e in errors if not is_private_path(models, e["loc"]))
        return next(public, None)

    def complete(
        self, entity: Entity, arguments: Mapping[str, Any], *, trusted: bool
    ) -> Mapping[str, Any]:
        """The arguments with the private parts of the stored models that they replace.

        Raises: BindingError, for an argument that needs private parts where none are stored.
        """
        if not self.private_parts:
            return arguments
        try:
            return completed(
                entity, arguments, self.private_parts, self.open_models, trusted=trusted
            )
        except IncompleteInputError as error:
            name = str(error)
            raise self._error({name: ArgumentProblem("can't be set here", NOT_HERE)}) from None

    def _error(self, problems: dict[str, ArgumentProblem]) -> BindingError:
        listed = "; ".join(f"{name!r} {problem.text}" for name, problem in problems.items())
        text = f"{self.where}: {listed}. Signature: {self.signature}."
        return BindingError(text, beside(problems))
