"""The patches of Datastar 1.x and of StarModel's page module, and the signals in them."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from starmodel.app.commands.elements import Element
from starmodel.core.values.bounds import number_text
from starmodel.core.values.json_data import json_bytes, json_text
from starmodel.core.values.signal_names import signal_name

MAX_SAFE_INTEGER = 2**53 - 1
MAX_SIGNAL_BYTES = 4096
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class DatastarPatch(NamedTuple):
    """One event of the page protocol. Shapes: data has the event's keywords and their texts."""

    event: str
    data: tuple[tuple[str, str], ...] = ()


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


def nested(namespace: str, signals: dict[str, Any]) -> dict[str, Any]:
    """Nest the signals under their namespace; an empty one is the top level."""
    for part in reversed(namespace.split(".") if namespace else []):
        signals = {part: signals}
    return signals


def patch_signals(
    signals: Any, *, version: str = "", status: int | None = None, committed: str = ""
) -> DatastarPatch:
    """A `datastar-patch-signals` event. Datastar merges objects, key by key.

    Shapes: version is "Counter 17…", by which the page drops outdated patches; committed is
    the version that the event with this status committed.
    """
    data = []
    if version:
        data.append(("version", version))
    if status:
        data.append(("status", str(status)))
    if committed:
        data.append(("made", committed))
    data.append(("signals", json_bytes(signals).decode() if signals else "{}"))
    return DatastarPatch("datastar-patch-signals", tuple(data))


ACCEPTED = (patch_signals({}, status=200),)
"""The reply to an event without effects for its caller."""


def patch_state(
    namespace: str, signals: dict[str, Any], *, version: str = ""
) -> list[DatastarPatch]:
    """The signals of an entity. Objects are replaced whole, which deletes removed keys."""
    patches = []
    objects = {name: "" for name, value in signals.items() if isinstance(value, dict)}
    if objects:
        patches.append(patch_signals(nested(namespace, objects), version=version))
    patches.append(patch_signals(nested(namespace, signals), version=version))
    return patches


def patch_browser_state(name: str, signals: dict[str, Any], text: str | None) -> DatastarPatch:
    """A `datastar-browser-state` event, handled by StarModel's page module.

    Shapes: text is the state that the browser stores: "" to delete its stored
    state, None to leave that unchanged.
    """
    state = () if text is None else (("state", text),)
    data = (("name", name), *state, ("signals", json_text(signals)))
    return DatastarPatch("datastar-browser-state", data)


FORGET_BROWSER_STATES = DatastarPatch("datastar-browser-forget")
"""Deletes the states that the browser stores, at sign-out."""


def patch_elements(element: Element, *, leaves: bool = False) -> DatastarPatch:
    """A `datastar-patch-elements` event.

    Shapes: leaves is True for an element that navigates away from the page.
    """
    data = [("leaves", "1")] if leaves else []
    if element.selector:
        data.append(("selector", _LINE_BREAK.sub(" ", element.selector)))
    if element.mode:
        data.append(("mode", element.mode))
    if element.namespace:
        data.append(("namespace", element.namespace))
    data.append(("elements", element.html))
    return DatastarPatch("datastar-patch-elements", tuple(data))


def patch_rows(
    id: str, digest: str, *, version: str, rows: str = "", order: Sequence[str] | None = None
) -> DatastarPatch:
    """A `starmodel-rows` event, handled by StarModel's page module.

    Shapes: id is the element id of the rows' container; rows are the new and
    changed ones; order has the keys of all rows, None when it is unchanged.
    """
    data = [("version", version), ("list", id), ("state", digest)]
    if order is not None:
        data.append(("order", " ".join(order)))
    if rows:
        data.append(("rows", rows))
    return DatastarPatch("starmodel-rows", tuple(data))


def open_stream(build: str, heartbeat_s: float) -> DatastarPatch:
    """A `starmodel-open` event: the running build, and the longest pause between two parts."""
    return DatastarPatch("starmodel-open", (("build", build), ("heartbeat", str(heartbeat_s))))
