"""The rows of a list: one compiled template per resource, audience and mount path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from fastcore.xml import Safe
from pydantic_core import to_json

from starmodel.adapters.ui.compiled import Slots, Template, compiled
from starmodel.adapters.ui.elements import (
    A,
    Details,
    Div,
    Input,
    P,
    Summary,
    Td,
    Tr,
    render,
)
from starmodel.adapters.ui.formats import without_links
from starmodel.adapters.ui.franken.event_buttons import state_of
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.columns import (
    Column,
    ValueRenderers,
    cell_classes,
    column_of,
    columns_of,
    sorting,
)
from starmodel.adapters.ui.franken.lists.groups import Groups
from starmodel.adapters.ui.franken.related import linked_titles, related_links
from starmodel.adapters.ui.titles import title_of
from starmodel.app.access.offers import offers_in_row
from starmodel.app.access.policy import Audience
from starmodel.app.access.readiness import Availability, availability, is_shared
from starmodel.app.commands.binding.form_names import BULK_IDS, SEVERAL_SUFFIX
from starmodel.app.live.live_queries import redacted
from starmodel.app.presentation.resource import ANY_ID, ID, MountedResource
from starmodel.app.presentation.ui import Row, Services
from starmodel.app.queries.list_totals import grouping_of
from starmodel.app.queries.listing import PLACE, Listing, filter_name
from starmodel.app.queries.record_keys import key_of, row_key
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles
from starmodel.core.classes.children import Children
from starmodel.core.classes.registry import EntityType
from starmodel.core.definition.list_editing import list_editable
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.fields.field_types import ATOMS
from starmodel.core.snapshot import NOTHING, hidden_of, version_of
from starmodel.core.values.bounded_cache import BoundedCache
from starmodel.texts.catalogue import Catalogue

Rows = BoundedCache[tuple[int, Any, int, tuple[str | None, ...], tuple[Any, ...]], Row]
NO_VALUES: Mapping[str, Any] = MappingProxyType({})
_MENU_BUTTON = "uk-btn uk-btn-ghost uk-btn-sm uk-btn-icon"


@dataclass(frozen=True, slots=True, eq=False)
class ListView:
    """The list template of one resource for one audience at one mount path.

    Rendered rows are cached by record version, titles shown and computed values, unless an
    access rule of the class, of an event or of a field depends on the record.

    Shapes: url and new_url are those of the list and the form for a new record;
    actions are the events in a row's menu; bulk has those that run on several records; the
    cache of rendered rows is shared by all views. children is set for a list on the page of a
    parent, and parent_url is that of the page, with `ANY_ID` for the parent's key; is_figures for
    the one row of a record's fields that are computed from other records. is_shared is False
    where a condition of an event depends on more than the row's own record. cell_url is the URL of
    the inputs of cells, with `ANY_ID` for the record's key; "" where no cell is edited in the list.
    """

    resource: MountedResource
    url: str
    new_url: str
    columns: tuple[Column, ...]
    row: Template
    actions: tuple[Event[Any, Any, Any], ...]
    bulk: tuple[Event[Any, Any, Any], ...]
    audience: Audience
    icons_url: str
    cache: Rows
    texts: Catalogue
    children: Children | None = None
    parent_url: str = ""
    is_figures: bool = False
    computed: tuple[Column, ...] = ()
    is_shared: bool = True
    groups: Groups | None = None
    cell_url: str = ""
    token: int = field(default_factory=count().__next__)

    @property
    def conditional(self) -> tuple[Event[Any, Any, Any], ...]:
        """The events of the menu that depend on the state of the record."""
        return tuple(event for event in self.actions if event.info.is_conditional)

    @property
    def entity_type(self) -> EntityType:
        return self.resource.entity_type

    @property
    def selects(self) -> bool:
        """Whether rows can be selected for bulk events."""
        return bool(self.bulk) and self.children is None and not self.is_figures

    @property
    def width(self) -> int:
        """The number of cells of a row."""
        return len(self.columns) + self.selects + bool(self.actions)

    @property
    def heading(self) -> str:
        """The name of the list, for people."""
        return self.entity_type.plural_title if self.children is None else self.children.title

    @property
    def from_place(self) -> str:
        """The query of links to records, by which their forms lead back to the parent."""
        return place_query(self.children)

    def href(self, listing: Listing, **instead: Any) -> str:
        """The URL of the page that shows this list, with other parameters of the listing."""
        if self.children is None:
            query = urlencode(listing.parameters(**instead))
            return f"{self.url}?{query}" if query else self.url
        given, name = self.child_parameters(listing, **instead), self.children.name
        query = urlencode({f"{name}.{k}": word for k, word in given.items()})
        return self.child_url(listing, query)

    def child_parameters(self, listing: Listing, **instead: Any) -> dict[str, str]:
        """What the page of the parent says of a list of children, without the parent."""
        given = listing.parameters(**instead)
        own = ("per_page", PLACE, "" if self.children is None else filter_name(self.children.key))
        return {name: word for name, word in given.items() if name not in own}

    def child_url(self, listing: Listing, query: str = "") -> str:
        """The URL of a list of children on the page of their parent."""
        if self.children is None:
            return self.url
        key = key_of(listing.filters[filter_name(self.children.key)])
        url = self.parent_url.replace(ANY_ID, key)
        return f"{url}{f'?{query}' if query else ''}#{section_id(self.children)}"

    @property
    def nbytes(self) -> int:
        """The approximate memory of the view without its rows."""
        return self.row.nbytes + 4000 * (1 + len(self.columns)) + 1000 * len(self.actions)

    def rows(
        self, entities: Sequence[Entity], is_narrowed: bool, titles: RelatedTitles = NO_TITLES
    ) -> list[Row]:
        """Render a row per record, cached by version; an empty list renders one hint row."""
        if not entities:
            return [Row("none", _empty_row(self, is_narrowed))]
        audience = self.audience
        varies = audience.per_record or audience.uncertain != audience.hidden
        if varies or not self.is_shared:
            return [self._row(entity, titles) for entity in entities]
        rows, cached, token = [], self.cache.get, self.token
        for entity, shown in zip(entities, titles.shown_with(entities), strict=True):
            computed = {column.name: column.read(entity) for column in self.computed}
            state = _state(computed.values())
            if state is None:
                rows.append(self._row(entity, titles, computed))
                continue
            key = token, entity.id, version_of(entity), shown, state
            row = cached(key)
            if row is None:
                row = self.cache.put(key, self._row(entity, titles, computed))
            rows.append(row)
        return rows

    def _row(
        self, entity: Entity, titles: RelatedTitles, computed: Mapping[str, Any] = NO_VALUES
    ) -> Row:
        slots = self.slots(entity, titles, computed)
        return Row(slots["key"], self.row.fill(slots))

    def slots(
        self,
        entity: Entity,
        titles: RelatedTitles = NO_TITLES,
        computed: Mapping[str, Any] = NO_VALUES,
    ) -> dict[str, Any]:
        """The slot values of a row's template. Shapes: computed are values that are known."""
        entity_type = self.resource.entity_type
        hidden = hidden_of(entity)
        slots = {
            column.slot: "" if column.name in hidden else _cell(column, entity, titles, computed)
            for column in self.columns
        }
        slots["id"], slots["key"] = entity.id, row_key(entity)
        slots["title"] = title_of(entity_type, entity)
        if self.groups is not None:
            slots["group"] = self.groups.key(entity)
            slots["group label"] = self.groups.label(entity, titles)
        if not (self.audience.per_record or self.conditional):
            return slots
        states = {e.name: self._state(e, entity) for e in self.conditional}
        slots["may"] = " ".join(
            [
                e.name
                for e in self.actions
                if state_of(states, e).is_visible
                and not (self.audience.per_record and not self._may_run(e, entity))
            ]
        )
        refused = {n: self.texts.render(s.reason) for n, s in states.items() if s.reason}
        slots["refused"] = to_json(refused).decode() if refused else ""
        return slots

    def _state(self, event: Event[Any, Any, Any], entity: Entity) -> Availability:
        return availability(self.entity_type, event, self.audience.actor, entity)

    def _may_run(self, event: Event[Any, Any, Any], entity: Entity) -> bool:
        resource, actor = self.resource, self.audience.actor
        return offers_in_row(resource.policy, resource.entity_type, actor, event, entity)


def _cell(
    column: Column, entity: Entity, titles: RelatedTitles, computed: Mapping[str, Any]
) -> str:
    if column.path is not None:
        return column.render(titles.value(entity, column.path))
    if column.linked is not None:
        return column.linked(entity, titles)
    value = computed[column.name] if column.name in computed else column.read(entity)
    if column.renders_record:
        return column.render(value, redacted(entity))
    return column.render(value) if column.link is None else column.link(value, titles)


def _state(values: Iterable[Any]) -> tuple[Any, ...] | None:
    """Computed values as a part of a cache key; None with a value that has no exact text."""
    if not ATOMS.issuperset(map(type, values)):
        return None
    return tuple([(type(value), repr(value)) for value in values])


def list_view(
    services: Services,
    resource: MountedResource,
    audience: Audience,
    values: ValueRenderers,
    cache: Rows,
    children: Children | None = None,
    *,
    is_figures: bool = False,
    chosen: Sequence[str] = (),
    group: str = "",
) -> ListView:
    """Compile the row template of a resource. All views share one cache of rendered rows.

    Shapes: children is set for the list on the page of a parent, without the parent's column;
    chosen are the columns of `Listing.columns`, group is `Listing.group`.
    """
    entity_type, texts, icons_url = resource.entity_type, services.texts, services.icons_url
    links, parent_url = related_links(services, resource), ""
    linked = linked_titles(services, resource)
    columns = columns_of(entity_type, values, audience, links, linked, chosen)
    if children is not None:
        known = (children.key, children.position)  # the same in every row, or seen by their order
        columns = tuple(c for c in columns if c.name not in known) or columns
        parent = services.areas.current_resource(children.parent)
        parent_url = services.url_for(parent, "record", ID)
    columns = sorting(columns, services, resource)
    if columns[0].linked is not None:
        plain = partial(columns[0].linked, linked=False)
        columns = (columns[0]._replace(linked=plain), *columns[1:])
    through = "" if children is None else children.through
    if through:
        columns = tuple(sorted(columns, key=lambda column: column.name != through))
    elif columns[0].link is not None:  # the cell is a link to the record itself
        columns = (columns[0]._replace(link=partial(columns[0].link, linked=False)), *columns[1:])
    permitted = [
        event
        for name, event in entity_type.events.items()
        if name in audience.events and name != "create"
    ]
    actions = tuple(sorted(permitted, key=lambda e: {"update": 0, "delete": 2}.get(e.name, 1)))
    bulk = tuple(
        event
        for event in actions
        if services.needs_no_form(entity_type, event) or event.name in resource.bulk_forms
    )
    record_url = f"{services.url_for(resource, 'record', ID)}{place_query(children)}"
    if through:  # the title of the related record is the link of its row
        actions, record_url = (), ""
    if is_figures:
        names = entity_type.cls.__entity__.related_computed
        columns = tuple(column_of(entity_type, name, values) for name in names)
        actions, record_url = (), ""
    if record_url:  # the first cell is a link to the record
        columns = (
            columns[0]._replace(render=without_links(columns[0].render)), *columns[1:]
        )  # fmt: skip
    may_edit = "update" in audience.events and "cell" in resource.pages and not is_figures
    editable = frozenset(list_editable(entity_type.cls.__entity__) if may_edit else ())
    row = compiled(
        partial(
            row_component, entity_type, columns, record_url, actions,
            () if children or is_figures else bulk, audience, icons_url, texts, bool(group),
            editable=editable,
        )
    )  # fmt: skip
    groups = _groups(services, resource, group) if group else None
    return ListView(
        resource, services.url_for(resource, "list"), services.url_for(resource, "new"), columns,
        row, actions, bulk, audience, icons_url, cache, texts, children, parent_url, is_figures,
        tuple([column for column in columns if column.is_computed]),
        all(is_shared(entity_type, event) for event in actions), groups,
        services.url_for(resource, "cell", ID) if editable else "",
    )  # fmt: skip


def _groups(services: Services, resource: MountedResource, name: str) -> Groups | None:
    entity_type = resource.entity_type
    by = grouping_of(entity_type, name, [name])
    target = services.areas.referenced(entity_type).get(name)
    if by is None:
        return None
    return Groups(
        entity_type, by, services.texts, None if target is None else target.entity_type.cls
    )


def row_component(
    entity_type: EntityType,
    columns: Sequence[Column],
    record_url: str,
    actions: Sequence[Event[Any, Any, Any]],
    bulk: Sequence[Event[Any, Any, Any]],
    audience: Audience,
    icons_url: str,
    texts: Catalogue,
    is_grouped: bool,
    s: Slots,
    *,
    editable: frozenset[str] = NOTHING,
) -> Any:
    """The row component: one cell per column, the first with a link to the record.

    Shapes: record_url has `ANY_ID` in the place of the record's key; editable are the fields
    whose cells are edited in place.
    """
    key, title = s.token("key"), s.text("title")
    cells = []
    if bulk:
        box = Input(
            type="checkbox", name=f"{BULK_IDS}{SEVERAL_SUFFIX}", value=s.text("id"),
            form=bulk_id(entity_type), cls="uk-checkbox",
            aria_label=texts.text("list.select", name=title),
        )  # fmt: skip
        cells.append(Td(box, cls="sm-pick"))
    for column, cls in zip(columns, cell_classes(columns), strict=True):
        value = Safe(s.html(column.slot))
        edit = {"data-edit": column.name, "tabindex": "-1"} if column.name in editable else {}
        if column is columns[0] and record_url:
            url = record_url.replace(ANY_ID, key)
            cells.append(Td(A(value, href=url, cls="sm-open", dir="auto"), edit, cls=cls))
        else:
            cells.append(Td(value, edit, cls=cls, data_label=column.title))
    if actions:
        # All rows share the menu items, so they are rendered once, by `menu`.
        has_states = any(event.info.is_conditional for event in actions)
        may = {"data-may": s.text("may")} if audience.per_record or has_states else {}
        may |= {"data-refused": s.text("refused")} if has_states else {}
        opener = Summary(aria_label=texts.text("list.row_actions", name=title), cls=_MENU_BUTTON)
        menu = Details(opener, may, {"data-ignore-morph": True}, cls="sm-menu")
        cells.append(Td(menu, cls="sm-end"))
    group = {}
    if is_grouped:
        group = {"data-group": s.text("group"), "data-heading": s.text("group label")}
    return Tr(*cells, group, data_key=key)


def place_query(children: Children | None) -> str:
    """The query that names the list of children on their parent's page; "" for another list."""
    return "" if children is None else f"?{urlencode({PLACE: children.place})}"


def section_id(children: Children) -> str:
    """The element id of the section with a parent's children."""
    return f"children-{children.name}"


def bulk_id(entity_type: EntityType) -> str:
    """The element id of the form for bulk events."""
    return f"{entity_type.name}-bulk"


def _empty_row(view: ListView, is_narrowed: bool) -> str:
    resource, texts = view.resource, view.texts
    entity_type, things = resource.entity_type, view.heading
    button = "uk-btn uk-btn-default uk-btn-sm"
    hint: tuple[Any, ...]
    if view.children is not None:
        text = "list.no_match" if is_narrowed else "list.empty"
        hint = (P(texts.text(text, things=things)),)
    elif is_narrowed:
        hint = (
            P(texts.text("list.no_match", things=things)),
            A(texts.text("list.show_all"), href=view.url, cls=button),
        )
    else:
        new = None
        if "create" in view.audience.events:
            label = texts.text("list.create_first", title=entity_type.title)
            new = A(label, href=view.new_url, cls=button)
        hint = (P(texts.text("list.empty", things=things)), new)
    cell = Td(
        Div(icon("empty", view.icons_url), *hint, cls="sm-empty"), colspan=len(view.columns) + 2
    )
    return render(Tr(cell, data_key="none"))
