"""The search and the filters above the children on a record page."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.elements import A, Button, Div, Form, Input
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.filters import filter_inputs
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.app.ports.query import searched_fields
from starmodel.app.queries.listing import Listing
from starmodel.core.classes.children import Children


def child_filters(view: ListView, children: Children, listing: Listing, total: int) -> Any:
    """The search and the inputs of `list_filter`; None where there is no need of them.

    A list that fits its page has none, unless it is searched already.

    Shapes: total is the number of children that match.
    """
    if total <= listing.per_page and not listing.is_narrowed:
        return None
    texts, entity_type, prefix = view.texts, view.entity_type, f"{children.name}."
    fields, uncertain = entity_type.cls.__entity__.fields, view.audience.uncertain
    parts: list[Any] = []
    if searched_fields(entity_type.cls) - uncertain:
        label = texts.text("list.search", things=view.heading)
        box = Input(
            type="search", name=f"{prefix}search", value=listing.search, placeholder=label,
            aria_label=label, cls="uk-input", maxlength=200, dir="auto",
        )  # fmt: skip
        parts.append(Div(icon("search", view.icons_url), box, cls="sm-search"))
    known = set[str]()
    for name in entity_type.cls.model_config.get("list_filter") or ():
        if name in uncertain or name not in fields or fields[name].is_foreign_key:
            continue
        for word, control in filter_inputs(entity_type, name, listing.filters, texts, prefix):
            known.add(word)
            parts.append(control)
    if not parts:
        return None
    given = view.child_parameters(listing)
    shown = {"search", "page", *known}
    others = [
        Input(type="hidden", name=f"{prefix}{name}", value=word)
        for name, word in given.items()
        if name not in shown
    ]
    clear = None
    if listing.is_narrowed:
        url = view.href(listing, search=None, page=None, **dict.fromkeys(known))
        clear = A(texts.text("list.clear"), href=url, cls="uk-btn uk-btn-ghost uk-btn-sm")
    apply = Button(texts.text("list.apply"), type="submit", cls="uk-btn uk-btn-default uk-btn-sm")
    return Form(
        *parts, *others, apply, clear, {"data-child-filters": True},
        role="search", aria_label=texts.text("list.search", things=view.heading), method="get",
        action=view.child_url(listing), cls="sm-child-filters", name="",
        enctype="application/x-www-form-urlencoded",
    )  # fmt: skip
