"""Lists of pages of the application's own: the live table of a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starmodel.adapters.ui.elements import A, Div
from starmodel.app.live.live_queries import LiveRecords
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services


class RecordLists:
    """One live view for each class with records. Shapes: table is the part "component.table"."""

    def __init__(
        self, services: Services, resources: Sequence[MountedResource], table: Callable[..., Any]
    ) -> None:
        self._services, self._table = services, table
        self._views = {
            resource: self._view(resource)
            for resource in resources
            if resource.entity_type.is_record
        }
        for view in self._views.values():
            services.register_view(view)

    def component(self, resource: MountedResource, records: LiveRecords[Any], query: str) -> Any:
        """The live table, and the link to the list with the same query.

        Shapes: query is that of the list's URL.
        """
        part = self._views[resource](records)
        if "list" not in resource.pages:
            return part
        url = self._services.url_for(resource, "list")
        label = self._services.texts.text("table.all", things=resource.entity_type.plural_title)
        link = A(label, href=f"{url}?{query}" if query else url, cls="own-all")
        return Div(part, link, cls="own-list")

    def _view(self, resource: MountedResource) -> LiveView:
        def rendered(records: LiveRecords[Any]) -> Any:
            columns = () if records.listing is None else records.listing.columns
            return self._table(resource, records, columns, records.titles)

        name = f"starmodel.table.{resource.name}"
        return LiveView(rendered, resource.entity_type.cls, name, is_list=True)
