"""Lists of records, compiled once for each resource, audience, query and mount point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from fastcore.xml import Safe

from starmodel.adapters.ui.compiled import Template, compiled
from starmodel.adapters.ui.elements import A, Div, render
from starmodel.adapters.ui.franken.forms.chosen_records import ChosenRecords
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists import controls
from starmodel.adapters.ui.franken.lists.boards.board import board, column_controls
from starmodel.adapters.ui.franken.lists.boards.cards import CardView, card_view
from starmodel.adapters.ui.franken.lists.child_filters import child_filters
from starmodel.adapters.ui.franken.lists.columns import ValueRenderers
from starmodel.adapters.ui.franken.lists.groups import with_headings
from starmodel.adapters.ui.franken.lists.menus import menu
from starmodel.adapters.ui.franken.lists.pagination import pagination
from starmodel.adapters.ui.franken.lists.relation_filters import RelationFilters
from starmodel.adapters.ui.franken.lists.rows import ListView, Rows, list_view
from starmodel.adapters.ui.franken.lists.toolbar import toolbar
from starmodel.adapters.ui.franken.slots import slot
from starmodel.adapters.ui.numbers import shown_as
from starmodel.app.access.offers import may_create, offered_audience
from starmodel.app.access.policy import Actor, Audience
from starmodel.app.commands.elements import Element
from starmodel.app.ports.summaries import Measure
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.slots import Place
from starmodel.app.presentation.ui import Row, Services
from starmodel.app.queries.boards import BoardColumn
from starmodel.app.queries.listing import BOARD, FIGURES, Listing, Window
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles
from starmodel.app.queries.shown_fields import possible_columns
from starmodel.core.definition.boards import board_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.widgets import UI
from starmodel.core.values.bounded_cache import MB, BoundedCache, cached


class Lists:
    """Renders lists and their live parts.

    Shapes: values makes the renderers of cells; chosen reads the records that filters show.
    """

    def __init__(self, services: Services, values: ValueRenderers, chosen: ChosenRecords) -> None:
        self._services, self._values = services, values
        self._related = RelationFilters(services, chosen)
        # Keys include mount paths and visitors' queries, so the caches are bounded in bytes.
        self._rows: Rows = BoundedCache(6 * MB)
        self._view = cached(6 * MB)(self._make_view)
        self._frame = cached(4 * MB)(self._make_frame)
        self._pagination = cached(MB)(self._make_pagination)
        self._new = cached(MB)(self._make_new)

    def table(
        self, resource: MountedResource, listing: Listing, window: Window, actor: Actor | None
    ) -> Any:
        """The live table of a list, with its controls."""
        frontend = self._services.frontend
        frontend.show_list(listing)
        audience = offered_audience(resource.policy, resource.entity_type, actor)
        view = self._view(frontend.root_path, resource, audience, *_shape(listing))
        rows = view.rows(window.entities, listing.is_narrowed, window.titles)
        html = [row.html for row in rows]
        if view.groups is not None:
            html = with_headings(view.groups, window, html, view.width)
        controls = self.controls(resource, listing, window)
        return Safe(
            self._frame(view, listing).fill(
                {
                    **({} if view.children else self._related.slots(view, listing)),
                    "search": self._child_filters(view, listing, window),
                    "digest": window.digest,
                    "rows": "".join(html),
                    "pagination": "".join([element.html for element in controls]),
                }
            )
        )

    def board(
        self,
        resource: MountedResource,
        listing: Listing,
        columns: Sequence[BoardColumn],
        actor: Actor | None,
    ) -> Any:
        """The live columns of a board, below the toolbar of its list."""
        services, entity_type = self._services, resource.entity_type
        declared = board_of(entity_type.cls.__entity__)
        if declared is None:
            return None
        root_path = services.frontend.root_path
        audience = offered_audience(resource.policy, entity_type, actor)
        view = self._view(root_path, resource, audience, "", (), "")
        tools = compiled(
            lambda s: Div(
                *toolbar(services, view, listing, self._related.controls(view, listing, s), s),
                cls="uk-card sm-board-tools",
            )
        ).fill(self._related.slots(view, listing))
        if not columns:
            return Safe(tools)
        first = columns[0].listing
        cards = self._view(root_path, resource, audience, first.place, first.columns, first.group)
        spec = entity_type.cls.__entity__.fields[declared.by]
        badge = self._values(spec.info.annotation, spec.ui, brief=True)
        made = board(services, cast(CardView, cards), declared, columns, badge)
        return (Safe(tools), *made)

    def plain_view(self, resource: MountedResource, columns: tuple[str, ...] = ()) -> ListView:
        """The view of rows without events, for any reader: a row omits what is hidden from its own.

        Raises: ConfigurationError, for unknown columns.
        """
        entity_type = resource.entity_type
        known = possible_columns(entity_type)
        unknown = [name for name in columns if name not in known]
        if unknown:
            raise ConfigurationError(
                f"A table of {entity_type.name} has the column {unknown[0]!r}; expected some of "
                f"{', '.join(known)}."
            )
        audience = Audience(uncertain=entity_type.cls.__entity__.guarded)
        root_path = self._services.frontend.root_path
        return self._view(root_path, resource, audience, "", columns, "")

    def rows(
        self,
        resource: MountedResource,
        listing: Listing,
        entities: Sequence[Entity],
        audience: Audience,
        titles: RelatedTitles = NO_TITLES,
    ) -> list[Row]:
        """One row for each record; one card in a column of a board."""
        root_path = self._services.frontend.root_path
        view = self._view(root_path, resource, audience, *_shape(listing))
        return view.rows(entities, listing.is_narrowed, titles)

    def controls(
        self, resource: MountedResource, listing: Listing, window: Window
    ) -> Sequence[Element]:
        """The pagination, which depends on the window."""
        root_path, number = self._services.frontend.root_path, len(window.entities)
        if listing.place == BOARD:
            view = self._view(
                root_path, resource, Audience(), listing.place, listing.columns, listing.group
            )
            return column_controls(self._services, cast(CardView, view), listing, window)
        about = (number, window.more, window.total)
        return [Element(self._pagination(root_path, resource, listing, *about))]

    def total(self, resource: MountedResource, measure: Measure, value: Any) -> str:
        """One total as the cells of its column; a mean of integers may have decimals."""
        cls = resource.entity_type.cls
        spec = cls.__entity__.fields[measure.field]
        if measure.function == "count":
            return self._values(int, UI(), brief=True)(value)
        kind = float if isinstance(value, float) else spec.info.annotation
        if measure.function == "avg" and value is not None:
            value = round(value, spec.ui.decimal_places or 2)
        return self._values(kind, shown_as(cls, spec), brief=True)(value)

    def actions(self, resource: MountedResource, actor: Actor | None) -> Any:
        """The button for a new record, for an actor who may create one, and those of plugins."""
        services, entity_type = self._services, resource.entity_type
        more = slot(services, Place("list.actions", actor, entity_type))
        may = "new" in resource.pages
        if may and may_create(resource.policy, entity_type, actor):
            return (Safe(self._new(services.frontend.root_path, resource)), *more)
        return tuple(more) or None

    def _child_filters(self, view: ListView, listing: Listing, window: Window) -> str:
        if view.children is None or window.total is None:
            return ""
        return render(child_filters(view, view.children, listing, window.total) or "")

    def _make_view(
        self,
        root_path: str,
        resource: MountedResource,
        audience: Audience,
        place: str,
        chosen: tuple[str, ...],
        group: str,
    ) -> ListView:
        children = self._services.areas.children_at(place)
        about = (self._services, resource, audience, self._values, self._rows)
        view = list_view(*about, children, is_figures=place == FIGURES, chosen=chosen, group=group)
        declared = board_of(resource.entity_type.cls.__entity__) if place == BOARD else None
        return view if declared is None else card_view(self._services, view, declared)

    def _make_frame(self, view: ListView, listing: Listing) -> Template:
        """The template of a list without its records, with slots for the rows."""
        services = self._services
        rows_id = services.frontend.rows_id(listing)
        resource = view.resource
        bulk = controls.bulk(
            view, services.url_for(resource, "bulk"), services.frontend.bulk_action(resource),
            services.url_for(resource, "matching") if "matching" in resource.pages else "",
        )  # fmt: skip
        return compiled(
            lambda s: Div(
                Safe(s.html("search"))
                if listing.place
                else toolbar(services, view, listing, self._related.controls(view, listing, s), s),
                controls.table(view, listing, rows_id, s.html("rows"), s.token("digest")),
                bulk,
                menu(services, view),
                Safe(s.html("pagination")),
                cls="uk-card sm-list",
            )
        )

    def _make_pagination(
        self,
        root_path: str,
        resource: MountedResource,
        listing: Listing,
        number: int,
        more: bool,
        total: int | None,
    ) -> str:
        view = self._view(root_path, resource, Audience(), *_shape(listing))
        rows_id = self._services.frontend.rows_id(listing)
        services = self._services
        return render(pagination(services, view, listing, rows_id, number, more, total))

    def _make_new(self, root_path: str, resource: MountedResource) -> str:
        services = self._services
        label = services.texts.text("record.new", title=resource.entity_type.title)
        new = A(
            icon("plus", services.icons_url), label, href=services.url_for(resource, "new"),
            cls="uk-btn uk-btn-primary",
        )  # fmt: skip
        return render(Div(new, cls="sm-buttons"))


def _shape(listing: Listing) -> tuple[str, tuple[str, ...], str]:
    """What the view of a list depends on: its place, its columns and its groups."""
    return listing.place, listing.columns, listing.group
