"""A patch of the caller's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Namespace = Literal["svg", "mathml"]


@dataclass(frozen=True, slots=True)
class Element:
    """HTML to patch into the caller's page.

    Shapes: selector None means at its own id; namespace is that of the
    outermost elements, None for HTML.
    """

    html: str
    selector: str | None = None
    mode: str | None = None
    namespace: Namespace | None = None
