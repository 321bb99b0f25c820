"""The character encoding of the terminal."""

from __future__ import annotations

import sys


def encodable(symbol: str, fallback: str) -> str:
    """`symbol` when the encoding of stdout has it, else `fallback`."""
    try:
        symbol.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return fallback
    return symbol
