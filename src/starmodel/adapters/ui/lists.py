"""Lists of records: search, filters, sortable columns, rows with their events, and pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from fastcore.xml import FT, Safe, to_xml
from fasthtml.components import (
    A,
    Button,
    Div,
    Form,
    Input,
    Label,
    Nav,
    Option,
    P,
    Select,
    Span,
    Summary,
    Table,
    Tbody,
    Td,
    Th,
    Thead,
    Tr,
)  # fmt: skip
from fasthtml.components import Details as DetailsElement
from fasthtml.components import Template as TemplateElement

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.compiled import Slots, Template, compiled
from starmodel.adapters.ui.icons import icon
from starmodel.adapters.ui.records import title_field, title_of
from starmodel.adapters.ui.values import Show
from starmodel.app.access import Audience
from starmodel.app.listing import Listing, row_key
from starmodel.app.ports import Row
from starmodel.app.presentation import RealtimeAdapter
from starmodel.app.query import searched_fields
from starmodel.core.commands import Action
from starmodel.core.entity import Entity, version_of
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event
from starmodel.core.fields import plain_types
from starmodel.core.registry import EntityType
from starmodel.core.widgets import UI

PLACE = "{id}"  # stands for the record in what the menu of a row offers
MAX_COLUMNS = 6
MAX_FILTERS = 4
MAX_KEPT = 1000
# Narrow screens leave out the later columns; the record's own page shows them all.
_WIDTHS = ("", " sm-from-small", " sm-from-medium", " sm-from-medium", " sm-from-wide")


class Showing(Protocol):
    """What makes a `Show` for a type; see `values.shows`."""

    def __call__(self, annotation: Any, wishes: UI, /, *, brief: bool) -> Show: ...


class Column(NamedTuple):
    """One column. Shapes: read gives a record's value; sorts is False for computed fields."""

    name: str
    title: str
    read: Callable[[Entity], Any]
    show: Show
    sorts: bool = True
    is_number: bool = False

    @property
    def slot(self) -> str:
        return f"cell {self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class ListView:
    """How records of one class are listed for one audience at one mount point.

    A row is made once for each version of its record, unless it shows what
    is computed or depends on a rule that is a function.

    Shapes: actions are the events that a row offers; `may` asks a rule
    that is a function of the record.
    """

    type: EntityType
    home: str
    columns: tuple[Column, ...]
    row: Template
    actions: tuple[Event[Any, Any, Any], ...]
    audience: Audience
    may: Callable[[Event[Any, Any, Any], Entity], bool]
    sprite: str
    kept: dict[tuple[Any, int], Row] = field(default_factory=dict)

    @property
    def bulk(self) -> list[Event[Any, Any, Any]]:
        """The events that can be run for many rows at once."""
        return [event for event in self.actions if event.name != "update"]

    def rows(self, entities: Sequence[Entity], narrowed: bool) -> list[Row]:
        """A row for each record; for none, one that says so and what to do."""
        if not entities:
            return [Row("none", _nothing(self, narrowed))]
        if self.audience.actor is not None or not all(column.sorts for column in self.columns):
            return [self._row(entity) for entity in entities]
        if len(self.kept) > MAX_KEPT:
            self.kept.clear()
        made = []
        for entity in entities:
            key = entity.id, version_of(entity)
            row = self.kept.get(key)
            if row is None:
                row = self.kept[key] = self._row(entity)
            made.append(row)
        return made

    def _row(self, entity: Entity) -> Row:
        slots = self.slots(entity)
        return Row(slots["key"], self.row.fill(slots))

    def slots(self, entity: Entity) -> dict[str, Any]:
        """What fills a row's template."""
        slots = {column.slot: column.show(column.read(entity)) for column in self.columns}
        slots["id"], slots["key"] = entity.id, row_key(entity)
        slots["title"] = title_of(self.type, entity)
        if self.audience.actor is not None:
            slots["may"] = " ".join([e.name for e in self.actions if self.may(e, entity)])
        return slots


def columns_of(type: EntityType, show: Showing) -> tuple[Column, ...]:
    """The columns that the class asks for, else its first few, the one of its name first.

    Raises: ConfigurationError, for a name that is no public field.
    """
    info = type.cls.__entity__
    asked = type.cls.model_config.get("list_display")
    if asked is None:
        names = [n for n, s in info.fields.items() if s.atomic and not s.private and n != "id"]
        named = [n for n in names if n == title_field(type)]
        names = [*named, *(n for n in names if n not in named)][:MAX_COLUMNS]
    else:
        names = list(asked)
    return tuple(_column(type, name, show) for name in names or ["id"])


def _column(type: EntityType, name: str, showing: Showing) -> Column:
    info, cls = type.cls.__entity__, type.cls
    if name in info.computed:
        computed = cls.__pydantic_computed_fields__[name]
        title = computed.title or name.replace("_", " ").capitalize()
        show = showing(computed.return_type, UI(), brief=True)
        number = _is_number(computed.return_type)
        return Column(name, title, attrgetter(name), show, sorts=False, is_number=number)
    spec = info.fields.get(name)
    if spec is None or spec.private:
        public = [n for n, s in info.fields.items() if not s.private]
        raise ConfigurationError(
            f"{cls.__name__}.model_config['list_display'] names {name!r}; the public fields are "
            f"{', '.join([*public, *info.computed])}."
        )
    show = showing(spec.info.annotation, spec.ui, brief=True)
    return Column(
        name, spec.title, attrgetter(name), show, spec.atomic, _is_number(spec.info.annotation)
    )


def _is_number(annotation: Any) -> bool:
    names = {getattr(kind, "__name__", "") for kind in plain_types(annotation)}
    return bool(names) and names <= {"int", "float", "Decimal"}


def list_view(
    type: EntityType,
    audience: Audience,
    realtime: RealtimeAdapter,
    simple: Callable[[Event[Any, Any, Any]], bool],
    may: Callable[[Event[Any, Any, Any], Entity], bool],
    sprite: str,
    show: Showing,
) -> ListView:
    """Compile the rows of a class. Shapes: `simple` events run at once, with nothing to fill in."""
    home = f"{realtime.root_path}{type.path}"
    columns = columns_of(type, show)
    offered = [
        event
        for name, event in type.events.items()
        if name in audience.events and (name == "update" or (name != "create" and simple(event)))
    ]
    actions = tuple(sorted(offered, key=lambda e: {"update": 0, "delete": 2}.get(e.name, 1)))
    row = compiled(partial(row_component, type, columns, home, actions, audience, sprite))
    return ListView(type, home, columns, row, actions, audience, may, sprite)


def row_component(
    type: EntityType,
    columns: Sequence[Column],
    home: str,
    actions: Sequence[Event[Any, Any, Any]],
    audience: Audience,
    sprite: str,
    s: Slots,
) -> Any:
    """One row. Each cell is what its column shows; the first leads to the record."""
    key, title = s.token("key"), s.text("title")
    cells = []
    if any(event.name != "update" for event in actions):
        box = Input(
            type="checkbox", name="id[]", value=s.text("id"), form=bulk_id(type),
            cls="uk-checkbox", aria_label=f"Select {title}",
        )  # fmt: skip
        cells.append(Td(box, cls="sm-pick"))
    for number, column in enumerate(columns):
        shown = Safe(s.html(column.slot))
        if number == 0:
            shown = A(shown, href=f"{home}/{key}", cls="sm-open")
        cells.append(Td(shown, cls=_cell(column, number)))
    if actions:
        # What it offers is the same in every row, so it stands once, in `menu`.
        may = {"data-may": s.text("may")} if audience.actor is not None else {}
        opener = Summary(aria_label=f"Actions for {title}", cls=_DOTS)
        made = DetailsElement(opener, may, {"data-ignore-morph": True}, cls="sm-menu")
        cells.append(Td(made, cls="sm-end"))
    return Tr(*cells, data_key=key)


_DOTS = "uk-btn uk-btn-ghost uk-btn-sm uk-btn-icon"


def menu(view: ListView, realtime: RealtimeAdapter) -> Any:
    """What a row's menu offers, once for all rows; the browser puts the row's key in."""
    items = [_item(view, event, realtime) for event in view.actions]
    return TemplateElement(*items, {"data-menu": view.type.name}) if items else None


def _cell(column: Column, number: int) -> str | None:
    width = _WIDTHS[min(number, len(_WIDTHS) - 1)]
    return (("sm-number" if column.is_number else "") + width).strip() or None


def _item(view: ListView, event: Event[Any, Any, Any], realtime: RealtimeAdapter) -> Any:
    named = {"data-event": event.name}
    if event.name == "update":
        href = f"{view.home}/{quote(PLACE, safe='')}/edit"
        return A(icon("edit", view.sprite), "Edit", named, href=href, cls="sm-item")
    run = realtime.render_action(view.type, Action(view.type.cls, event.name, {}, PLACE))
    named["data-on:click"] = run
    if event.name == "delete":
        inside = (icon("trash", view.sprite), "Delete")
        return Button(*inside, named, type="button", cls="sm-item sm-danger")
    return Button(event.title, named, type="button", cls="sm-item")


def bulk_id(type: EntityType) -> str:
    """The id of the form that runs one event for all chosen rows."""
    return f"{type.name}-bulk"


def _nothing(view: ListView, asked: bool) -> str:
    type = view.type
    things, look = type.plural_title.lower(), "uk-btn uk-btn-default uk-btn-sm"
    told: tuple[Any, ...]
    if asked:
        told = (
            P(f"No {things} match."),
            A("Show all", href=view.home, cls=look),
        )
    else:
        may = "create" in view.audience.events
        new = A(
            f"Create the first {type.title.lower()}",
            href=f"{view.home}/new",
            cls=look,
        )
        told = (P(f"No {things} yet."), new if may else None)
    cell = Td(Div(icon("empty", view.sprite), *told, cls="sm-empty"), colspan=len(view.columns) + 2)
    return str(to_xml(Tr(cell, data_key="none"), indent=False))


def head(view: ListView, listing: Listing) -> Any:
    """The row of column titles, each a link that sorts by it."""
    cells = []
    if view.bulk:
        every = Input(
            type="checkbox", cls="uk-checkbox", data_every=True,
            aria_label=f"Select all {view.type.plural_title.lower()} of this page",
        )  # fmt: skip
        cells.append(Th(every, cls="sm-pick"))
    by = dict(listing.query.order)
    for number, column in enumerate(view.columns):
        look = _cell(column, number)
        if not column.sorts:
            cells.append(Th(column.title, scope="col", cls=look))
            continue
        down = by.get(column.name)
        order = f"-{column.name}" if down is False else column.name
        words = urlencode(listing.asked(order=order, page=None))
        mark = icon({None: "sort", False: "up", True: "down"}[down], view.sprite)
        link = A(column.title, mark, href=f"{view.home}?{words}", cls="sm-sort")
        sorted_ = {None: None, False: "ascending", True: "descending"}[down]
        cells.append(Th(link, scope="col", cls=look, aria_sort=sorted_))
    if view.actions:
        cells.append(Th(Span("Actions", cls="sm-hidden"), scope="col", cls="sm-end"))
    return Thead(Tr(*cells))


def filters(view: ListView, listing: Listing) -> Any:
    """Search and one input for each filter; without JavaScript a button applies them."""
    type, given = view.type, listing.filters
    things = type.plural_title.lower()
    parts: list[Any] = []
    if searched_fields(type.cls):
        search = Input(
            type="search", name="search", value=listing.search, placeholder=f"Search {things}",
            aria_label=f"Search {things}", cls="uk-input", maxlength=200,
        )  # fmt: skip
        parts.append(Div(icon("search", view.sprite), search, cls="sm-search"))
    known: set[str] = set()
    for name in filtered(type):
        for word, made in _filter(type, name, given):
            known.add(word)
            parts.append(made)
    # Filters that came with the address and have no input here stay.
    kept = [Input(type="hidden", name=n, value=w) for n, w in given.items() if n not in known]
    if listing.order:
        kept.append(Input(type="hidden", name="order", value=listing.order))
    clear = None
    if given or listing.search:
        clear = A("Clear", href=view.home, cls="uk-btn uk-btn-ghost uk-btn-sm")
    if not parts:
        return None
    if len(parts) > 1:
        inside = (icon("filter", view.sprite), "Filters")
        fold = Button(
            *inside, {"data-fold": True}, type="button", aria_expanded=str(bool(given)).lower(),
            cls="uk-btn uk-btn-default uk-btn-sm sm-fold",
        )  # fmt: skip
        parts.insert(1, fold)
    apply = Button("Apply", type="submit", cls="uk-btn uk-btn-default uk-btn-sm sm-apply")
    return Form(
        *parts, *kept, apply, clear, {"data-filters": True, "data-open": bool(given)},
        role="search", method="get", action=view.home, cls="sm-filters", name="",
        enctype="application/x-www-form-urlencoded",
    )  # fmt: skip


def filtered(type: EntityType) -> list[str]:
    """The fields that a list can be filtered by: those the class names, else its choices."""
    fields = type.cls.__entity__.fields
    asked = type.cls.model_config.get("list_filter")
    if asked is not None:
        unknown = [n for n in asked if n not in fields or fields[n].private or not fields[n].atomic]
        if unknown:
            raise ConfigurationError(
                f"{type.name}.model_config['list_filter'] names {', '.join(unknown)}; expected "
                "some of its public fields with single values."
            )
        return list(asked)
    return [
        name
        for name, spec in fields.items()
        if not spec.private
        and spec.atomic
        and (choices_of(spec.info.annotation) or plain_types(spec.info.annotation) == [bool])
    ][:MAX_FILTERS]


def _filter(type: EntityType, name: str, given: Any) -> list[tuple[str, Any]]:
    spec = type.cls.__entity__.fields[name]
    choices = [(choice_key(v), label) for v, label in choices_of(spec.info.annotation)]
    if plain_types(spec.info.annotation) == [bool]:
        choices = [("true", "Yes"), ("false", "No")]
    if choices:
        options = [
            Option(label, value=key, selected=given.get(name) == key) for key, label in choices
        ]
        chosen = Select(Option("Any", value=""), *options, name=name, cls="uk-select")
        return [(name, _labelled(spec.title, chosen))]
    names = {getattr(kind, "__name__", "") for kind in plain_types(spec.info.annotation)}
    kind = (
        "number" if names & {"int", "float", "Decimal"}
        else "date" if names & {"date"}
        else "datetime-local" if names & {"datetime"}
        else "text"
    )  # fmt: skip
    words = (f"{name}__contains",) if kind == "text" else (f"{name}__gte", f"{name}__lte")
    titles = {"contains": spec.title, "gte": f"{spec.title} from", "lte": f"{spec.title} to"}
    made = []
    for word in words:
        value = given.get(word, "")
        step = "any" if kind == "number" else None
        box = Input(type=kind, name=word, value=value, cls="uk-input", step=step)
        made.append((word, _labelled(titles[word.rpartition("__")[2]], box)))
    return made


def _labelled(title: str, made: Any) -> Any:
    return Label(Span(title), made, cls="sm-filter")


def bulk(view: ListView, address: str, send: str) -> Any:
    """The bar with what can be done to all chosen rows; it shows when there are any."""
    buttons = []
    for event in view.bulk:
        danger = event.name == "delete"
        ask = event.info.confirm and f"{event.title}: {{n}} {view.type.plural_title.lower()}?"
        buttons.append(
            Button(
                icon("trash", view.sprite) if danger else None, event.title, type="submit",
                name="event", value=event.name, data_ask=ask or None,
                cls=f"uk-btn uk-btn-sm {'uk-btn-destructive' if danger else 'uk-btn-default'}",
            )
        )  # fmt: skip
    if not buttons:
        return None
    count = Span("Nothing chosen", cls="sm-count", role="status", data_count="chosen")
    return Form(
        count, *buttons, {"data-on:submit": send, "data-bulk": True}, id=bulk_id(view.type),
        method="post", action=address, cls="sm-bulk", name="",
        aria_label=f"For the chosen {view.type.plural_title.lower()}",
        enctype="application/x-www-form-urlencoded",
    )  # fmt: skip


def pages(view: ListView, listing: Listing, count: int, more: bool) -> FT:
    """Where this window is in the list, and the ways to those before and after."""
    first = listing.query.offset + 1
    told = "" if not count else f"{first}\u2013{first + count - 1}"
    if count and not more:
        told = f"{told} of {first + count - 1}"
    links = []
    for there, name, page, picture in (
        (listing.page > 1, "Previous", listing.page - 1, "left"),
        (more, "Next", listing.page + 1, "right"),
    ):
        if there:
            words = urlencode(listing.asked(page=None if page == 1 else page))
            inside = (icon(picture, view.sprite), name)
            if name == "Next":
                inside = inside[::-1]
            href = f"{view.home}?{words}" if words else view.home
            links.append(A(*inside, href=href, cls="uk-btn uk-btn-default uk-btn-sm"))
    return Nav(
        Span(told, cls="sm-muted"), Div(*links, cls="sm-buttons"), aria_label="Pages",
        id=f"{listing.element_id}-pages", cls="sm-pages",
    )  # fmt: skip


def table(view: ListView, listing: Listing, rows: str, digest: str) -> Any:
    """The table itself, which scrolls within itself when it is too wide, by keyboard too."""
    name = view.type.plural_title
    body = Tbody(Safe(rows), id=listing.element_id, data_state=digest)
    made = Table(head(view, listing), body, cls="uk-table sm-table", aria_label=name)
    return Div(
        made, cls="sm-wide", role="region", aria_label=f"Table of {name.lower()}", tabindex="0"
    )
