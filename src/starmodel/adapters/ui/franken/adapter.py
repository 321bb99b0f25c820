"""The UI adapter for Franken UI: one method for each part, rendered in the folder of its name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import Div, render
from starmodel.adapters.ui.franken.components.charts import chart, points_of
from starmodel.adapters.ui.franken.components.figures import tile
from starmodel.adapters.ui.franken.components.record_lists import RecordLists
from starmodel.adapters.ui.franken.components.tables import plain_table, record_table
from starmodel.adapters.ui.franken.errors.pages import ErrorPages
from starmodel.adapters.ui.franken.forms.chosen_records import ChosenRecords
from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.adapters.ui.franken.forms.forms import EventForms
from starmodel.adapters.ui.franken.forms.inputs import labelled
from starmodel.adapters.ui.franken.icons import ICONS, check_icons
from starmodel.adapters.ui.franken.lists.lists import Lists
from starmodel.adapters.ui.franken.lists.views import view_links
from starmodel.adapters.ui.franken.messages import progress_message, toast_message
from starmodel.adapters.ui.franken.records.children import child_sections
from starmodel.adapters.ui.franken.records.deletions import deletion_form
from starmodel.adapters.ui.franken.records.neighbours import neighbour_links
from starmodel.adapters.ui.franken.records.records import Records
from starmodel.adapters.ui.franken.shell.layout import navigation_links
from starmodel.adapters.ui.franken.shell.search import found_group, search_page
from starmodel.adapters.ui.franken.shell.shell import Shell
from starmodel.adapters.ui.franken.slots import slot, slot_content
from starmodel.adapters.ui.titles import title_of
from starmodel.adapters.ui.values import RenderValue, value_renderer
from starmodel.app.access.conditions.condition import ALWAYS, Condition
from starmodel.app.access.policy import Actor, Audience
from starmodel.app.commands.elements import Element
from starmodel.app.live.live_queries import LiveRecords
from starmodel.app.ports.summaries import Measure
from starmodel.app.presentation.children import ChildList
from starmodel.app.presentation.choices import Choice, Offered
from starmodel.app.presentation.deletion import Deletion
from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.inlines import InlineRows
from starmodel.app.presentation.navigation import Link
from starmodel.app.presentation.overviews import NO_OVERVIEWS, Overview
from starmodel.app.presentation.own_pages import OwnPage
from starmodel.app.presentation.resource import MountedResource, Page
from starmodel.app.presentation.searching import FoundGroup
from starmodel.app.presentation.slots import Filled, Place
from starmodel.app.presentation.ui import NO_INPUTS, FormFlow, Row, Services
from starmodel.app.queries.boards import BoardColumn
from starmodel.app.queries.listing import Listing, Window
from starmodel.app.queries.neighbours import Neighbours
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles, Titled
from starmodel.app.queries.searching import SearchMatches
from starmodel.app.queries.views import View
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.events.results import Progress, Toast
from starmodel.core.fields.widgets import UI
from starmodel.core.snapshot import NOTHING


class FrankenUI:
    """Renders live pages, lists, forms and messages of resources; usable without JavaScript.

    A skin replaces any of the parts: a subclass overrides the method, and
    `ui={"record.detail": function}` the part "record.detail" (see `starmodel.adapters.ui.skins`).
    """

    scripts: Sequence[str] = ()
    icons: Sequence[str] = ICONS

    def __init__(self, services: Services, resources: Sequence[MountedResource]) -> None:
        check_icons(resource.entity_type for resource in resources)
        self.services = services
        self._shell = Shell(
            services, resources, self.page_navigation, self.record_title,
            has_skin=type(self) is not FrankenUI,
        )  # fmt: skip
        self._chosen = ChosenRecords(services)
        self._lists = Lists(services, self.value, self._chosen)
        self._forms = EventForms(services, self.form_field, self._chosen, self.value)
        self._records = Records(
            services, resources, self._forms, self.value, self.form, self.record_link
        )
        self._errors = ErrorPages(services, self.page)
        self._record_lists = RecordLists(services, resources, self.component_table)

    def render(self, component: Any) -> str:
        return render(component)

    # Pages

    def page(
        self,
        title: str,
        *content: Any,
        actor: Actor | None = None,
        resource: MountedResource | None = None,
        actions: Any = None,
        subject: Entity | None = None,
        own: OwnPage | None = None,
        head: str = "",
    ) -> str:
        return self._shell.page(title, content, actor, resource, actions, subject, own, head)

    def page_start(
        self, actor: Actor | None, overviews: Mapping[MountedResource, Overview] = NO_OVERVIEWS
    ) -> Any:
        return self._shell.start(actor, overviews)

    def page_found(
        self, resource: MountedResource, matches: SearchMatches, words: str
    ) -> FoundGroup:
        return found_group(self.services, resource, matches, words)

    def page_search(self, words: str, found: Sequence[FoundGroup]) -> Any:
        return search_page(self.services, words, found)

    def page_navigation(
        self,
        resources: Sequence[MountedResource],
        current: Link | None,
        entries: Sequence[NavEntry] = (),
        creatable: Collection[MountedResource] = (),
    ) -> Any:
        return navigation_links(self.services, resources, current, entries, creatable)

    def page_slot(self, filled: Filled, place: Place) -> Any:
        return slot_content(self.services, filled, place)

    # Lists

    def list_table(
        self, resource: MountedResource, listing: Listing, window: Window, actor: Actor | None
    ) -> Any:
        return self._lists.table(resource, listing, window, actor)

    def list_rows(
        self,
        resource: MountedResource,
        listing: Listing,
        entities: Sequence[Entity],
        audience: Audience,
        titles: RelatedTitles = NO_TITLES,
    ) -> list[Row]:
        return self._lists.rows(resource, listing, entities, audience, titles)

    def list_controls(
        self, resource: MountedResource, listing: Listing, window: Window
    ) -> Sequence[Element]:
        return self._lists.controls(resource, listing, window)

    def list_total(self, resource: MountedResource, measure: Measure, value: Any) -> str:
        return self._lists.total(resource, measure, value)

    def list_views(
        self,
        resource: MountedResource,
        listing: Listing,
        views: Sequence[View],
        actor: Actor | None,
    ) -> Any:
        return view_links(self.services, resource, listing, views, actor)

    def list_board(
        self,
        resource: MountedResource,
        listing: Listing,
        columns: Sequence[BoardColumn],
        actor: Actor | None,
    ) -> Any:
        return self._lists.board(resource, listing, columns, actor)

    def list_actions(self, resource: MountedResource, actor: Actor | None) -> Any:
        return self._lists.actions(resource, actor)

    # Records

    def record_title(self, resource: MountedResource, entity: Entity) -> str:
        return title_of(resource.entity_type, entity)

    def record_detail(
        self, resource: MountedResource, entity: Entity, titles: RelatedTitles = NO_TITLES
    ) -> Any:
        return self._records.detail(resource, entity, titles)

    def record_link(
        self, resource: MountedResource, titled: Titled | None, element: str = ""
    ) -> Any:
        return self._records.link(resource, titled, element)

    def record_linked(
        self,
        resource: MountedResource,
        entity: Entity,
        relation: str,
        titles: RelatedTitles,
        element: str = "",
    ) -> Any:
        return self._records.linked(resource, entity, relation, titles, element)

    def record_events(
        self, resource: MountedResource, entity: Entity, actor: Actor | None = None
    ) -> Any:
        return self._records.events(resource, entity, actor)

    def record_actions(self, resource: MountedResource, entity: Entity, actor: Actor | None) -> Any:
        return self._records.actions(resource, entity, actor)

    def record_deletion(self, resource: MountedResource, deletion: Deletion) -> Any:
        return deletion_form(self.services, deletion)

    def record_children(
        self,
        resource: MountedResource,
        entity: Entity,
        lists: Sequence[ChildList],
        actor: Actor | None,
    ) -> Any:
        return child_sections(self.services, self._lists, entity, lists, actor)

    def record_panels(self, resource: MountedResource, entity: Entity, actor: Actor | None) -> Any:
        place = Place("record.panels", actor, resource.entity_type, entity)
        return self._panels(place)

    def record_neighbours(
        self, resource: MountedResource, neighbours: Neighbours, page: Page
    ) -> Any:
        return neighbour_links(self.services, resource, neighbours, page, self.record_title)

    def value(self, annotation: Any, options: UI, *, brief: bool) -> RenderValue:
        """The HTML renderer for values of a type, `brief` in the cells of lists."""
        return value_renderer(annotation, options, brief=brief, texts=self.services.texts)

    # Forms

    def form(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: Any = None,
        *,
        values: Mapping[str, Any] | None = None,
        errors: Mapping[str, str] | None = None,
        originals: Mapping[str, str] | None = None,
        omitted: frozenset[str] = NOTHING,
        hidden: Mapping[str, str] = NO_INPUTS,
        flow: FormFlow | None = None,
        inlines: Sequence[InlineRows] = (),
        drafted: Entity | None = None,
    ) -> Any:
        return self._forms.form(
            resource, event, id, values, errors, originals, omitted, hidden, flow, inlines, drafted
        )

    def form_computed(self, resource: MountedResource, drafted: Entity) -> Mapping[str, str]:
        return self._forms.computed(resource, drafted)

    def form_after(
        self, resource: MountedResource, actor: Actor | None, entity: Entity | None = None
    ) -> Any:
        return self._panels(Place("form.after", actor, resource.entity_type, entity))

    async def form_choices(
        self,
        resource: MountedResource,
        words: str,
        actor: Actor | None,
        where: Condition = ALWAYS,
    ) -> Offered:
        return await self._chosen.choices(resource, words, actor, where)

    async def form_chosen(
        self,
        resource: MountedResource,
        ids: Sequence[Any],
        actor: Actor | None,
        where: Condition = ALWAYS,
    ) -> Sequence[Choice]:
        return await self._chosen.chosen(resource, ids, actor, where)

    def form_errors(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: Any,
        errors: Mapping[str, str],
        originals: Mapping[str, str],
        omitted: frozenset[str] = NOTHING,
        inlines: Sequence[InlineRows] = (),
    ) -> Sequence[Element]:
        return self._forms.error_patches(resource, event, id, errors, originals, omitted, inlines)

    def form_bulk(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        hidden: Sequence[tuple[str, str]],
        values: Mapping[str, Any] = NO_INPUTS,
        errors: Mapping[str, str] = NO_INPUTS,
    ) -> Any:
        return self._forms.bulk(resource, event, hidden, values, errors)

    def form_bulk_errors(
        self, resource: MountedResource, event: Event[Any, Any, Any], errors: Mapping[str, str]
    ) -> Sequence[Element]:
        return self._forms.bulk_errors(resource, event, errors)

    def form_field(self, field: FormField, form_id: str, slots: Slots, records_url: str) -> Any:
        """One labelled input; `slots` has the slots of its value, choice and validation error."""
        return labelled(field, form_id, slots, records_url)

    # Components of the application's own pages

    def component_tile(
        self, label: Any, figure: Any, change: float | None, note: Any, link: str, ui: UI
    ) -> Any:
        return tile(self.services.texts, label, figure, change, note, link, ui)

    def component_chart(
        self, rows: Any, kind: str, x: str, y: str | Sequence[str], title: str, height: int
    ) -> Any:
        return chart(self.services.texts, points_of(rows, x, y), kind, title, x, height)

    def component_table(
        self,
        resource: MountedResource,
        records: Sequence[Entity],
        columns: tuple[str, ...] = (),
        titles: RelatedTitles = NO_TITLES,
        label: str = "",
    ) -> Any:
        return record_table(self._lists.plain_view(resource, columns), records, titles, label)

    def component_rows(
        self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], label: str
    ) -> Any:
        return plain_table(self.services, rows, columns, label)

    def component_list(
        self, resource: MountedResource, records: LiveRecords[Any], query: str
    ) -> Any:
        return self._record_lists.component(resource, records, query)

    # Messages and errors

    def message_toast(self, toast: Toast) -> Any:
        return toast_message(toast, self.services.icons_url, self.services.texts)

    def message_progress(self, id: str, progress: Progress) -> Any:
        cancel = self.services.frontend.cancel_action(id)
        return progress_message(id, progress, self.services.texts, cancel)

    def error_page(self, problem: Any, actor: Actor | None = None) -> str:
        return self._errors.page(problem, actor)

    def error_panel(self, problem: Any) -> Any:
        return self._errors.panel(problem)

    def _panels(self, place: Place) -> Any:
        panels = slot(self.services, place)
        return Div(*panels, cls="sm-panels") if panels else None
