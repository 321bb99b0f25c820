"""One thing that was looked at, and how it is."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["ok", "note", "warning", "problem"]


class Finding(NamedTuple):
    """What was found, and what to do about it.

    Shapes: a problem keeps the application from working, a warning will
    bite in production, a note is good to know; only "ok" has no remedy.
    """

    level: Level
    about: str
    text: str
    remedy: str = ""
