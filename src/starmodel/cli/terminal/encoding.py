"""What terminals can show."""

from __future__ import annotations

import sys


def sign(wanted: str, plain: str) -> str:
    """`wanted` where stdout can show it, else `plain`."""
    try:
        wanted.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return plain
    return wanted
