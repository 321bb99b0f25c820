"""Icon components that reference one SVG sprite, which browsers cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import Div, P
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import ConfigurationError

ICONS = (
    "alert", "box", "calendar", "cart", "check", "close", "columns", "copy", "dots", "down",
    "download", "drag", "edit", "empty", "filter", "first", "globe", "home", "info", "last", "left",
    "menu", "moon", "note", "one",
    "plus", "right", "rows", "search", "sort", "sun", "tag", "text", "tick", "trash", "truck",
    "up", "user", "users",
)  # fmt: skip
"""The names of the symbols in `frontend/src/icons.svg`."""


def check_icons(entity_types: Iterable[EntityType]) -> None:
    """Refuse icons that the sprite does not have. Raises: ConfigurationError."""
    for entity_type in entity_types:
        config: Any = entity_type.cls.model_config
        named = {f"{entity_type.name}.model_config['icon']": config.get("icon")}
        for event in entity_type.events.values():
            named[f"@event(icon=…) on {entity_type.name}.{event.name}"] = event.info.icon
        for where, name in named.items():
            if name is not None and name not in ICONS:
                raise ConfigurationError(f"{where} is {name!r}; there are {', '.join(ICONS)}.")


def icon(name: str, icons_url: str) -> Any:
    """An icon component, hidden from screen readers. Shapes: icons_url is the sprite's URL."""
    return Safe(
        f'<svg class="sm-icon" aria-hidden="true" focusable="false">'
        f'<use href="{icons_url}#{name}"></use></svg>'
    )


def notice(name: str, icons_url: str, *paragraphs: str) -> Any:
    """An icon with paragraphs, in the place of missing content."""
    return Div(icon(name, icons_url), *map(P, paragraphs), cls="uk-card sm-empty")
