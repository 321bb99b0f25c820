"""DOM patches in replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Namespace = Literal["svg", "mathml"]


@dataclass(frozen=True, slots=True)
class Element:
    """HTML to patch into the DOM of the caller's page.

    Shapes: selector None patches the element with the id of the HTML; namespace
    is that of the root elements, None for HTML.
    """

    html: str
    selector: str | None = None
    mode: str | None = None
    namespace: Namespace | None = None
