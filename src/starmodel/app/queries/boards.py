"""The columns of a board: one list for each member of its choice field."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from starmodel.app.queries.listing import (
    BOARD,
    WINDOW,
    Listing,
    Window,
    filter_name,
    listing_of,
)
from starmodel.app.queries.shown_fields import shown_fields
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import foreign_key_of
from starmodel.core.classes.titles import title_field
from starmodel.core.definition.boards import Board

MAX_CARDS = 50


class BoardColumn(NamedTuple):
    """One column. Shapes: value is the member, as text; window has its first cards."""

    value: str
    listing: Listing
    window: Window


def column_listings(
    listing: Listing, board: Board, hidden: Container[str]
) -> list[tuple[str, Listing]]:
    """The list of each column: the filters and the search of the listing, and the member.

    A column that the filters exclude is left out. Raises: ListQueryError.
    """
    entity_type, own = listing.entity_type, filter_name(board.by)
    asked = listing.parameters(**{**dict.fromkeys(WINDOW), "search": listing.search})
    only = asked.pop(own, None)
    order = "" if board.order.removeprefix("-") in hidden else board.order
    made = []
    for value in board.members:
        if only in (None, value):
            given = {
                **asked, own: value, "order": listing.order or order,
                "per_page": str(MAX_CARDS), "columns": ",".join(card_fields(entity_type, board)),
            }  # fmt: skip
            column = listing_of(entity_type, given, hidden=hidden, lenient=True, place=BOARD)
            made.append((value, column))
    return made


def card_fields(entity_type: EntityType, board: Board) -> list[str]:
    """The fields of a card, without its title; by default the first columns of the list."""
    names = board.card or shown_fields(entity_type)[:4]
    keys = [foreign_key_of(entity_type, name) for name in names]
    own = (title_field(entity_type), board.by)
    return [name for name in dict.fromkeys(keys) if name not in own] or ["id"]
