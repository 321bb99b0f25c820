"""Boards: a live list of cards for each member of a choice field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import H2, A, Div, P, Section, Span, Ul, render
from starmodel.adapters.ui.franken.lists.boards.cards import HELP_ID, CardView
from starmodel.app.commands.elements import Element
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.boards import BoardColumn
from starmodel.app.queries.listing import Listing, Window
from starmodel.core.definition.boards import Board

MAX_LIVE_CHARS = 1500
"""The most characters of the questions of all columns that the page's token names."""


def board(
    services: Services, view: CardView, declared: Board, columns: Sequence[BoardColumn], badge: Any
) -> Any:
    """The columns, side by side. Shapes: badge renders a member as HTML."""
    texts, frontend = view.texts, services.frontend
    is_live = sum(len(column.listing.words) for column in columns) <= MAX_LIVE_CHARS
    shown = []
    for value, listing, window in columns:
        if is_live:
            frontend.show_list(listing)
        rows_id = frontend.rows_id(listing)
        cards = "".join([row.html for row in view.rows(window.entities, True, window.titles)])
        count, more = (Safe(each.html) for each in column_controls(services, view, listing, window))
        heading = H2(Safe(badge(value)), id=f"{rows_id}-heading")
        cards_list = Ul(
            Safe(cards), id=rows_id, data_state=window.digest, data_column=value,
            aria_labelledby=f"{rows_id}-heading", tabindex="-1", cls="sm-kanban-cards",
        )  # fmt: skip
        shown.append(
            Section(
                Div(heading, count, cls="sm-kanban-head"), cards_list, more, cls="sm-kanban-column"
            )
        )
    words = {
        name: texts.text(f"board.{name}", name="{name}", column="{column}", reason="{reason}")
        for name in ("lifted", "over", "dropped", "back", "closed")
    }
    label = texts.text("board.label", things=view.entity_type.plural_title)
    return (
        P(texts.text("board.help"), id=HELP_ID, cls="sm-hidden"),
        P("", {"data-board-live": True}, cls="sm-hidden", aria_live="assertive"),
        Div(
            *shown, {f"data-{name}": text for name, text in words.items()},
            role="region", aria_label=label, tabindex="0", cls="sm-kanban",
            id=f"{view.entity_type.name}-board",
        ),
    )  # fmt: skip


def column_controls(
    services: Services, view: CardView, listing: Listing, window: Window
) -> Sequence[Element]:
    """The number of a column's records, and the link to those that it does not show."""
    rows_id, shown = services.frontend.rows_id(listing), len(window.entities)
    total = shown if window.total is None else window.total
    count = Span(str(total), id=f"{rows_id}-count", cls="sm-muted")
    link = None
    if total > shown:
        question = urlencode(
            {**listing.filters, **({"search": listing.search} if listing.search else {})}
        )
        text = view.texts.text("board.more", count=total - shown)
        link = A(text, href=f"{view.url}?{question}", cls="uk-btn uk-btn-ghost uk-btn-sm")
    more = Div(link, id=f"{rows_id}-more", hidden=link is None)
    return Element(render(count)), Element(render(more))
