"""The controls around the rows of a list: sort headers, bulk events and pagination."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastcore.xml import FT, Safe

from starmodel.adapters.ui.elements import (
    A,
    Button,
    Div,
    Form,
    Input,
    Nav,
    Span,
    Table,
    Tbody,
    Th,
    Thead,
    Tr,
)  # fmt: skip
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.columns import cell_classes
from starmodel.adapters.ui.franken.lists.rows import ListView, bulk_id
from starmodel.app.commands.binding.form_names import BULK_EVENT
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
    for column, cls in zip(view.columns, cell_classes(view.columns), strict=True):
        if not column.sorts:
            cells.append(Th(column.title, scope="col", cls=cls))
            continue
        name = column.order or column.name
        down = by.get(name)
        order = f"-{name}" if down is False else name
        mark = icon({None: "sort", False: "up", True: "down"}[down], view.icons_url)
        link = A(column.title, mark, href=view.href(listing, order=order, page=None), cls="sm-sort")
        sorted_ = {None: None, False: "ascending", True: "descending"}[down]
        cells.append(Th(link, scope="col", cls=cls, aria_sort=sorted_))
    if view.actions:
        cells.append(
            Th(Span(view.texts.text("record.actions"), cls="sm-hidden"), scope="col", cls="sm-end")
        )
    return Thead(Tr(*cells))


def bulk(view: ListView, url: str, expression: str) -> Any:
    """The bar of bulk events, visible while rows are selected.

    Shapes: url is the action of the plain form, expression submits it in Datastar.
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
    count = Span(texts.text("bulk.nothing"), cls="sm-count", role="status", data_count="chosen")
    return Form(
        count, *buttons, {"data-on:submit": expression, "data-bulk": True},
        id=bulk_id(view.entity_type), method="post", action=url, cls="sm-bulk", name="",
        aria_label=texts.text("bulk.form", things=things),
        enctype="application/x-www-form-urlencoded",
    )  # fmt: skip


def pagination(
    view: ListView,
    listing: Listing,
    rows_id: str,
    count: int,
    more: bool,
    total: int | None = None,
) -> FT:
    """The pagination component: position, previous and next page.

    Children of a parent that fill more than one page have a link to all of them in their list.
    """
    texts, first = view.texts, listing.query.offset + 1
    last, shown = first + count - 1, ""
    if view.is_figures:
        shown = ""
    elif count and total is not None:
        shown = texts.text("list.last_range", first=first, last=last, total=total)
    elif count and more:
        shown = texts.text("list.range", first=first, last=last)
    elif count:
        shown = texts.text("list.last_range", first=first, last=last, total=last)
    links = []
    if view.children is not None and total is not None and total > listing.per_page:
        searched = {"search": listing.search} if listing.search else {}
        query = urlencode({**listing.filters, **searched})
        every = texts.text("children.all", total=total)
        links.append(A(every, href=f"{view.url}?{query}", cls="uk-btn uk-btn-ghost uk-btn-sm"))
    for there, name, page, picture in (
        (listing.page > 1, texts.text("list.previous"), listing.page - 1, "left"),
        (more, texts.text("list.next"), listing.page + 1, "right"),
    ):
        if there:
            inside = (icon(picture, view.icons_url), name)
            if picture == "right":
                inside = inside[::-1]
            href = view.href(listing, page=None if page == 1 else page)
            links.append(A(*inside, href=href, cls="uk-btn uk-btn-default uk-btn-sm"))
    return Nav(
        Span(shown, cls="sm-muted"), Div(*links, cls="sm-buttons"),
        aria_label=texts.text("list.pages"), id=f"{rows_id}-pages", cls="sm-pages",
    )  # fmt: skip


def table(view: ListView, listing: Listing, rows_id: str, rows: str, digest: str) -> Any:
    """The table, in a container that scrolls horizontally, also by keyboard."""
    name = view.heading
    body = Tbody(Safe(rows), id=rows_id, data_state=digest)
    rows_table = Table(head(view, listing), body, cls="uk-table sm-table", aria_label=name)
    label = view.texts.text("list.table", things=name)
    return Div(rows_table, cls="sm-wide", role="region", aria_label=label, tabindex="0")
