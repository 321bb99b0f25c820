"""Escapes what fastcore renders as it is: children of components that are not texts.

fastcore escapes strings alone. The text of a list, an exception or any other value may have
markup of a visitor as well.
"""

from __future__ import annotations

from typing import Any

from fastcore.basics import NotStr
from fastcore.foundation import L
from fastcore.xml import FT, Safe

# Without markup, escaped by fastcore, or declared as HTML.
_HARMLESS = frozenset({str, Safe, NotStr, int, float, bool, type(None)})


def escapable(node: Any) -> Any:
    """The component with every value inside as a text, which is escaped when it is rendered.

    Lists are sequences of children, as tuples are. Not copied where nothing differs.
    """
    if type(node) in _HARMLESS:
        return node
    if not isinstance(node, FT) and hasattr(node, "__ft__"):
        node = node.__ft__()
    if isinstance(node, FT):
        children = tuple(map(escapable, node.children))
        if all(map(_is_same, children, node.children)):
            return node
        return FT(node.tag, children, node.attrs, node.void_)
    if isinstance(node, tuple | list | L):
        return tuple(map(escapable, node))
    if isinstance(node, bytes):
        return node.decode(errors="replace")
    if isinstance(node, str | NotStr):
        return node
    return Safe(node.__html__()) if hasattr(node, "__html__") else str(node)


def _is_same(made: Any, given: Any) -> bool:
    return made is given
