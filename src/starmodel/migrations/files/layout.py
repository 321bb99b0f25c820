"""Python source in the layout of ruff and Black: one line where it fits, else one item a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

LINE_CHARS = 88
_INDENT = 4


class Source(str):
    """Python source without inner structure, such as a name."""

    __slots__ = ()


class Group:
    """Items between brackets. Shapes: start is "[" or "AddField("; expand, never in one line."""

    def __init__(self, start: str, items: Sequence[Node], end: str, *, expand: bool = False):
        self.start, self.items, self.end, self.expand = start, items, end, expand


class Named:
    """A keyword argument, or an entry of a dict with ": " as its separator."""

    def __init__(self, prefix: str, value: Node) -> None:
        self.prefix, self.value = prefix, value


Node = Source | Group | Named


def rendered(node: Node, indent: int = 0, prefix: str = "", end: str = "") -> str:
    """Return the source of a node, after a prefix and before the end of its line."""
    if isinstance(node, Named):
        return rendered(node.value, indent, prefix + node.prefix, end)
    if isinstance(node, Source):
        return f"{prefix}{node}{end}"
    line = f"{prefix}{_one_line(node)}{end}"
    if not node.items or (not node.expand and indent + len(line) <= LINE_CHARS):
        return line
    pad = " " * (indent + _INDENT)
    lines = [pad + rendered(item, indent + _INDENT, end=",") for item in node.items]
    return "\n".join([prefix + node.start, *lines, f"{' ' * indent}{node.end}{end}"])


def code_of(value: Any) -> Node:
    """Return the source of a step or of a value in it.

    Shapes: dataclasses are calls, with what has a default as keyword arguments; functions are
    their names.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return _call(value)
    if isinstance(value, str):
        return Source(quoted(value))
    if isinstance(value, Mapping):
        entries = [Named(f"{_one_line(code_of(k))}: ", code_of(v)) for k, v in value.items()]
        return Group("{", entries, "}")
    if isinstance(value, tuple):
        if len(value) == 1:
            return Source(f"({_one_line(code_of(value[0]))},)")
        return Group("(", [code_of(item) for item in value], ")")
    if isinstance(value, list):
        return Group("[", [code_of(item) for item in value], "]")
    if callable(value):
        return Source(value.__name__)
    return Source(repr(value))


def quoted(text: str) -> str:
    """Return a string literal, in double quotes unless others need fewer escapes.

    >>> print(quoted("it's"), quoted('"'))
    "it's" '"'
    """
    quote = '"' if text.count('"') <= text.count("'") else "'"
    return quote + "".join(_escaped(char, quote) for char in text) + quote


def _escaped(char: str, quote: str) -> str:
    if char in (quote, "\\"):
        return "\\" + char
    return char if char.isprintable() else repr(char)[1:-1]


def _call(value: Any) -> Group:
    items: list[Node] = []
    for field in fields(value):
        given = getattr(value, field.name)
        if field.default is MISSING and field.default_factory is MISSING:
            items.append(code_of(given))
        elif field.default_factory is not MISSING or given != field.default:
            items.append(Named(f"{field.name}=", code_of(given)))
    return Group(f"{type(value).__name__}(", items, ")")


def _one_line(node: Node) -> str:
    if isinstance(node, Named):
        return node.prefix + _one_line(node.value)
    if isinstance(node, Source):
        return node
    return f"{node.start}{', '.join(map(_one_line, node.items))}{node.end}"
