"""The rows of a list: one compiled template per class, audience and mount path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import quote

from fastcore.xml import Safe, to_xml

from starmodel.adapters.ui.compiled import Slots, Template, compiled
from starmodel.adapters.ui.elements import A, Button, Details, Div, Input, P, Summary, Td, Tr
from starmodel.adapters.ui.elements import Template as TemplateElement
from starmodel.adapters.ui.franken.forms.forms import form_id
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.columns import Column, Showing, cell_look, columns_of
from starmodel.adapters.ui.titles import title_of
from starmodel.app.access.policy import Audience
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.app.presentation.ui import Row
from starmodel.app.queries.listing import row_key
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import Action
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.snapshot import version_of
from starmodel.core.values.bounded_cache import BoundedCache
from starmodel.texts.catalogue import Catalogue

PLACE = "{id}"  # placeholder for the record id in the row menu
Rows = BoundedCache[tuple[int, Any, int], Row]
_DOTS = "uk-btn uk-btn-ghost uk-btn-sm uk-btn-icon"


@dataclass(frozen=True, slots=True, eq=False)
class ListView:
    """The list template of one class for one audience at one mount path.

    Rendered rows are cached by record version, unless a column is computed or
    the access policy has a rule that is a function of the record.

    Shapes: actions are the events in a row's menu; bulk has those that need no
    form; `may` evaluates the access policy for one record; the cache of rendered
    rows is shared by all views.
    """

    entity_type: EntityType
    home: str
    columns: tuple[Column, ...]
    row: Template
    actions: tuple[Event[Any, Any, Any], ...]
    bulk: tuple[Event[Any, Any, Any], ...]
    audience: Audience
    may: Callable[[Event[Any, Any, Any], Entity], bool]
    sprite: str
    kept: Rows
    texts: Catalogue
    token: int = field(default_factory=count().__next__)

    @property
    def nbytes(self) -> int:
        """The approximate memory of the view without its rows."""
        return self.row.nbytes + 4000 * (1 + len(self.columns)) + 1000 * len(self.actions)

    def rows(self, entities: Sequence[Entity], narrowed: bool) -> list[Row]:
        """Render a row per record, cached by version; an empty list renders one hint row."""
        if not entities:
            return [Row("none", _nothing(self, narrowed))]
        if self.audience.per_record or not all(column.sorts for column in self.columns):
            return [self._row(entity) for entity in entities]
        made, kept, token = [], self.kept.get, self.token
        for entity in entities:
            key = token, entity.id, version_of(entity)
            row = kept(key)
            if row is None:
                row = self.kept.put(key, self._row(entity))
            made.append(row)
        return made

    def _row(self, entity: Entity) -> Row:
        slots = self.slots(entity)
        return Row(slots["key"], self.row.fill(slots))

    def slots(self, entity: Entity) -> dict[str, Any]:
        """The slot values of a row's template."""
        slots = {column.slot: column.show(column.read(entity)) for column in self.columns}
        slots["id"], slots["key"] = entity.id, row_key(entity)
        slots["title"] = title_of(self.entity_type, entity)
        if self.audience.per_record:
            slots["may"] = " ".join([e.name for e in self.actions if self.may(e, entity)])
        return slots


def list_view(
    entity_type: EntityType,
    audience: Audience,
    realtime: RealtimeAdapter,
    simple: Callable[[Event[Any, Any, Any]], bool],
    may: Callable[[Event[Any, Any, Any], Entity], bool],
    sprite: str,
    show: Showing,
    kept: Rows,
    texts: Catalogue,
) -> ListView:
    """Compile the row template of a class.

    Shapes: `simple` is True for events that need no form; all views share one cache of rendered
    rows.
    """
    home = f"{realtime.root_path}{entity_type.path}"
    columns = columns_of(entity_type, show)
    offered = [
        event
        for name, event in entity_type.events.items()
        if name in audience.events and name != "create"
    ]
    actions = tuple(sorted(offered, key=lambda e: {"update": 0, "delete": 2}.get(e.name, 1)))
    bulk = tuple(event for event in actions if simple(event))
    row = compiled(
        partial(row_component, entity_type, columns, home, actions, bulk, audience, sprite, texts)
    )
    return ListView(
        entity_type, home, columns, row, actions, bulk, audience, may, sprite, kept, texts
    )


def row_component(
    entity_type: EntityType,
    columns: Sequence[Column],
    home: str,
    actions: Sequence[Event[Any, Any, Any]],
    bulk: Sequence[Event[Any, Any, Any]],
    audience: Audience,
    sprite: str,
    texts: Catalogue,
    s: Slots,
) -> Any:
    """The row component: one cell per column, the first with a link to the record."""
    key, title = s.token("key"), s.text("title")
    cells = []
    if bulk:
        box = Input(
            type="checkbox", name="id[]", value=s.text("id"), form=bulk_id(entity_type),
            cls="uk-checkbox", aria_label=texts.text("list.select", name=title),
        )  # fmt: skip
        cells.append(Td(box, cls="sm-pick"))
    for number, column in enumerate(columns):
        shown, look = Safe(s.html(column.slot)), cell_look(column, number)
        if number == 0:
            cells.append(Td(A(shown, href=f"{home}/{key}", cls="sm-open", dir="auto"), cls=look))
        else:
            cells.append(Td(shown, cls=look, data_label=column.title))
    if actions:
        # All rows share the menu items, so they are rendered once, by `menu`.
        may = {"data-may": s.text("may")} if audience.per_record else {}
        opener = Summary(aria_label=texts.text("list.row_actions", name=title), cls=_DOTS)
        made = Details(opener, may, {"data-ignore-morph": True}, cls="sm-menu")
        cells.append(Td(made, cls="sm-end"))
    return Tr(*cells, data_key=key)


def menu(view: ListView, realtime: RealtimeAdapter) -> Any:
    """The shared <template> of row menus; the browser inserts the row's key."""
    items = [_item(view, event, realtime) for event in view.actions]
    return TemplateElement(*items, {"data-menu": view.entity_type.name}) if items else None


def _item(view: ListView, event: Event[Any, Any, Any], realtime: RealtimeAdapter) -> Any:
    named = {"data-event": event.name}
    if event.name == "update":
        href = f"{view.home}/{quote(PLACE, safe='')}/edit"
        return A(
            icon("edit", view.sprite),
            view.texts.text("event.edit"),
            named,
            href=href,
            cls="sm-item",
        )
    if event not in view.bulk:  # the form on the record's page has the other arguments
        form = form_id(view.entity_type, event, PLACE)
        href = f"{view.home}/{PLACE}#{form}".replace(PLACE, quote(PLACE, safe=""))
        return A(f"{view.texts.render(event.title)}…", named, href=href, cls="sm-item")
    run = realtime.render_action(
        view.entity_type, Action(view.entity_type.cls, event.name, {}, PLACE)
    )
    named["data-on:click"] = run
    if event.name == "delete":
        inside = (icon("trash", view.sprite), view.texts.text("event.delete"))
        return Button(*inside, named, type="button", cls="sm-item sm-danger")
    return Button(view.texts.render(event.title), named, type="button", cls="sm-item")


def bulk_id(entity_type: EntityType) -> str:
    """The element id of the form for bulk events."""
    return f"{entity_type.name}-bulk"


def _nothing(view: ListView, asked: bool) -> str:
    entity_type = view.entity_type
    texts, things = view.texts, entity_type.plural_title
    look = "uk-btn uk-btn-default uk-btn-sm"
    told: tuple[Any, ...]
    if asked:
        told = (
            P(texts.text("list.no_match", things=things)),
            A(texts.text("list.show_all"), href=view.home, cls=look),
        )
    else:
        may = "create" in view.audience.events
        new = A(
            texts.text("list.create_first", title=entity_type.title),
            href=f"{view.home}/new",
            cls=look,
        )
        told = (P(texts.text("list.empty", things=things)), new if may else None)
    cell = Td(Div(icon("empty", view.sprite), *told, cls="sm-empty"), colspan=len(view.columns) + 2)
    return str(to_xml(Tr(cell, data_key="none"), indent=False))
