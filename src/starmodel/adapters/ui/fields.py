"""One input per type, and one way to show a value."""

from __future__ import annotations

import datetime
import decimal
import enum
import typing
from collections.abc import Mapping
from typing import Any

from fasthtml.components import (
    Dd,
    Div,
    Dl,
    Dt,
    Input,
    Label,
    Li,
    Option,
    Select,
    Small,
    Span,
    Textarea,
    Ul,
)  # fmt: skip
from pydantic import SecretStr
from pydantic_core import to_json

from starmodel.app.binding import Parameter
from starmodel.core.commands import plain
from starmodel.core.fields import is_atomic, plain_types

INPUT_TYPES: dict[type, dict[str, Any]] = {
    bool: {"type": "checkbox"},
    int: {"type": "number", "step": "1"},
    float: {"type": "number", "step": "any"},
    decimal.Decimal: {"type": "number", "step": "any"},
    datetime.datetime: {"type": "datetime-local", "step": "1"},
    datetime.date: {"type": "date"},
    datetime.time: {"type": "time", "step": "1"},
    SecretStr: {"type": "password", "autocomplete": "off"},
}
LONG_TEXT_NAMES = ("body", "content", "description", "notes", "text", "message")


def form_field(form_id: str, parameter: Parameter, value: Any, problem: str) -> Any:
    """A labelled input with room for a sentence beside it."""
    input_id = f"{form_id}-{parameter.name}"
    about = {"aria-describedby": f"{input_id}-problem"}
    if problem:
        about["aria-invalid"] = "true"
    label = parameter.name.replace("_", " ").capitalize()
    return Div(
        Label(label, fr=input_id),
        *_input(parameter, value, {"id": input_id, "name": parameter.name, **about}),
        Small(problem, id=f"{input_id}-problem"),
    )


def _input(parameter: Parameter, value: Any, attributes: dict[str, Any]) -> tuple[Any, ...]:
    annotation = parameter.annotation
    required = parameter.required and bool not in plain_types(annotation)
    attributes |= {"required": True} if required else {}
    choices = _choices(annotation)
    if choices is not None:
        empty = [] if required else [Option("", value="")]
        options = [Option(label, value=key, selected=key == _text(value)) for key, label in choices]
        return (Select(*empty, *options, **attributes),)
    kind = next(iter(plain_types(annotation)), str)
    if not is_atomic(annotation) and not parameter.is_secret:
        # What was typed and refused comes back as text.
        text = value if isinstance(value, str) else _json(value)
        is_any = annotation is Any or parameter.entity is not None
        if is_any:
            return (Input(type="text", value=_text(value), **attributes),)
        return (Textarea(text, rows=3, spellcheck="false", **attributes),)
    looks = next(
        (v for k, v in INPUT_TYPES.items() if isinstance(kind, type) and issubclass(kind, k)),
        {"type": "text"},
    )
    if looks["type"] == "checkbox":
        hidden = Input(type="hidden", name=parameter.name, value="false")
        return (hidden, Input(value="true", checked=bool(value), **looks, **attributes))
    if looks["type"] == "text" and parameter.name in LONG_TEXT_NAMES:
        return (Textarea(_text(value), rows=4, **attributes),)
    text = "" if looks["type"] == "password" else _text(value)
    return (Input(value=text, **looks, **attributes),)


def _choices(annotation: Any) -> list[tuple[str, str]] | None:
    if typing.get_origin(annotation) is typing.Annotated:
        return _choices(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is typing.Literal:
        return [(str(v), str(v)) for v in typing.get_args(annotation)]
    for kind in plain_types(annotation):
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return [(str(m.value), m.name.replace("_", " ").capitalize()) for m in kind]
    for part in typing.get_args(annotation):
        if typing.get_origin(part) is typing.Literal:
            return _choices(part)
    return None


def _json(value: Any) -> str:
    return "" if value is None else to_json(value, fallback=str).decode()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, enum.Enum):
        value = value.value
    return str(plain(value))


def value_component(value: Any) -> Any:
    """A public JSON value as people read it."""
    if value is None or value == "":
        return _nothing()
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Mapping):
        pairs = [part for k, v in value.items() for part in (Dt(k), Dd(value_component(v)))]
        return Dl(*pairs) if pairs else _nothing()
    if isinstance(value, list):
        return Ul(*[Li(value_component(v)) for v in value]) if value else _nothing()
    return str(value)


def _nothing() -> Any:
    return Span("\u2013", aria_label="empty")
