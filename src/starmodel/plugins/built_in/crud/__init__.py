"""CRUD: the generated pages of every resource, and the same records as JSON on the same URLs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from starmodel.app.exporting import workbook
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.definition.list_editing import list_editable
from starmodel.core.events.built_in import BUILT_IN
from starmodel.plugins import EventRoute, Exchange, Plugin, ResourceRoute, Route
from starmodel.plugins.built_in.crud.bulk import BulkEvents
from starmodel.plugins.built_in.crud.cells import Cells
from starmodel.plugins.built_in.crud.choices import ChoiceLists
from starmodel.plugins.built_in.crud.counts import Counts
from starmodel.plugins.built_in.crud.deletions import Deletions
from starmodel.plugins.built_in.crud.event_pages import EventPages
from starmodel.plugins.built_in.crud.event_states import EventStatesPage
from starmodel.plugins.built_in.crud.exports import Exports
from starmodel.plugins.built_in.crud.facets import Facets
from starmodel.plugins.built_in.crud.matching import MatchingEvents
from starmodel.plugins.built_in.crud.overview import overviews
from starmodel.plugins.built_in.crud.pages import CrudPages
from starmodel.plugins.built_in.crud.search import PATH, SearchPage
from starmodel.plugins.built_in.crud.views import ViewRoutes


class Crud(Plugin):
    """The start page, and lists, records, forms and bulk events of every class with `crud`."""

    name = "crud"

    def routes(self) -> list[Route]:
        return [
            Route("/", self.start, access="public"),
            Route(PATH, self.search, access="public"),
        ]

    def resource_routes(self, resource: MountedResource) -> Iterator[ResourceRoute | EventRoute]:
        entity_type = resource.entity_type
        if not entity_type.crud:
            return
        pages = self._pages
        if not entity_type.is_record:
            yield ResourceRoute("list", pages.record)
            return
        yield from (EventRoute(name) for name in BUILT_IN if name in entity_type.events)
        yield ResourceRoute("list", pages.list)
        yield ResourceRoute("new", pages.new, needs="endpoint")  # creation requires no read access
        yield ResourceRoute("bulk", self._bulk.run, methods=["POST"], needs="endpoint")
        yield ResourceRoute("matching", self._matching.run, methods=["POST"], needs="endpoint")
        yield ResourceRoute("choices", self._choices.send)
        yield ResourceRoute("count", self._counts.send)
        yield ResourceRoute("facets", self._facets.send)
        if self.services.application.saved_views is not None:
            yield ResourceRoute("views", self._views.change, methods=["POST"], needs="endpoint")
        yield ResourceRoute("export.csv", self._exports.csv)
        yield ResourceRoute("export.jsonl", self._exports.json_lines)
        if workbook.is_available():
            yield ResourceRoute("export.xlsx", self._exports.xlsx)
        yield ResourceRoute("record", pages.record)
        yield ResourceRoute("edit", pages.edit)
        if "update" in entity_type.events and list_editable(entity_type.cls.__entity__):
            yield ResourceRoute("cell", Cells(self.services).send)
        yield from EventPages(self.services).routes(resource)
        yield ResourceRoute("events", EventStatesPage(self.services).send)
        if "delete" in entity_type.events:
            yield ResourceRoute("delete", self._deletions.ask)

    async def start(self, exchange: Exchange) -> None:
        """Send the start page."""
        ui, actor = self.services.ui, exchange.session.actor
        title = self.services.application.texts.render(self.services.settings.title)
        application = self.services.application
        found = await overviews(application, application.areas.current.pages, actor)
        await exchange.page(lambda: ui.page(title, ui.page_start(actor, found), actor=actor))

    async def search(self, exchange: Exchange) -> None:
        """Send the results of a search over all classes."""
        await SearchPage(self.services).send(exchange)

    @cached_property
    def _pages(self) -> CrudPages:
        return CrudPages(self.services)

    @cached_property
    def _matching(self) -> MatchingEvents:
        return MatchingEvents(self.services)

    @cached_property
    def _counts(self) -> Counts:
        return Counts(self.services)

    @cached_property
    def _facets(self) -> Facets:
        return Facets(self.services)

    @cached_property
    def _views(self) -> ViewRoutes:
        return ViewRoutes(self.services)

    @cached_property
    def _exports(self) -> Exports:
        return Exports(self.services)

    @cached_property
    def _deletions(self) -> Deletions:
        return Deletions(self.services)

    @cached_property
    def _choices(self) -> ChoiceLists:
        return ChoiceLists(self.services)

    @cached_property
    def _bulk(self) -> BulkEvents:
        return BulkEvents(self.services, self._deletions)
