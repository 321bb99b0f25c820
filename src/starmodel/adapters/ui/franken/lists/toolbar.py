"""The toolbar above a list: search, filters, order, columns and export, and the filters in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import A, Button, Div, Form, Input
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.chips import chips
from starmodel.adapters.ui.franken.lists.filters import FilterControls, filter_controls
from starmodel.adapters.ui.franken.lists.panels import (
    columns_panel,
    export_panel,
    panel,
    sort_select,
)
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.app.ports.query import searched_fields
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.listing import MAX_SEARCH_CHARS, Listing


def toolbar(
    services: Services, view: ListView, listing: Listing, related: Mapping[str, Any], s: Slots
) -> Any:
    """One form, which a browser with JavaScript applies as it is typed, and a row of chips.

    Parts with `data-part` depend on the list; the browser replaces them when it shows another.
    Shapes: related has the controls of filters by a related record, by field.
    """
    texts, found = view.texts, filter_controls(view, listing, related)
    searches = bool(searched_fields(view.entity_type.cls) - view.audience.uncertain)
    apply = Button(
        texts.text("list.apply"), type="submit", cls="uk-btn uk-btn-primary uk-btn-sm sm-apply"
    )
    form = Form(
        _search(view, listing) if searches else None,
        Div(
            _filter_panel(services, view, listing, found, apply) if found.controls else None,
            sort_select(view, listing),
            Div(
                columns_panel(view, listing), export_panel(services, view, listing),
                cls="sm-tools-end",
            ),
            role="toolbar", aria_label=texts.text("list.tools"), cls="sm-tools",
        ),
        Div(*_preserved(listing, found, searches=searches), hidden=True, data_part="preserved"),
        {"data-filters": True},
        role="search", method="get", action=view.url, cls="sm-toolbar", name="",
        aria_label=texts.text("list.search", things=view.entity_type.plural_title),
        enctype="application/x-www-form-urlencoded",
    )  # fmt: skip
    used = Div(chips(view, listing, frozenset(related), s), data_part="chips")
    return form, used


def _search(view: ListView, listing: Listing) -> Any:
    label = view.texts.text("list.search", things=view.entity_type.plural_title)
    search = Input(
        type="search", name="search", value=listing.search, placeholder=label,
        aria_label=label, cls="uk-input", maxlength=MAX_SEARCH_CHARS, dir="auto",
    )  # fmt: skip
    return Div(icon("search", view.icons_url), search, cls="sm-search")


def _filter_panel(
    services: Services, view: ListView, listing: Listing, found: FilterControls, apply: Any
) -> Any:
    clear = A(view.texts.text("list.clear"), href=view.url, cls="uk-btn uk-btn-ghost uk-btn-sm")
    end = Div(apply, clear if listing.filters else None, cls="sm-buttons", data_part="filters-end")
    facets = {}
    if "facets" in view.resource.pages:
        facets = {"data-facets": services.url_for(view.resource, "facets")}
        facets["data-words"] = view.texts.text("filter.count", label="{label}", count="{count}")
    content = Div(*found.controls, end, facets, cls="sm-filter-fields")
    return panel(view, "filters", "filter", content, len(listing.filters))


def _preserved(listing: Listing, found: FilterControls, *, searches: bool) -> list[Any]:
    """What the query has and no input: other filters, the order, the columns, the page size."""
    given = listing.parameters(page=None, cursor=None)
    shown = found.words | ({"search"} if searches else set())
    return [Input(type="hidden", name=n, value=v) for n, v in given.items() if n not in shown]
