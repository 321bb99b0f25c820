"""Expressions of Datastar attributes, escaped for their context."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from pydantic_core import to_jsonable_python

from starmodel.app.presentation.resource import MountedResource
from starmodel.core.commands import Action, plain
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event
from starmodel.core.signals import Signal
from starmodel.core.values.json_data import json_text
from starmodel.core.values.signal_names import signal_name
from starmodel.texts.catalogue import ENGLISH, Catalogue

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


def render_action(
    resource: MountedResource,
    event: Event[Any, Any, Any],
    action: Action,
    open_names: Iterable[str],
    method: str,
    root_path: str,
    stores: Sequence[str] = (),
    texts: Catalogue = ENGLISH,
) -> str:
    """The Datastar expression of an action, such as `@post('/counter/increment?amount=1', …)`.

    Shapes: stores are the classes whose browser states the request includes.
    Raises: ConfigurationError, for a record's event without a record.
    """
    entity_type = resource.entity_type
    if entity_type.is_record and action.id is None and event.name != "create":
        raise ConfigurationError(
            f"{entity_type.name}.{event.name} runs on one record: "
            f"write {entity_type.name.lower()}.do.{event.name}(…)."
        )
    query = urlencode({name: _argument(value) for name, value in action.args.items()})
    rest = (
        entity_type.is_record
        and event.name in ("update", "delete")
        and method in ("patch", "delete")
    )
    if rest:
        url = resource.url_for("record", action.id, root_path=root_path)
    else:
        url = resource.event_url(event, action.id, root_path=root_path)
    names = " ".join(name for name in open_names if name not in action.args)
    chosen = f"'{names}'" if names else ""
    address = f"{url}{'?' if query else ''}{query}"
    expression = f"@{method}('{address}', @click({chosen}))"
    if stores:  # queued: each request needs the state that the one before has returned
        expression = f"@stored('{' '.join(stores)}', '{method}', '{address}', '{names}')"
    if event.info.confirm:
        return f"@ask({script_json(texts.render(event.info.confirm))}) && {expression}"
    return expression


def form_action(
    resource: MountedResource,
    event: Event[Any, Any, Any],
    id: Any,
    root_path: str,
    stores: Sequence[str] = (),
    texts: Catalogue = ENGLISH,
) -> str:
    """The expression that submits a whole form, by POST like a plain form."""
    url = resource.event_url(event, id, root_path=root_path)
    expression = f"@post('{url}', @submit())"
    if stores:
        expression = f"@stored('{' '.join(stores)}', 'post', '{url}')"
    if event.info.confirm:
        return f"@ask({script_json(texts.render(event.info.confirm))}) && {expression}"
    return expression


def _argument(value: Any) -> str:
    value = plain(getattr(value, "id", value) if hasattr(value, "__entity__") else value)
    if isinstance(value, str):
        return value
    return json_text(value)


def attribute(name: str, value: str) -> str:
    """One HTML attribute, escaped."""
    return f'{name}="{escape(value, quote=True)}"'
