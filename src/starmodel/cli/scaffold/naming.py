"""Titles and versions in the files of a new project or plugin."""

from __future__ import annotations

import re


def title(name: str) -> str:
    """The display title.

    >>> title("my-shop")
    'My shop'
    """
    words = re.sub(r"[-_]+", " ", name)
    return words[0].upper() + words[1:]


def release(version: str) -> str:
    """The major, minor and patch numbers of a version, for a compatible-release specifier.

    >>> release("0.2.0.dev3+local")
    '0.2.0'
    """
    found = re.match(r"\d+(?:\.\d+){0,2}", version)
    numbers = found[0].split(".") if found else ["0"]
    return ".".join([*numbers, "0", "0"][:3])
