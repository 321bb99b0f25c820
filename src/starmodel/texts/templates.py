"""Templates of texts: literal text with named parameters, such as "New {title:lower}"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any


def size_text(size: int) -> str:
    """A number of bytes in the largest unit that it fills, rounded down to one decimal.

    >>> size_text(2_000_000), size_text(1_500_000), size_text(800)
    ('2 MB', '1.5 MB', '800 bytes')
    """
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if size >= unit:
            return f"{int(size / unit * 10) / 10:g} {name}"
    return f"{size} bytes"


FORMATS: Mapping[str, Callable[[Any], str]] = {
    "": str,
    "lower": lambda value: str(value).lower(),
    "size": size_text,
}


class Template:
    """A parsed text.

    Parameters are plain names, so that no template reads an attribute or an
    index of a value.

    Shapes: names are those of its parameters, sizes of those with ":size".
    Raises: ValueError, for a malformed template, and for a lone surrogate.
    """

    __slots__ = ("_parts", "_plain", "names", "sizes")

    def __init__(self, text: str) -> None:
        parts: list[tuple[str, str, Callable[[Any], str]]] = []
        for literal, name, spec, conversion in Formatter().parse(text):
            if name is None:
                parts.append((literal, "", str))
                continue
            if not name.isidentifier() or conversion:
                raise ValueError(f"{{{name}}} is not the plain name of a parameter")
            if spec not in FORMATS:
                formats = " or ".join(repr(known) for known in FORMATS if known)
                raise ValueError(f"{{{name}:{spec}}} has an unknown format; expected {formats}")
            parts.append((literal, name, FORMATS[spec or ""]))
        text.encode()  # raises for a lone surrogate, which no response can contain
        self._parts = tuple(parts)
        is_plain = all(form is str for _, _, form in parts)
        self._plain = text if is_plain else None  # which `str.format` fills in less time
        self.names = frozenset(name for _, name, _ in parts if name)
        self.sizes = frozenset(name for _, name, form in parts if form is size_text)

    def fill(self, params: Mapping[str, Any]) -> str:
        """The text with these parameters. Raises: KeyError, for one that is missing."""
        if self._plain is not None:
            return self._plain.format(**params)
        return "".join(
            literal + (form(params[name]) if name else "") for literal, name, form in self._parts
        )
