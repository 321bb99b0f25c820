"""Conversion of the input of a parameter to an argument of an event."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from starmodel.app.commands.binding.files import FileRule, holds_file
from starmodel.app.commands.binding.form_texts import RowError, filled, from_text, is_list
from starmodel.app.commands.binding.models import UnknownPartError, accepted
from starmodel.app.commands.binding.number_texts import (
    AmbiguousNumberError,
    is_number,
    plain_number,
)
from starmodel.app.commands.binding.parameters import Parameter
from starmodel.app.commands.binding.private_parts import IncompleteInput
from starmodel.app.commands.binding.problems import (
    INFINITE,
    MISSING,
    NOT_CHOSEN,
    TAKES_NO_FILE,
    ArgumentProblem,
    json_problem,
    technical,
    unknown_part,
)
from starmodel.app.commands.binding.rows import Rows, place_of
from starmodel.app.commands.binding.search_words import SearchWords
from starmodel.app.commands.binding.sent_records import SentRecords
from starmodel.app.commands.inputs import Inputs
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.fields.field_types import is_atomic, plain_types
from starmodel.core.fields.nested import all_models, is_private_path, models_in, parts_of
from starmodel.core.values.bounds import BoundsError
from starmodel.core.values.json_data import holds_bytes, with_bytes
from starmodel.core.values.validation_messages import sentence
from starmodel.texts.catalogue import Message

_JSON = ("JSON body", "signal")
MAX_PROBLEMS = 50  # of one value with several inputs
_TYPED = ("JSON body", "arguments")  # sources in which a string is a str, never a serialised value


class Converter:
    """Converts and validates the inputs of one event.

    Shapes: private_parts has the types of parameters whose models have private
    parts; open_models are models that only events take, and no entity stores.
    """

    def __init__(
        self,
        entity_type: EntityType,
        event: Event[Any, Any, Any],
        registry: Registry,
        parameters: dict[str, Parameter],
    ) -> None:
        self._is_create = event.name == "create"
        fields = entity_type.cls.__pydantic_fields__
        self._text_needed = {
            p.name
            for p in parameters.values()
            if p.takes_text and not p.may_be_none and p.adapter is not None
            and (p.required or (p.is_field and fields[p.name].is_required()))
        }  # fmt: skip
        models = {p.name: all_models([p.annotation]) for p in parameters.values() if p.adapter}
        self._with_models = {name for name, found in models.items() if found}
        self.open_models = frozenset().union(*models.values()) - registry.stored_models
        self.private_parts = {
            name: parameters[name].full_type
            for name, found in models.items()
            if any(part.private for model in found for part in parts_of(model).values())
        }
        for name in self.private_parts:  # merged before the validators of the class run
            parameters[name] = replace(parameters[name], custom_parsing=False)
        self._with_bytes = {p.name for p in parameters.values() if holds_bytes(p.annotation)}

    def convert(
        self,
        parameter: Parameter,
        value: Any,
        source: str,
        inputs: Inputs,
        arguments: dict[str, Any],
        problems: dict[str, ArgumentProblem],
    ) -> None:
        """Add the validated value to the arguments, or an error to the problems.

        An empty form input adds neither where the default applies.
        """
        name, sent = parameter.name, value
        if isinstance(value, SearchWords):
            problems[name] = NOT_CHOSEN
            return
        if isinstance(value, SentRecords):
            self._convert_records(parameter, value, inputs, arguments, problems)
            return
        if parameter.file is not None:
            _convert_file(parameter, parameter.file, value, source, arguments, problems)
            return
        if source == "files" and holds_file(value):
            problems[name] = TAKES_NO_FILE
            return
        if value == "" and self._is_empty(parameter, source, arguments, problems):
            return
        if name in self._with_bytes:
            value = with_bytes(parameter.annotation, value)
        if parameter.adapter is None:  # an entity, by its id
            if value not in (None, "") or parameter.may_be_none or not parameter.required:
                arguments[name] = value.id if isinstance(value, Entity) else value
            return
        try:
            if source == "form" and isinstance(value, dict | Rows):
                value = filled(parameter.annotation, value, inputs.bounds)
            try:
                argument = self._validated(
                    parameter, value, inputs, source, is_text=source == "form"
                )
                is_finite = not isinstance(argument, float) or math.isfinite(argument)
                if is_finite or source == "arguments":
                    arguments[name] = argument
                else:
                    problems[name] = INFINITE  # JSON and HTML inputs can't represent it
                return
            except ValidationError as error:
                errors = self._public(parameter, error)
            if source != "JSON body" or not is_atomic(parameter.annotation):
                try:
                    parsed = from_text(parameter.annotation, value, inputs.bounds)
                    if source == "form" and is_number(parameter.annotation):
                        whole = plain_types(parameter.annotation) == [int]
                        parsed = plain_number(value, whole=whole)
                    if name in self._with_bytes:
                        parsed = with_bytes(parameter.annotation, parsed)
                    arguments[name] = self._validated(
                        parameter, parsed, inputs, source, is_text=source not in _TYPED
                    )
                    return
                except ValidationError as error:
                    errors = self._public(parameter, error)
                    value = value if errors else parsed
        except UnknownPartError as error:
            problems[name] = unknown_part(error, source)
            return
        except BoundsError as error:
            problems[name] = ArgumentProblem(
                f"{error} (from {source})", Message("value.out_of_bounds", problem=error.args[0])
            )
            return
        except RowError as error:
            problems[f"{name}.{error.place}"] = ArgumentProblem(str(error.problem), error.problem)
            return
        except AmbiguousNumberError as error:
            problems[name] = ArgumentProblem(f"{error.problem} (from form)", error.problem)
            return
        except ValueError as error:  # invalid JSON
            problem = json_problem(error) if source == "form" else None
            if problem is not None:
                problems[name] = problem
                return
        if not errors:  # only private parts are missing; the stored value may supply them
            arguments[name] = IncompleteInput(self._accepted(parameter, value, inputs.trusted))
            return
        for found in errors[: MAX_PROBLEMS if isinstance(sent, dict | Rows) else 1]:
            place = place_of(sent, found["loc"]) if source == "form" else ""
            problem = ArgumentProblem(technical(parameter, value, found, source), sentence(found))
            problems.setdefault(f"{name}.{place}" if place else name, problem)

    def _convert_records(
        self,
        parameter: Parameter,
        sent: SentRecords,
        inputs: Inputs,
        arguments: dict[str, Any],
        problems: dict[str, ArgumentProblem],
    ) -> None:
        """Add the ids of several chosen records; they are texts of a form, in order."""
        name = parameter.name
        if sent.words:
            problems[name] = NOT_CHOSEN
            return
        self.convert(parameter, list(sent), "form", inputs, arguments, problems)
        if name in arguments and arguments[name] is not None:
            arguments[name] = SentRecords(arguments[name], sent.before)

    def _is_empty(
        self,
        parameter: Parameter,
        source: str,
        arguments: dict[str, Any],
        problems: dict[str, ArgumentProblem],
    ) -> bool:
        """Handle the empty string; False when it is a value to validate."""
        name = parameter.name
        if source == "JSON body" or parameter.takes_text:
            if source == "form" and name in self._text_needed:
                problems[name] = MISSING
                return True
            return False
        if parameter.may_be_none and (parameter.required or parameter.is_field):
            arguments[name] = None
            return True
        if source != "form" or not parameter.is_field:
            return True  # the default applies
        if is_list(parameter.annotation):
            return False
        if not self._is_create:  # the input was cleared, so the stored value does not apply
            problems[name] = MISSING
        return True

    def _accepted(self, parameter: Parameter, value: Any, trusted: bool) -> Any:
        """The input, its keys checked against nested models. Raises: UnknownPartError."""
        if trusted or parameter.name not in self._with_models:
            return value
        return accepted(parameter.annotation, value, self.open_models)

    def _validated(
        self, parameter: Parameter, value: Any, inputs: Inputs, source: str, *, is_text: bool
    ) -> Any:
        accepted = self._accepted(parameter, value, inputs.trusted)
        return parameter.accept(accepted, is_json=source in _JSON, is_text=is_text)

    def _public(self, parameter: Parameter, error: ValidationError) -> list[Any]:
        """The validation errors outside private parts of models."""
        errors: list[Any] = error.errors(include_url=False)
        if parameter.name not in self.private_parts:
            return errors
        models = list(models_in(parameter.annotation))
        return [e for e in errors if not is_private_path(models, e["loc"])]


def _convert_file(
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
