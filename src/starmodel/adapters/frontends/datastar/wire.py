"""The Datastar 1.x wire format: patches, expressions and signals, escaped for their context."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from pydantic_core import to_jsonable_python

from starmodel.app.commands.elements import Element
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import Action, plain
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event
from starmodel.core.signals import Signal
from starmodel.core.values.bounds import number_text
from starmodel.core.values.json_data import json_bytes, json_text
from starmodel.core.values.signal_names import signal_name
from starmodel.texts.catalogue import ENGLISH, Catalogue

MAX_SAFE_INTEGER = 2**53 - 1
MAX_SIGNAL_BYTES = 4096
LINES = re.compile(r"\r\n|\r|\n")
# Escaped in expressions, because Datastar's parser matches its syntax inside strings too.
RISKY = re.compile(r"[^A-Za-z0-9 _.,:\-\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd]")


def signal_value(value: Any, *, declared: bool = False) -> Any:
    """Convert a public value to the value of a signal.

    None becomes "": Datastar deletes a signal that is set to null and does not
    update the elements bound to it. Integers beyond 2**53, NaN and infinities
    are sent as strings. Strings over 4 kB become "" unless they are
    `declared` as signals. Object keys become signal names at any depth.
    """
    if value is None:
        return ""
    kind = type(value)
    if kind is int:
        return number_text(value) if abs(value) > MAX_SAFE_INTEGER else value
    if kind is str:
        small = declared or len(value) * 4 <= MAX_SIGNAL_BYTES
        return value if small or len(value.encode()) <= MAX_SIGNAL_BYTES else ""
    if kind is float:
        return value if math.isfinite(value) else str(value)
    if kind is dict:
        return {signal_name(key): signal_value(v, declared=True) for key, v in value.items()}
    if kind is list:  # Datastar replaces arrays whole, so null is preserved
        return [None if i is None else signal_value(i, declared=True) for i in value]
    return value


def signals_of(
    names: Iterable[str], state: Mapping[str, Any], declared: Container[str] = ()
) -> dict[str, Any]:
    """Convert the named values of a state to signals; `declared` ones may be large."""
    return {
        name: signal_value(state[name], declared=name in declared)
        for name in names
        if name in state
    }


def extra_signals(values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a dict returned by an event to signals; `_name` is a local signal."""
    return {
        signal_name(key, local=True): signal_value(value, declared=True)
        for key, value in values.items()
    }


def declared_signals(entity_type: EntityType) -> frozenset[str]:
    """The fields declared with `Field(signal=True)`."""
    fields = entity_type.cls.__entity__.fields.items()
    return frozenset(name for name, spec in fields if spec.options.signal)


def nested(namespace: str, signals: dict[str, Any]) -> dict[str, Any]:
    """Nest the signals under their namespace; an empty one is the top level."""
    for part in reversed(namespace.split(".") if namespace else []):
        signals = {part: signals}
    return signals


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


def patch_signals(
    signals: Any, *, version: str = "", status: int | None = None, made: str = ""
) -> bytes:
    """One `datastar-patch-signals` event. Datastar merges objects, key by key.

    Shapes: version is "Counter 17…", by which the page drops outdated patches; made is
    the version that the event with this status committed.
    """
    if not signals and not version and not made and status == 200:
        return _ACCEPTED
    extra = (f"data: version {version}\n" if version else "") + (
        f"data: status {status}\n" if status else ""
    )
    if made:
        extra += f"data: made {made}\n"
    data = json_bytes(signals) if signals else b"{}"
    return b"event: datastar-patch-signals\n%bdata: signals %b\n\n" % (extra.encode(), data)


_ACCEPTED = b"event: datastar-patch-signals\ndata: status 200\ndata: signals {}\n\n"


def patch_state(namespace: str, signals: dict[str, Any], *, version: str = "") -> bytes:
    """Encode the signals of an entity. Objects are replaced whole, which deletes removed keys."""
    objects = {name: "" for name, value in signals.items() if isinstance(value, dict)}
    cleared = patch_signals(nested(namespace, objects), version=version) if objects else b""
    return cleared + patch_signals(nested(namespace, signals), version=version)


def patch_browser_state(name: str, signals: dict[str, Any], text: str | None) -> bytes:
    """One `datastar-browser-state` event, handled by StarModel's page module.

    Shapes: text is the state that the browser stores: "" to delete its stored
    state, None to leave that unchanged.
    """
    state = "" if text is None else f"data: state {text}\n"
    return (
        f"event: datastar-browser-state\ndata: name {name}\n{state}"
        f"data: signals {json_text(signals)}\n\n"
    ).encode()


def patch_elements(element: Element, *, leaves: bool = False) -> bytes:
    """One `datastar-patch-elements` event.

    Shapes: leaves is True for an element that navigates away from the page.
    """
    lines = ["event: datastar-patch-elements"]
    if leaves:
        lines.append("data: leaves 1")
    if element.selector:
        lines.append(f"data: selector {LINES.sub(' ', element.selector)}")
    if element.mode:
        lines.append(f"data: mode {element.mode}")
    if element.namespace:
        lines.append(f"data: namespace {element.namespace}")
    lines += [f"data: elements {line}" for line in LINES.split(element.html)]
    return ("\n".join(lines) + "\n\n").encode()


def patch_rows(
    id: str, digest: str, *, version: str, rows: str = "", order: Sequence[str] | None = None
) -> bytes:
    """One `starmodel-rows` event, handled by StarModel's page module.

    Shapes: id is the element id of the rows' container; rows are the new and
    changed ones; order has the keys of all rows, None when it is unchanged.
    """
    lines = [f"event: starmodel-rows\ndata: version {version}\ndata: list {id}"]
    lines.append(f"data: state {digest}")
    if order is not None:
        lines.append(f"data: order {' '.join(order)}")
    lines += [f"data: rows {line}" for line in LINES.split(rows)] if rows else []
    return ("\n".join(lines) + "\n\n").encode()


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
