"""Links from a record to those beside it in the list that the visitor comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starmodel.adapters.ui.elements import A, Nav, Span
from starmodel.adapters.ui.franken.icons import icon
from starmodel.app.presentation.resource import MountedResource, Page
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.neighbours import Neighbour, Neighbours, with_list

RecordTitle = Callable[[MountedResource, Any], str]


def neighbour_links(
    services: Services,
    resource: MountedResource,
    neighbours: Neighbours,
    page: Page,
    record_title: RecordTitle,
) -> Any:
    """The links "Previous" and "Next"; None without both records."""
    if neighbours.previous is None and neighbours.next is None:
        return None
    texts = services.texts

    def link(neighbour: Neighbour | None, direction: str, rel: str) -> Any:
        picture = icon("left" if rel == "prev" else "right", services.icons_url)
        label = texts.text(f"record.{direction}")
        if neighbour is None:
            return Span(picture, label, aria_hidden="true", cls="sm-neighbour sm-no-neighbour")
        title = record_title(resource, neighbour.entity)
        url = services.url_for(resource, page, neighbour.entity.id)
        return A(
            picture, label, aria_label=texts.text(f"record.{direction}_named", title=title),
            href=with_list(url, neighbour.words), rel=rel, cls="sm-neighbour",
        )  # fmt: skip

    return Nav(
        link(neighbours.previous, "previous", "prev"), link(neighbours.next, "next", "next"),
        aria_label=texts.text("record.neighbours"), cls="sm-neighbours",
    )  # fmt: skip
