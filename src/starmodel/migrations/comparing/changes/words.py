"""Words for types, values and lists in the sentences of changes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from starmodel.migrations.schema.definitions import FieldDefinition

_KINDS = {
    "str": "text",
    "int": "whole number",
    "bool": "true or false",
    "float": "number",
    "bytes": "bytes",
    "decimal": "decimal number",
    "uuid": "UUID",
    "datetime": "date and time",
    "aware_datetime": "date and time with zone",
    "naive_datetime": "date and time without zone",
    "date": "date",
    "time": "time",
    "timedelta": "duration",
    "json": "JSON",
}


def type_words(field: FieldDefinition) -> str:
    """Describe the type of a field.

    >>> from starmodel.migrations.schema.definitions import TypeDefinition
    >>> given = TypeDefinition(kind="str", name="String", arguments={"length": 20})
    >>> type_words(FieldDefinition(id="a", name="a", column="a", type=given, nullable=False))
    'text of at most 20 characters'
    """
    members = members_of(field)
    if members:
        return f"one of {listed(member_words(field, members))}"
    kind, arguments = field.type.kind, field.type.arguments
    if kind == "custom":
        return field.type.name.rpartition(".")[2]
    words = _KINDS.get(kind, kind)
    length = arguments.get("length")
    if kind == "str" and length is not None:
        return f"{words} of at most {length} characters"
    if kind == "decimal" and arguments.get("precision") is not None:
        scale = arguments.get("scale")
        places = f", {scale} of them after the point" if scale is not None else ""
        return f"{words} of {arguments['precision']} digits{places}"
    return words


def members_of(field: FieldDefinition) -> list[str]:
    """Return the names of an enum's members, or the values of a `Literal`; empty for others."""
    if field.type.kind == "enum":
        return list(field.type.values)
    values = field.bounds.get("values")
    return [each if isinstance(each, str) else json.dumps(each) for each in _list(values)]


def member_words(field: FieldDefinition, members: Iterable[str]) -> list[str]:
    """Return members as sentences have them: texts of a `Literal` in quotes, names of an enum not.

    >>> from starmodel.migrations.schema.definitions import TypeDefinition
    >>> bounds = {"values": ["new", "", 1]}
    >>> kind = TypeDefinition(kind="str", name="String")
    >>> given = FieldDefinition(
    ...     id="a", name="a", column="a", type=kind, nullable=False, bounds=bounds)
    >>> member_words(given, members_of(given))
    ["'new'", "''", '1']
    """
    if field.type.kind == "enum":
        return list(members)
    texts = {each for each in _list(field.bounds.get("values")) if isinstance(each, str)}
    return [repr(member) if member in texts else member for member in members]


def value_words(value: Any, field: FieldDefinition | None = None) -> str:
    """Describe one value; that of a field other than text stands without quotes.

    >>> value_words("blue"), value_words(None), value_words({"a": 1})
    ("'blue'", 'empty', '{"a": 1}')
    """
    if value is None:
        return "empty"
    if callable(value):
        return {"new_uuid": "a new UUID", "now": "the present time"}.get(
            getattr(value, "__name__", ""), "a value of its own"
        )
    if isinstance(value, list | dict | bool):
        return json.dumps(value, ensure_ascii=False, default=str)
    is_text = field is None or field.type.kind in ("str", "json", "custom")
    return repr(value) if isinstance(value, str) and is_text else str(value)


def listed(names: Iterable[str], last: str = "and") -> str:
    """Join names: "a, b and c"."""
    names = list(names)
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
