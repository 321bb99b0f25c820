"""Icons out of our own sprite, which the browser loads once for all pages."""

from __future__ import annotations

from typing import Any

from fastcore.xml import Safe


def icon(name: str, sprite: str) -> Any:
    """The icon of that name, for the eye only. Shapes: sprite is the address of the sprite."""
    return Safe(
        f'<svg class="sm-icon" aria-hidden="true" focusable="false">'
        f'<use href="{sprite}#{name}"></use></svg>'
    )
