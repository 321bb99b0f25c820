"""The controls around the rows of a list: sort headers and bulk events."""

from __future__ import annotations

from typing import Any

from fastcore.xml import Safe
from pydantic_core import to_json

from starmodel.adapters.ui.elements import (
    A,
    Button,
    Div,
    Form,
    Input,
    Span,
    Table,
    Tbody,
    Th,
    Thead,
    Tr,
)  # fmt: skip
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.columns import cell_classes
from starmodel.adapters.ui.franken.lists.groups import totals_row
from starmodel.adapters.ui.franken.lists.rows import ListView, bulk_id
from starmodel.adapters.ui.franken.lists.selection import selection
from starmodel.app.commands.binding.form_names import BULK_EVENT
from starmodel.app.queries.list_totals import measures_of
from starmodel.app.queries.listing import Listing


def head(view: ListView, listing: Listing) -> Any:
    """The header row, each title a link that sorts by its column."""
    cells = []
    if view.selects:
        select_all = Input(
            type="checkbox", cls="uk-checkbox", data_every=True,
            aria_label=view.texts.text("list.select_all", things=view.entity_type.plural_title),
        )  # fmt: skip
        cells.append(Th(select_all, cls="sm-pick"))
    by = dict(listing.query.order)
    ranks = {name: rank for rank, name in enumerate(by, 1)} if len(by) > 1 else {}
    for column, cls in zip(view.columns, cell_classes(view.columns), strict=True):
        if not column.sorts:
            cells.append(Th(column.title, scope="col", cls=cls))
            continue
        up, descending = column.orders
        name = up.removeprefix("-")
        down = None if name not in by else by[name] is not up.startswith("-")
        order = descending if down is False else up
        mark = icon({None: "sort", False: "up", True: "down"}[down], view.icons_url)
        rank = Span(str(ranks[name]), cls="sm-rank") if name in ranks else None
        link = A(
            column.title, mark, rank, href=view.href(listing, order=order, page=None),
            data_order=order, cls="sm-sort",
        )  # fmt: skip
        sorted_ = {None: None, False: "ascending", True: "descending"}[down]
        cells.append(Th(link, scope="col", cls=cls, aria_sort=sorted_))
    if view.actions:
        cells.append(
            Th(Span(view.texts.text("record.actions"), cls="sm-hidden"), scope="col", cls="sm-end")
        )
    return Thead(Tr(*cells))


def bulk(view: ListView, url: str, expression: str, matching_url: str = "") -> Any:
    """The bar of bulk events, visible while rows are selected.

    Shapes: url is the action of the plain form, expression submits it in Datastar; matching_url
    is that of `selection`.
    """
    if not view.selects:
        return None
    texts, buttons = view.texts, []
    title, things = view.entity_type.title, view.entity_type.plural_title
    for event in view.bulk:
        danger, label = event.name == "delete", texts.render(event.title)
        questions: dict[str, Any] = {}
        if danger:
            questions["data-ask-url"] = url
        if event.name in view.resource.bulk_forms:
            label, questions["data-bulk-inputs"] = f"{label}…", True
        elif event.info.confirm:
            questions["data-ask"] = texts.text("bulk.ask", event=label, count="{n}", things=things)
            questions["data-ask-one"] = texts.text("bulk.ask_one", event=label, title=title)
        buttons.append(
            Button(
                icon("trash", view.icons_url) if danger else None, label, type="submit",
                name=BULK_EVENT, value=event.name, **questions,
                cls=f"uk-btn uk-btn-sm {'uk-btn-destructive' if danger else 'uk-btn-default'}",
            )
        )  # fmt: skip
    return Form(
        selection(view, matching_url), *buttons,
        {"data-on:submit": expression, "data-bulk": True},
        id=bulk_id(view.entity_type), method="post", action=url, cls="sm-bulk", name="",
        aria_label=texts.text("bulk.form", things=things),
        enctype="application/x-www-form-urlencoded",
    )  # fmt: skip


def table(view: ListView, listing: Listing, rows_id: str, rows: str, digest: str) -> Any:
    """The table, in a container that scrolls horizontally, also by keyboard."""
    name = view.heading
    width = None if view.groups is None else view.width
    body = Tbody(Safe(rows), id=rows_id, data_state=digest, data_width=width, **_words(view))
    totals = None
    if view.children is None and not view.is_figures:
        measures = measures_of(view.entity_type, view.audience.uncertain)
        totals = totals_row(
            view.columns, measures, view.texts, before=view.selects, after=bool(view.actions)
        )
    rows_table = Table(head(view, listing), body, totals, cls="uk-table sm-table", aria_label=name)
    label = view.texts.text("list.table", things=name)
    return Div(rows_table, cls="sm-wide", role="region", aria_label=label, tabindex="0")


def _words(view: ListView) -> dict[str, Any]:
    """What the browser says of rows that wait, and needs to edit cells: their URL and texts."""
    own = {"data-new": view.texts.text("list.new_rows", count="{count}")}
    if not view.cell_url:
        return own
    texts = {
        "edit": view.texts.text("cell.edit", field="{field}"), "away": view.texts.text("cell.away"),
    }  # fmt: skip
    return own | {"data-cell-url": view.cell_url, "data-cell-texts": to_json(texts).decode()}
