"""The result type of every check."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["ok", "note", "warning", "problem"]


class Finding(NamedTuple):
    """The result of one check.

    Shapes: a problem prevents request handling, a warning is a
    risk in production, a note needs no action; only "ok" has no remedy.
    """

    level: Level
    about: str
    text: str
    remedy: str = ""
