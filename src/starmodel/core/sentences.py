"""What is wrong with a value, as people say it beside an input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRIVATE_PROBLEM = "This can't be saved as it is."
"""Said in place of what is wrong with a private field."""

_FILL_IN = "Please fill this in."
_SENTENCES = {
    "missing": _FILL_IN,
    "string_too_long": "At most {max_length} characters.",
    "too_short": "At least {min_length}, please.",
    "too_long": "At most {max_length}, please.",
    "greater_than": "More than {gt}, please.",
    "greater_than_equal": "At least {ge}, please.",
    "less_than": "Less than {lt}, please.",
    "less_than_equal": "At most {le}, please.",
    "multiple_of": "A multiple of {multiple_of}, please.",
    "literal_error": "One of {expected}, please.",
    "enum": "One of {expected}, please.",
    "string_pattern_mismatch": "This does not have the expected form.",
    "finite_number": "A finite number, please.",
}
_KINDS = {
    "int": "A whole number, please.",
    "float": "A number, please.",
    "decimal": "A number, please.",
    "bool": "Yes or no, please.",
    "date": "A date, please, such as 2026-11-24.",
    "datetime": "A date and time, please, such as 2026-11-24 16:30.",
    "time": "A time, please, such as 16:30.",
    "url": "An address, please, such as https://example.org.",
    "uuid": "A UUID, please.",
    "json": "JSON, please.",
}

_NOT_OF_THE_KIND = ("parsing", "type", "from", "scheme", "syntax", "invalid")


def sentence(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in plain words; what a validator itself said stays as it is."""
    kind, context = str(error["type"]), error.get("ctx") or {}
    if kind == "value_error" or kind == "assertion_error":
        return str(error["msg"]).partition(", ")[2] or str(error["msg"])
    if kind == "string_too_short":
        least = context.get("min_length", 1)
        return _FILL_IN if least == 1 else f"At least {least} characters."
    if kind in _SENTENCES:
        return _SENTENCES[kind].format_map(context)
    base, _, what = kind.partition("_")
    if what.startswith(_NOT_OF_THE_KIND) and base in _KINDS:
        return _KINDS[base]
    return str(error["msg"])
