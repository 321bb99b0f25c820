"""What the web adapter needs to know of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Limits and names. Units: max_body_bytes in bytes, max_body_depth in levels."""

    development: bool = False
    title: str = "StarModel"
    max_body_bytes: int = 1_000_000
    max_body_depth: int = 32
    allowed_hosts: Sequence[str] = ()
    default_event_method: str = "post"
    address: str = "http://127.0.0.1:8000"
