"""Removes the values of a plugin's settings from texts that people and logs read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

HIDDEN = "…"
MIN_CHARS = 4  # a shorter value is part of too many words


class HiddenValues:
    """The texts and long numbers in the settings given to one plugin, however deep.

    Case is ignored. Values of fewer than four characters stay, as do parts of a value.

    >>> HiddenValues({"api_key": "sk-live-1"}).hide("'sk-live-1' is refused")
    "'…' is refused"
    """

    __slots__ = ("_pattern",)

    def __init__(self, given: Any = ()) -> None:
        written = {form for text in _texts(given) for form in _forms(text)}
        values = sorted(filter(lambda text: len(text) >= MIN_CHARS, written), key=len, reverse=True)
        pattern = "|".join(map(re.escape, values))
        self._pattern = re.compile(pattern, re.IGNORECASE) if values else None

    def hide(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr | SecretBytes | Secret):
        value = value.get_secret_value()
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif not isinstance(value, bool | None):
        yield str(value)


def _forms(text: str) -> Iterator[str]:
    """The text as it is, without outer white space, and as `repr` writes it."""
    yield text
    yield text.strip()
    yield repr(text)[1:-1]


NO_VALUES = HiddenValues()
