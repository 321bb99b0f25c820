"""Icon components that reference one SVG sprite, which browsers cache."""

from __future__ import annotations

from typing import Any

from fastcore.xml import Safe


def icon(name: str, sprite: str) -> Any:
    """An icon component, hidden from screen readers. Shapes: sprite is the sprite's URL."""
    return Safe(
        f'<svg class="sm-icon" aria-hidden="true" focusable="false">'
        f'<use href="{sprite}#{name}"></use></svg>'
    )
