"""Expressions of Datastar attributes, escaped for their context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from pydantic_core import to_jsonable_python

from starmodel.core.signals import Signal
from starmodel.core.values.json_data import json_text
from starmodel.core.values.signal_names import signal_name

# Escaped in expressions, because Datastar's parser matches its syntax inside strings too.
RISKY = re.compile(r"[^A-Za-z0-9 _.,:\-\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd]")


def script_json(value: Any) -> str:
    """Encode JSON that is safe inside a Datastar expression.

    In strings all but plain characters are escaped as \\uXXXX: Datastar rewrites
    `@name(` and splits at `;` by regular expressions that also match inside
    strings. A signal reference stays an expression.
    """

    def harmless(match: re.Match[str]) -> str:
        units = match[0].encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))

    def text(value: str) -> str:
        return f'"{RISKY.sub(harmless, value)}"'

    def name(key: object) -> str:  # an unquoted __proto__ in a literal would set the prototype
        return f"[{text(str(key))}]" if key == "__proto__" else text(str(key))

    if isinstance(value, Signal):
        return str(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{name(k)}:{script_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(script_json, value)) + "]"
    return json_text(value)


def signals_json(values: Any) -> str:
    """The `data-signals` expression for named values."""

    def named(value: Any) -> Any:
        if isinstance(value, str | int | float | Signal | None):
            return value
        if isinstance(value, Mapping):
            return {signal_name(key, local=True): named(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [named(inner) for inner in value]
        return named(to_jsonable_python(value))

    return script_json(named(values))


def attribute(name: str, value: str) -> str:
    """One HTML attribute, escaped."""
    return f'{name}="{escape(value, quote=True)}"'
