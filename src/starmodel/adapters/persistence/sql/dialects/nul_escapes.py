"""Escapes NUL in texts, for databases that refuse it or sort it wrongly."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# These escapes preserve the sort order, and keep NUL and \1 distinct.
_ESCAPES = {0: "\1\1", 1: "\1\2"}
_UNESCAPED = {escape: chr(char) for char, escape in _ESCAPES.items()}


def escaped(text: str) -> str:
    """Return the text with NUL escaped.

    >>> unescaped(escaped("a\\0\\1b")) == "a\\0\\1b"
    True
    """
    if "\0" in text or "\1" in text:
        return text.translate(_ESCAPES)
    return text


def unescaped(text: str) -> str:
    """Reverse `escaped`."""
    if "\1" not in text:
        return text
    return re.sub("\1[\1\2]", lambda found: _UNESCAPED[found[0]], text)


def is_searchable(wanted: str) -> bool:
    """True when a search for the text can't match across two escaped characters."""
    return "\1" not in wanted and "\2" not in wanted and "\0" not in wanted


def without_nul(encode: Callable[[Any], str], limit: int | None) -> Callable[[Any], str]:
    """Return an encoder that escapes NUL and checks the column's maximum length."""

    def encoded(value: Any) -> str:
        text = escaped(encode(value))
        if limit is not None and len(text) > limit:
            raise ValueError(f"has control characters that do not fit into {limit} characters")
        return text

    return encoded
