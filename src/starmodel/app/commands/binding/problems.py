"""Validation errors of arguments: text for logs and API clients, messages for forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from starmodel.app.commands.binding.files import NO_FILE
from starmodel.app.commands.binding.models import UnknownPartError
from starmodel.app.commands.binding.parameters import Parameter
from starmodel.core.fields.field_types import plain_types
from starmodel.texts.catalogue import Message


class ArgumentProblem(NamedTuple):
    """The validation error of one argument.

    Shapes: text is for API clients and logs; sentence is rendered beside the
    input, "" to render the text.
    """

    text: str
    sentence: str = ""


def beside(problems: Mapping[str, ArgumentProblem]) -> dict[str, str]:
    """The message to render beside each input, by parameter name."""
    return {name: problem.sentence or problem.text for name, problem in problems.items()}


MISSING = ArgumentProblem("is missing", Message("value.missing"))
MISSING_FILE = ArgumentProblem("is missing", NO_FILE)
TAKES_NO_FILE = ArgumentProblem("takes no file (from files)", Message("file.unwanted"))
NOT_CHOSEN = ArgumentProblem("names no chosen record", Message("choice.choose"))
INFINITE = ArgumentProblem("must be finite", Message("value.finite"))


def unknown_part(error: UnknownPartError, source: str) -> ArgumentProblem:
    """The error for an unknown or private key inside a nested model."""
    at = "".join(f"[{_shown(part)}]" for part in error.path[-3:])
    return ArgumentProblem(
        f"{at} is unknown (from {source})",
        Message("value.unknown_part", name=str(error.path[-1])[:60]),
    )


_JSON_PLACE = re.compile(r"(.{1,200}) at line (\d+) column (\d+)$")


def json_problem(error: ValueError) -> ArgumentProblem | None:
    """The error of a text that is not JSON, with its line and column; None for other errors."""
    found = _JSON_PLACE.match(str(error))
    if found is None:
        return None
    message = Message("value.json_at", line=int(found[2]), column=int(found[3]))
    return ArgumentProblem(f"is not JSON: {error} (from form)", message)


def technical(parameter: Parameter, value: Any, error: Any, source: str) -> str:
    """The error of a value as text; the value of a secret parameter is omitted."""
    at = "".join(f"[{part!r}]" for part in error["loc"])
    got = "" if parameter.is_secret else f", got {_shown(error['input'] if at else value)}"
    if not at and error["type"] in ("int_parsing", "int_type", "float_parsing", "bool_parsing"):
        expected = getattr(plain_types(parameter.annotation)[0], "__name__", "a value")
        return f"must be {expected}{got} (from {source})"
    return f"{at}{' ' if at else ''}{_lower(error['msg'])}{got} (from {source})"


def _shown(value: Any) -> str:
    try:
        return cut(repr(value))
    except ValueError:  # an int beyond sys.get_int_max_str_digits()
        return f"{type(value).__name__} of too many digits"


def cut(text: str) -> str:
    """The text, truncated to 60 characters."""
    return text if len(text) <= 60 else f"{text[:57]}…"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
