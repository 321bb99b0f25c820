"""The settings of the web adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from starmodel.core.values.bounds import Bounds


@dataclass(frozen=True)
class WebSettings:
    """Request body limits, allowed hosts and defaults.

    Units: max_body_bytes in bytes, max_body_depth in levels, max_body_items
    in items of one list or object.
    """

    development: bool = False
    title: str = "StarModel"
    max_body_bytes: int = 1_000_000
    max_body_depth: int = 32
    max_body_items: int = 10_000
    allowed_hosts: Sequence[str] = ()
    default_event_method: str = "post"
    address: str = "http://127.0.0.1:8000"

    @cached_property
    def bounds(self) -> Bounds:
        """The parser bounds of a body, and of each JSON text in it."""
        return Bounds(self.max_body_depth, self.max_body_items)
