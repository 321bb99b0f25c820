"""The snapshot in a migration file: JSON with one field per line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starmodel.migrations.schema.definitions import Schema, to_json

_INDENT = "  "
_EXPANDED_DEPTH = 4
"""Schema, entities, entity, fields: what is below is on one line."""


def snapshot_text(schema: Schema) -> str:
    """Return the JSON of a schema, for a raw string literal with three quotes.

    Text in quotes never has three in a row, because JSON escapes them.
    """
    return _expanded(to_json(schema), 0)


def _expanded(value: Any, depth: int) -> str:
    if depth < _EXPANDED_DEPTH and value:
        pad, end = _INDENT * (depth + 1), _INDENT * depth
        if isinstance(value, Mapping):
            inner = ",\n".join(
                f"{pad}{_line(name)}: {_expanded(each, depth + 1)}" for name, each in value.items()
            )
            return f"{{\n{inner}\n{end}}}"
        if isinstance(value, list) and isinstance(value[0], Mapping):
            inner = ",\n".join(f"{pad}{_expanded(each, depth + 1)}" for each in value)
            return f"[\n{inner}\n{end}]"
    return _line(value)


def _line(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(value)
    return text
