"""The heading of a record's page and the title of its tab, which follow the record's name."""

from __future__ import annotations

from typing import Any

from fasthtml.components import H1, Title

from starmodel.adapters.ui.titles import title_of
from starmodel.app.live.views import LiveView
from starmodel.core.classes.registry import EntityType

HEADING_ID, TITLE_ID = "starmodel-heading", "starmodel-title"


def heading(text: str) -> Any:
    """The heading of a page, in the direction of its text."""
    return H1(text, id=HEADING_ID, dir="auto")


def tab_title(text: str, site: str) -> str:
    """The title of a page's tab."""
    return text if text == site else f"{text} · {site}"


def heading_view(entity_type: EntityType, site: str) -> LiveView:
    """The live view of a record's name where a page shows it: its heading and its tab."""

    def parts(entity: Any) -> Any:
        name = title_of(entity_type, entity)
        return heading(name), Title(tab_title(name, site), id=TITLE_ID)

    return LiveView(parts, entity_type.cls, f"starmodel.heading.{entity_type.name}", by_id=True)
