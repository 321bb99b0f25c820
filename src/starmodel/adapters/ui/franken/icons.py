"""Icon components that reference one SVG sprite, which browsers cache."""

from __future__ import annotations

from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import Div, P


def icon(name: str, icons_url: str) -> Any:
    """An icon component, hidden from screen readers. Shapes: icons_url is the sprite's URL."""
    return Safe(
        f'<svg class="sm-icon" aria-hidden="true" focusable="false">'
        f'<use href="{icons_url}#{name}"></use></svg>'
    )


def notice(name: str, icons_url: str, *paragraphs: str) -> Any:
    """An icon with paragraphs, in the place of missing content."""
    return Div(icon(name, icons_url), *map(P, paragraphs), cls="uk-card sm-empty")
