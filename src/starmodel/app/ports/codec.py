"""The wire format of bus messages: versioned JSON in which every id has its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args
from uuid import UUID

from starmodel.app.ports.messages import Changed, Emitted, Kind, Message, SessionEnded
from starmodel.core.values.log_text import log_text
from starmodel.core.values.tagged_json import from_text, to_text

VERSION = 1
"""Of the format; raised with any change of it, since readers refuse other versions."""
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_EXACT_IDS = (str, int, UUID)
_PUBLISHED_KINDS = frozenset(get_args(Kind)) - {"closed", "reopened"}


class MessageFormatError(ValueError):
    """A message that can't be encoded, or bytes that are no message of this version."""


def encode(message: Message) -> bytes:
    """The message as UTF-8 JSON. `decode` returns an equal message.

    Raises: MessageFormatError, for another type, an id whose type JSON does
    not preserve, and more than MAX_MESSAGE_BYTES.
    """
    name = _NAMES.get(type(message))
    if name is None:
        raise MessageFormatError(
            f"{log_text(repr(message))} is no bus message; expected one of "
            f"{', '.join(kind.__name__ for kind in _NAMES)}."
        )
    try:
        fields = _FIELDS[name][0](message)
        text = to_text({"v": VERSION, "type": name, **fields}, surrogates=True)
    except ValueError as error:
        raise MessageFormatError(f"A {type(message).__name__} can't be encoded: {error}") from error
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_MESSAGE_BYTES:
        raise MessageFormatError(
            f"A {type(message).__name__} takes {len(data)} bytes as a message; "
            f"at most {MAX_MESSAGE_BYTES} are allowed. Make large fields private."
        )
    return data


def decode(data: bytes) -> Message:
    """The message that `encode` wrote. Raises: MessageFormatError, for anything else."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise MessageFormatError(
            f"A message of {len(data)} bytes arrived; at most {MAX_MESSAGE_BYTES} are allowed."
        )
    try:
        fields = from_text(data.decode("utf-8", "surrogatepass"))
    except (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError) as error:
        raise MessageFormatError(f"{_start(data)} is no JSON of a message: {error}") from error
    if not isinstance(fields, dict):
        raise MessageFormatError(f"{_start(data)} is no JSON object.")
    version = fields.pop("v", None)
    if type(version) is not int or version != VERSION:
        raise MessageFormatError(
            f"A message has format version {log_text(repr(version))}; this build reads {VERSION}. "
            "Run the same release in every process."
        )
    name = fields.pop("type", None)
    if not isinstance(name, str) or name not in _FIELDS:
        raise MessageFormatError(
            f"A message has type {log_text(repr(name))}; expected one of {', '.join(_FIELDS)}."
        )
    try:
        return _FIELDS[name][1](**fields)
    except (TypeError, ValueError) as error:
        raise MessageFormatError(f"A message of type {name!r} is malformed: {error}") from error


def _start(data: bytes) -> str:
    return repr(data[:80])


def _changed_fields(message: Changed) -> dict[str, Any]:
    if message.kind not in _PUBLISHED_KINDS:
        raise ValueError(f"kind {message.kind!r} is for one viewer and is not published")
    if type(message.id) not in _EXACT_IDS:
        decoded = from_text(to_text(message.id, surrogates=True))
        if decoded != message.id or str(decoded) != str(message.id):
            raise ValueError(
                f"the id {message.id!r} has type {type(message.id).__name__}, which JSON does not "
                "preserve; use int, str, UUID, Decimal, date, datetime, time, bytes or a tuple"
            )
    if message.hidden or message.emptied:
        raise ValueError("it is as one viewer sees it, and is not published")
    fields = {name: getattr(message, name) for name in Changed._fields[:-2]}
    return fields | {"fields": list(message.fields), "before": dict(message.before)}


def _changed(
    entity: str, id: Any, kind: Kind, version: int, base: int, state: Any, fields: Any, before: Any
) -> Changed:
    _expect("entity", entity, str)
    _expect("version", version, int)
    _expect("base", base, int)
    _expect("state", state, dict, type(None))
    _expect("fields", fields, list)
    _expect("before", before, dict)
    if kind not in _PUBLISHED_KINDS:
        raise ValueError(f"kind is {log_text(repr(kind))}")
    return Changed(entity, id, kind, version, base, state, tuple(fields), before)


def _emitted_fields(message: Emitted) -> dict[str, Any]:
    return {
        "name": message.name,
        "data": message.data,
        "entity": message.entity,
        "command": message.command,
    }


def _emitted(name: str, data: Any, entity: str, command: str) -> Emitted:
    _expect("name", name, str)
    _expect("entity", entity, str)
    _expect("command", command, str)
    return Emitted(name, data, entity, command)


def _session_ended(visitor: str) -> SessionEnded:
    _expect("visitor", visitor, str)
    return SessionEnded(visitor)


def _expect(name: str, value: object, *types: type) -> None:
    if type(value) not in types:
        raise ValueError(f"{name} is {log_text(repr(value))}")


_NAMES: dict[type, str] = {Changed: "changed", Emitted: "emitted", SessionEnded: "session_ended"}
_FIELDS: dict[str, tuple[Callable[[Any], dict[str, Any]], Callable[..., Message]]] = {
    "changed": (_changed_fields, _changed),
    "emitted": (_emitted_fields, _emitted),
    "session_ended": (lambda message: {"visitor": message.visitor}, _session_ended),
}
