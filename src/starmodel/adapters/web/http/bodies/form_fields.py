"""Form fields to nested values: lists, nested models and the companions of lossy inputs."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from starmodel.app.commands.binding.form_names import (
    EXACT,
    FIELD,
    REST,
    SEVERAL,
    SEVERAL_SUFFIX,
)
from starmodel.app.commands.binding.form_texts import without_zone
from starmodel.core.errors import RequestError
from starmodel.core.values.bounds import DEFAULT_BOUNDS, Bounds, read_json

MAX_PARTS = 8  # the depth of forms of nested models
MAX_NAME_CHARS = 200
_NOTHING = object()


def gathered(pairs: list[tuple[str, Any]], bounds: Bounds = DEFAULT_BOUNDS) -> dict[str, Any]:
    """Parse the (name, value) pairs of a form into arguments.

    One value per name: a list for `name[]`, else the last one (a checkbox
    follows its hidden "false"). `address.street` is a key of `address`. CRLF,
    which browsers send for line breaks, becomes "\\n". Hidden companion fields
    preserve what an input type can't: "_several." plus a name makes an empty
    choice a list, "_rest." has the datetime with its zone and microseconds, and
    "_exact." has what the input sends for a value that it can't represent.
    A companion without its field stays a field, which no event accepts.

    Raises: RequestError, for a name that is too long.
    """
    made: dict[str, Any] = {}
    beside: list[tuple[Callable[[Any, Any, Bounds], Any], str, str, Any]] = []
    for name, value in pairs:
        if len(name) > MAX_NAME_CHARS:
            raise RequestError(
                f"The name of a field has {len(name)} characters; expected at most "
                f"{MAX_NAME_CHARS}."
            )
        if isinstance(value, str):
            value = value.replace("\r\n", "\n")  # noqa: PLW2901 - normalised
        if name.startswith(SEVERAL):
            beside.append((_in_order, SEVERAL, name.removeprefix(SEVERAL), value))
            _put(made, name.removeprefix(SEVERAL), [])
        elif name.startswith(REST):
            beside.append((_whole, REST, name.removeprefix(REST), value))
        elif name.startswith(EXACT):
            beside.append((_meant, EXACT, name.removeprefix(EXACT), value))
        elif name.startswith(FIELD):
            _put(made, name.removeprefix(FIELD), value)
        elif name.endswith(SEVERAL_SUFFIX):
            _put(made, name[:-2], value, add=True)
        else:
            _put(made, name, value)
    completed: set[str] = set()
    for complete, word, name, text in beside:
        found = _find(made, name)
        if found is None or not isinstance(text, str):
            if name not in completed:
                made[word + name] = text
            continue
        completed.add(name)
        within, last = found
        within[last] = complete(within[last], text, bounds)
        if within[last] is _NOTHING:
            del within[last]
    return made


def _meant(sent: Any, told: str, bounds: Bounds) -> Any:
    """The exact value, when the input still sends its initial text; else the sent value."""
    shown, *value = _list(told, bounds) or (None,)
    if not isinstance(sent, str) or sent != shown:
        return sent
    return value[0] if value else _NOTHING


def _in_order(sent: Any, told: str, bounds: Bounds) -> Any:
    """The chosen values, in their previous order when the set is unchanged."""
    if told == "null":
        return sent or None
    before = _list(told, bounds)
    if not isinstance(sent, list) or not before or not all(isinstance(i, str) for i in before):
        return sent
    return before if set(before) == set(sent) else sent


def _list(text: str, bounds: Bounds) -> list[Any] | None:
    try:
        made = read_json(text, bounds)
    except ValueError:
        return None
    return made if isinstance(made, list) else None


def _whole(sent: Any, told: str, bounds: Bounds) -> Any:
    """The original datetime or time of an unchanged input; else the new one in UTC or its zone."""
    kind = datetime.datetime if "T" in told else datetime.time
    try:
        before, shown = kind.fromisoformat(told), kind.fromisoformat(sent)
    except (TypeError, ValueError):
        return sent
    if kind.fromisoformat(without_zone(before)) == shown:
        return told
    if isinstance(before, datetime.datetime):
        return sent if before.tzinfo is None else f"{sent}Z"
    return shown.replace(tzinfo=before.tzinfo).isoformat()


def _put(made: dict[str, Any], name: str, value: Any, *, add: bool = False) -> None:
    made, name = _place(made, name)
    if not add:
        made[name] = value
    elif isinstance(made.get(name), list):
        made[name].append(value)
    else:
        made[name] = [value]


def _place(made: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """The dict and key for a name: `address.street` is in the dict `address`."""
    *heads, last = name.split(".")
    if len(heads) >= MAX_PARTS or not all((*heads, last)):
        return made, name
    for head in heads:
        within = made.setdefault(head, {})
        if not isinstance(within, dict):
            within = made[head] = {}
        made = within
    return made, last


def _find(made: dict[str, Any], name: str) -> tuple[dict[str, Any], str] | None:
    """The dict and key of a name's value; None when the form has none."""
    *heads, last = name.split(".")
    if len(heads) >= MAX_PARTS or not all((*heads, last)):
        return (made, name) if name in made else None
    for head in heads:
        within = made.get(head)
        if not isinstance(within, dict):
            return None
        made = within
    return (made, last) if last in made else None
