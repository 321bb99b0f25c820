"""Records as inputs offer them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One record to choose.

    Shapes: detail is a second line, which tells records with one title apart, "" for none; url is
    the record's page, "" without one.
    """

    id: str
    title: str
    detail: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """The choices that match some words, and whether there are more."""

    choices: Sequence[Choice]
    more: bool = False
