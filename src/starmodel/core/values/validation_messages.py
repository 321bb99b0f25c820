"""Messages for validation errors, rendered beside inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starmodel.texts.catalogue import Message

PRIVATE_PROBLEM = Message("value.private")
"""Replaces the message about a private field."""

# The key of the message for an error type of pydantic, with our names for its context.
_BY_TYPE: dict[str, tuple[str, dict[str, str]]] = {
    "missing": ("value.missing", {}),
    "string_too_long": ("value.max_characters", {"max_length": "max_length"}),
    "too_short": ("value.min_items", {"min_length": "min_length"}),
    "too_long": ("value.max_items", {"max_length": "max_length"}),
    "greater_than": ("value.more_than", {"bound": "gt"}),
    "greater_than_equal": ("value.at_least", {"bound": "ge"}),
    "less_than": ("value.less_than", {"bound": "lt"}),
    "less_than_equal": ("value.at_most", {"bound": "le"}),
    "multiple_of": ("value.multiple_of", {"factor": "multiple_of"}),
    "literal_error": ("value.one_of", {"expected": "expected"}),
    "enum": ("value.one_of", {"expected": "expected"}),
    "string_pattern_mismatch": ("value.pattern", {}),
    "finite_number": ("value.finite", {}),
}
_BY_KIND = {
    "int": "value.int",
    "float": "value.number",
    "decimal": "value.number",
    "bool": "value.bool",
    "date": "value.date",
    "datetime": "value.datetime",
    "time": "value.time",
    "url": "value.url",
    "uuid": "value.uuid",
    "json": "value.json",
}
_WRONG_KIND = ("parsing", "type", "from", "scheme", "syntax", "invalid")


def sentence(error: Mapping[str, Any]) -> str:
    """The message for one error of pydantic; the text of a validator is passed through.

    An error type without a key has pydantic's own text.
    """
    kind, context = str(error["type"]), error.get("ctx") or {}
    if kind == "value_error" or kind == "assertion_error":
        raised = getattr(context.get("error"), "args", ())
        if raised and isinstance(raised[0], Message):
            return raised[0]
        return str(error["msg"]).partition(", ")[2] or str(error["msg"])
    if kind == "string_too_short":
        least = context.get("min_length", 1)
        if least == 1:
            return Message("value.missing")
        return Message("value.min_characters", min_length=least)
    if kind in _BY_TYPE:
        key, names = _BY_TYPE[kind]
        return Message(key, **{name: context[context_name] for name, context_name in names.items()})
    base, _, what = kind.partition("_")
    if what.startswith(_WRONG_KIND) and base in _BY_KIND:
        return Message(_BY_KIND[base])
    return str(error["msg"])
