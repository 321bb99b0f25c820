"""Values that steps take beside names."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

Convert = Callable[[Any], Any]
"""A function of one stored value, decoded; it returns the new one, or raises ValueError."""


class Unset(enum.Enum):
    """The type of UNSET."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


TEMPORARY = "_renaming_"
"""Begins the names that make way where two fields or entities exchange theirs."""
UNSET = Unset.UNSET
"""No value was given; None is a value."""
