"""The parts of the toolbar that open: filters, columns and export; usable without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starmodel.adapters.ui.elements import A, Details, Div, Option, Select, Span, Summary
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.app.presentation.resource import Page
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.list_totals import grouping_of, is_reference
from starmodel.app.queries.listing import Listing
from starmodel.app.queries.shown_fields import column_title, possible_columns, shown_fields

FORMATS: tuple[tuple[Page, str], ...] = (
    ("export.csv", "list.csv"), ("export.xlsx", "list.xlsx"), ("export.jsonl", "list.jsonl"),
)  # fmt: skip


MAX_GROUP_FIELDS = 12


def panel(view: ListView, name: str, picture: str, content: Any, number: int = 0) -> Any:
    """A button of the toolbar with what it opens. Shapes: number is that of the filters in use."""
    label = view.texts.text(f"list.{name}")
    count = Span(str(number) if number else "", cls="sm-tool-count", data_part=f"{name}-count")
    opener = Summary(
        icon(picture, view.icons_url), Span(label, cls="sm-tool-label"), count,
        cls="uk-btn uk-btn-default uk-btn-sm",
    )  # fmt: skip
    return Details(
        opener, Div(content, cls="sm-tool-box"), data_tool=name, cls=f"sm-tool sm-tool-{name}"
    )


def export_panel(services: Services, view: ListView, listing: Listing) -> Any:
    """The formats of an export, each a link to a file with all matches of the list."""
    query = urlencode(listing.parameters(page=None, per_page=None, cursor=None))
    links = []
    for page, key in FORMATS:
        if page in view.resource.pages:
            url = services.url_for(view.resource, page)
            href = f"{url}?{query}" if query else url
            links.append(A(view.texts.text(key), href=href, download=True, cls="sm-item"))
    if not links:
        return None
    return panel(view, "export", "download", Div(*links, data_part="export"))


def columns_panel(view: ListView, listing: Listing) -> Any:
    """The possible columns, each a link to the list with or without it."""
    entity_type, texts = view.entity_type, view.texts
    usual = shown_fields(entity_type, view.audience.hidden)
    shown = shown_fields(entity_type, view.audience.hidden, listing.columns)
    links = []
    for name in possible_columns(entity_type, view.audience.hidden):
        is_shown, title = name in shown, column_title(entity_type, name)
        columns = [n for n in shown if n != name] if is_shown else [*shown, name]
        mark = icon("check", view.icons_url) if is_shown else Span(cls="sm-icon")
        if not columns:  # the last one stays
            links.append(Span(mark, title, cls="sm-item", data_column=name))
            continue
        words = None if columns == usual else ",".join(columns)
        href = view.href(listing, columns=words)
        current = "true" if is_shown else None
        links.append(
            A(
                mark, title, href=href, rel="nofollow", aria_current=current, data_column=name,
                cls="sm-item",
            )
        )  # fmt: skip
    if listing.columns:
        reset = texts.text("list.own_columns")
        href = view.href(listing, columns=None)
        links.append(A(Span(cls="sm-icon"), reset, href=href, data_column="", cls="sm-item"))
    if len(links) < 2:
        return None
    label = texts.text("list.columns_label")
    columns_ = Div(*links, role="group", aria_label=label)
    content = Div(columns_, _group_links(view, listing, shown), data_part="columns")
    return panel(view, "columns", "columns", content)


def _group_links(view: ListView, listing: Listing, shown: Sequence[str]) -> Any:
    """The fields that group the list, each a link to the list with or without headings."""
    entity_type, texts, links = view.entity_type, view.texts, []
    sorted_ = {column.name for column in view.columns if column.sorts}
    for name, spec in entity_type.cls.__entity__.fields.items():
        if name in view.audience.uncertain or grouping_of(entity_type, name, shown) is None:
            continue
        if is_reference(entity_type, name) and name not in sorted_:
            continue
        is_used = listing.group == name
        mark = icon("check", view.icons_url) if is_used else Span(cls="sm-icon")
        href = view.href(listing, group=None if is_used else name, page=None)
        links.append(
            A(
                mark, spec.title, href=href, rel="nofollow", cls="sm-item",
                aria_current="true" if is_used else None,
            )
        )  # fmt: skip
    if not links:
        return None
    title = texts.text("group.by")
    return Div(
        Div(title, cls="sm-group-title"), *links[:MAX_GROUP_FIELDS], role="group", aria_label=title
    )


def sort_select(view: ListView, listing: Listing) -> Any:
    """The order of the list as one choice, in the place of the headings on a phone."""
    texts, options = view.texts, []
    chosen, known = listing.order, False
    for column in view.columns:
        if not column.sorts:
            continue
        keys = ("list.ascending", "list.descending")
        for order, key in zip(column.orders, keys, strict=True):
            known = known or order == chosen
            href = view.href(listing, order=order, page=None)
            label = texts.text(key, title=column.title)
            options.append(Option(label, value=href, selected=order == chosen))
    if not options:
        return None
    usual = Option(
        texts.text("list.usual_order"), value=view.href(listing, order=None, page=None),
        selected=not known,
    )  # fmt: skip
    select = Select(
        usual, *options, aria_label=texts.text("list.sort"), data_go=True, cls="uk-select"
    )
    return Div(select, data_part="sort", cls="sm-sorting")
