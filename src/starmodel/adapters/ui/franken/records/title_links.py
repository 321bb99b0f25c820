"""The titles of related records as links that follow the records live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from starmodel.adapters.ui.elements import A, Span
from starmodel.adapters.ui.franken.related import record_url
from starmodel.adapters.ui.second_lines import second_line
from starmodel.adapters.ui.titles import title_of
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.resource import ANY_ID, MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.record_keys import key_of
from starmodel.app.queries.related_titles import Titled
from starmodel.core.entity import Entity


class TitleLinks:
    """Renders titles. Each record is a topic of the page, so its title and access stay current."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._views: dict[MountedResource, LiveView] = {}

    def add(self, resources: Iterable[MountedResource]) -> Iterator[LiveView]:
        """The live views of the titles, to be registered."""
        for resource in resources:
            if resource.entity_type.is_record and not resource.entity_type.in_browser:
                view = self._views[resource] = self._view(resource)
                yield view

    def _view(self, resource: MountedResource) -> LiveView:
        services = self._services

        def link(entity: Entity) -> Any:
            title, url = title_of(resource.entity_type, entity), record_url(services, resource)
            second = second_line(entity)
            beside = Span(second, dir="auto", cls="sm-second") if second else None
            if not url:
                return Span(title, dir="auto"), beside
            href = url.replace(ANY_ID, key_of(entity.id))
            return A(title, href=href, dir="auto", cls="sm-related"), beside

        gone = Span(services.texts.text("shown.not_available"), cls="sm-none")
        name = f"starmodel.title.{resource.name}"
        return LiveView(link, resource.entity_type.cls, name, in_page=True, gone=gone)

    def render(self, resource: MountedResource, titled: Titled | None, element: str) -> Any:
        """The title, with a second line that only cards display.

        The neutral text for a record that is not available.
        Morphs leave the element alone: a rendering for all viewers has no titles.
        Shapes: element is its id, which differs between values of the foreign key.
        """
        view = self._views[resource]

        def root(entity: Entity) -> Any:
            return Span(view.render(entity), {"data-ignore-morph": True}, id=element or None)

        if titled is None:
            return Span(view.gone, {"data-ignore-morph": True}, id=element or None)
        return LiveView(root, view.entity, view.name, in_page=True)(titled.entity)
