"""The heading and document title of a record's page, as a live view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starmodel.adapters.ui.elements import H1, Title
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.resource import MountedResource

RecordTitle = Callable[[MountedResource, Any], str]
HEADING_ID, TITLE_ID = "starmodel-heading", "starmodel-title"


def heading(text: str) -> Any:
    """The heading component of a page, with automatic text direction."""
    return H1(text, id=HEADING_ID, dir="auto")


def document_title(text: str, site: str) -> str:
    """The document title of a page."""
    return text if text == site else f"{text} · {site}"


def heading_view(resource: MountedResource, site: str, title: RecordTitle) -> LiveView:
    """The live view that patches heading and document title when the record's title changes."""
    entity_type = resource.entity_type

    def parts(entity: Any) -> Any:
        name = title(resource, entity)
        return heading(name), Title(document_title(name, site), id=TITLE_ID)

    return LiveView(parts, entity_type.cls, f"starmodel.heading.{resource.name}", by_id=True)
