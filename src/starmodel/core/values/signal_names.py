"""Keys of data as names of browser signals: percent-encoded where a script would misread them."""

from __future__ import annotations

import re
from typing import Any

# A path of signals runs through plain objects: these lead out of the data into the prototype
# that all objects of the page share.
INHERITED = frozenset({
    "constructor", "prototype", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable",
    "toLocaleString", "toString", "valueOf", "toJSON",
})  # fmt: skip
_ENCODED = re.compile(r"[.%]|^_")
_ENCODED_UNLESS_LOCAL = re.compile(r"[.%]|^_(?=_)")
_ESCAPE = re.compile(r"%([0-9A-F]{2})")


def signal_name(key: object, *, local: bool = False) -> str:
    """The key of a dict as the name of one signal, never a path or an inherited property.

    `.`, `%`, a leading `_` and the first letter of inherited properties are
    percent-encoded, and the empty key is "%"; `key_of` decodes them. With
    `local` a single leading `_` stays, Datastar's mark for signals that are
    not sent to the server.

    >>> signal_name("red"), signal_name("v1.2"), signal_name("__proto__"), signal_name("_x")
    ('red', 'v1%2E2', '%5F_proto__', '%5Fx')
    """
    name = str(key)
    if name in INHERITED:
        return _escaped(name[0]) + name[1:]
    if not name:
        return "%"
    unsafe = _ENCODED_UNLESS_LOCAL if local else _ENCODED
    return unsafe.sub(lambda found: _escaped(found[0]), name)


def key_of(name: str) -> str:
    """The key that `signal_name` encoded."""
    if name == "%":
        return ""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), name) if "%" in name else name


def keys_of(value: Any) -> Any:
    """Signals as the data that they were made from."""
    kind = type(value)
    if kind is dict:
        return {key_of(name): keys_of(inner) for name, inner in value.items()}
    if kind is list:
        return [keys_of(inner) for inner in value]
    return value


def _escaped(character: str) -> str:
    return f"%{ord(character):02X}"
