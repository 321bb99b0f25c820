"""What the start page says about the records of a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from starmodel.core.entity import Entity


@dataclass(frozen=True, slots=True)
class Overview:
    """The number of records that the actor may read, and the newest ones.

    Shapes: count is None where counting would read each record; has_more is True when count is a
    lower bound.
    """

    newest: Sequence[Entity] = ()
    count: int | None = None
    has_more: bool = False


NO_OVERVIEWS: Mapping[Any, Overview] = MappingProxyType({})
