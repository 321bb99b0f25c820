"""What the fields of a sent form say together."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from pydantic_core import from_json

from starmodel.app.form_texts import without_zone

MAX_PARTS = 8  # as deep as forms of nested models go
_NOTHING = object()


def gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What a form's inputs say together.

    One value a name: a list for `name[]`, else the last (a checked box
    follows its "false"). `address.street` is part of `address`. Line breaks,
    which browsers send as CRLF, are "\\n". What inputs have no room for comes
    beside them: a name after "_several." is a list even when nothing was
    chosen, one after "_rest." a moment with zone and microseconds, and one
    after "_exact." has what the input sends for a value that it can't hold.
    """
    made: dict[str, Any] = {}
    beside: list[tuple[Callable[[Any, Any], Any], str, str]] = []
    for name, value in pairs:
        if isinstance(value, str):
            value = value.replace("\r\n", "\n")  # noqa: PLW2901 - as it was typed
        if name.startswith("_several."):
            beside.append((_in_order, name[9:], value))
            _put(made, name[9:], [])
        elif name.startswith("_rest."):
            beside.append((_whole, name[6:], value))
        elif name.startswith("_exact."):
            beside.append((_meant, name[7:], value))
        elif name.startswith("_field."):
            _put(made, name[7:], value)
        elif name.endswith("[]"):
            _put(made, name[:-2], value, add=True)
        else:
            _put(made, name, value)
    for complete, name, told in beside:
        within, last = _place(made, name)
        if last in within and isinstance(told, str):
            within[last] = complete(within[last], told)
            if within[last] is _NOTHING:
                del within[last]
    return made


def _meant(sent: Any, told: str) -> Any:
    """The value that an input stands for while it sends what it began with."""
    shown, *value = _list(told) or (None,)
    if not isinstance(sent, str) or sent != shown:
        return sent
    return value[0] if value else _NOTHING


def _in_order(sent: Any, told: str) -> Any:
    """What was chosen, as it was before when that is the same."""
    if told == "null":
        return sent or None
    before = _list(told)
    if not isinstance(sent, list) or not before or not all(isinstance(i, str) for i in before):
        return sent
    return before if set(before) == set(sent) else sent


def _list(text: str) -> list[Any] | None:
    try:
        made = from_json(text, allow_inf_nan=False)
    except ValueError:
        return None
    return made if isinstance(made, list) else None


def _whole(sent: Any, told: str) -> Any:
    """A moment or time as it was while its input shows that; else what it shows, in that zone."""
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
    """Where the value of a name belongs: `address.street` into the dict `address`."""
    *heads, last = name.split(".")
    if len(heads) >= MAX_PARTS or not all((*heads, last)):
        return made, name
    for head in heads:
        within = made.setdefault(head, {})
        if not isinstance(within, dict):
            within = made[head] = {}
        made = within
    return made, last
