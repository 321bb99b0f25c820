"""The position in a list below its rows: which ones of how many, other pages and page sizes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastcore.xml import FT

from starmodel.adapters.ui.elements import A, Div, Nav, Span
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.listing import MAX_PAGE, PER_PAGE, Listing

SIZES = (PER_PAGE, 50, 100)
_LINK = "uk-btn uk-btn-ghost uk-btn-sm"


def pagination(
    services: Services,
    view: ListView,
    listing: Listing,
    rows_id: str,
    count: int,
    more: bool,
    total: int | None = None,
) -> FT:
    """The pagination component, without the number of all records unless it is known.

    The browser asks for that number after the page is shown. Children of a parent that fill more
    than one page have a link to all of them in their list.
    """
    texts, first = view.texts, listing.query.offset + 1
    last, shown = first + count - 1, ""
    if total is None and count and not more:
        total = last
    if view.is_figures:
        shown = ""
    elif count and total is not None:
        shown = texts.text("list.last_range", first=first, last=last, total=total)
    elif count:
        shown = texts.text("list.range", first=first, last=last)
    links = []
    if view.children is not None and total is not None and total > listing.per_page:
        every = texts.text("children.all", total=total)
        searched = {"search": listing.search} if listing.search else {}
        query = urlencode({**listing.filters, **searched})
        links.append(A(every, href=f"{view.url}?{query}", cls=_LINK))
    is_list = view.children is None and not view.is_figures
    links += _pages(view, listing, more, total, is_list=is_list)
    asked: dict[str, Any] = {}
    if is_list and "count" in view.resource.pages:
        query = urlencode(listing.parameters(page=None, per_page=None, order=None, columns=None))
        url = services.url_for(view.resource, "count")
        asked = {
            "data-count": f"{url}?{query}" if query else url,
            "data-first": str(first), "data-last": str(last), "data-size": str(listing.per_page),
            "data-page": str(listing.page), "data-known": None if total is None else str(total),
            "data-range": texts.text(
                "list.last_range", first="{first}", last="{last}", total="{total}"
            ),
            "data-page-of": texts.text("list.page_of", page="{page}", pages="{pages}"),
            "data-at-least": texts.text("list.at_least", total="{total}"),
        }  # fmt: skip
    return Nav(
        Span(shown, cls="sm-muted sm-shown-rows"),
        _sizes(view, listing) if is_list and count else None,
        Div(*links, cls="sm-buttons"), {name: v for name, v in asked.items() if v is not None},
        aria_label=texts.text("list.pages"), id=f"{rows_id}-pages", cls="sm-pages",
    )  # fmt: skip


def _pages(
    view: ListView, listing: Listing, more: bool, total: int | None, *, is_list: bool
) -> list[Any]:
    texts, page = view.texts, listing.page
    if page == 1 and not more:
        return []
    pages = None if total is None else max(1, -(-total // listing.per_page))
    links: list[Any] = []
    if is_list:
        first = icon("first", view.icons_url) if page > 1 else None
        if first is not None:
            links.append(
                A(
                    first, href=view.href(listing, page=None), title=texts.text("list.first"),
                    aria_label=texts.text("list.first"), cls=f"{_LINK} uk-btn-icon",
                )
            )  # fmt: skip
    if page > 1:
        href = view.href(listing, page=None if page == 2 else page - 1)
        links.append(
            A(icon("left", view.icons_url), texts.text("list.previous"), href=href, cls=_LINK)
        )
    if is_list:
        key = "list.page" if pages is None else "list.page_of"
        words = texts.text(key, page=page, pages=pages)
        links.append(Span(words, cls="sm-muted sm-page-of"))
    if more:
        href = view.href(listing, page=page + 1)
        links.append(
            A(texts.text("list.next"), icon("right", view.icons_url), href=href, cls=_LINK)
        )
    if is_list and more:
        href = view.href(listing, page=pages or MAX_PAGE)
        links.append(
            A(
                icon("last", view.icons_url), href=href, title=texts.text("list.last"),
                aria_label=texts.text("list.last"), hidden=pages is None,
                cls=f"{_LINK} uk-btn-icon sm-last-page",
            )
        )  # fmt: skip
    return links


def _sizes(view: ListView, listing: Listing) -> Any:
    """Links to the list with pages of other sizes."""
    sizes = sorted({*SIZES, listing.per_page})
    links = [
        A(
            str(size), aria_current="true" if size == listing.per_page else None,
            href=view.href(listing, per_page=None if size == PER_PAGE else size, page=None),
        )
        for size in sizes
    ]  # fmt: skip
    label = view.texts.text("list.sizes")
    return Div(Span(label, cls="sm-muted"), *links, cls="sm-sizes", role="group", aria_label=label)
