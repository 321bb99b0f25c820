"""Messages for validation errors, rendered beside inputs."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from pydantic_core import core_schema

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
    "decimal_max_digits": ("value.max_digits", {"digits": "max_digits"}),
    "decimal_max_places": ("value.max_places", {"places": "decimal_places"}),
    "decimal_whole_digits": ("value.max_whole_digits", {"digits": "whole_digits"}),
    "bytes_too_long": ("value.max_bytes", {"max_bytes": "max_length"}),
    "url_too_long": ("value.max_characters", {"max_length": "max_length"}),
    "frozen_field": ("value.fixed", {}),
    "frozen_instance": ("value.fixed", {}),
    "extra_forbidden": ("value.unknown", {}),
    "unexpected_keyword_argument": ("value.unknown", {}),
    "missing_argument": ("value.missing", {}),
    "missing_keyword_only_argument": ("value.missing", {}),
    "missing_positional_only_argument": ("value.missing", {}),
    "none_required": ("value.none", {}),
    "string_type": ("value.text", {}),
    "string_unicode": ("value.text", {}),
    "string_not_ascii": ("value.ascii", {}),
    "date_past": ("value.past", {}),
    "date_future": ("value.future", {}),
    "datetime_past": ("value.past", {}),
    "datetime_future": ("value.future", {}),
    "timezone_aware": ("value.with_zone", {}),
    "timezone_naive": ("value.without_zone", {}),
    "timezone_offset": ("value.other_zone", {}),
    "time_delta_type": ("value.duration", {}),
    "time_delta_parsing": ("value.duration", {}),
    "set_item_not_hashable": ("value.list", {}),
    "union_tag_invalid": ("value.invalid", {}),
}
_OBJECTS = ("dict", "frozen_dict", "ordered_dict", "counter", "mapping", "model", "dataclass")
_LISTS = ("list", "deque", "tuple", "named_tuple", "set", "frozen_set", "iterable")
_BY_TYPE |= {f"{kind}_type": ("value.object", {}) for kind in _OBJECTS}
_BY_TYPE |= {f"{kind}_type": ("value.list", {}) for kind in _LISTS}
_OF_PYDANTIC = frozenset(typing.get_args(core_schema.ErrorType))
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
    "fraction": "value.number",
    "complex": "value.number",
}
_WRONG_KIND = ("parsing", "type", "from", "scheme", "syntax", "invalid")


def sentence(error: Mapping[str, Any]) -> str:
    """The message for one error of pydantic; the text of a validator is passed through.

    An error type of the application's own (`PydanticCustomError`) has its own text.
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
        given = {name: context.get(context_name, "") for name, context_name in names.items()}
        if "expected" in given:  # "'a' or 'b'", which is English
            given["expected"] = str(given["expected"]).replace("' or '", "', '")
        return Message(key, **given)
    base, _, what = kind.partition("_")
    if what.startswith(_WRONG_KIND) and base in _BY_KIND:
        return Message(_BY_KIND[base])
    return Message("value.invalid") if kind in _OF_PYDANTIC else str(error["msg"])
