"""The records before and after one in the list that a visitor comes from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from starmodel.app.queries.listing import MAX_WORDS_CHARS, Listing, Window, listing_of
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    AccessDeniedError,
    AccessScanLimitError,
    ListQueryError,
    RequestError,
)

LIST = "_list"
"""The query parameter of the words of the list that the visitor comes from."""


class Neighbour(NamedTuple):
    """A record beside another. Shapes: words is the query string of its page of the list."""

    entity: Entity
    words: str


class Neighbours(NamedTuple):
    """The records around one; None at an end of the list."""

    previous: Neighbour | None = None
    next: Neighbour | None = None


NO_NEIGHBOURS = Neighbours()
ReadWindow = Callable[[Listing], Awaitable[Window]]


def list_words(query: str) -> str | None:
    """The words of the list in the query string of a record's page; None without them."""
    if f"{LIST}=" not in query or len(query) > 2 * MAX_WORDS_CHARS:
        return None
    try:
        return next((v for n, v in parse_qsl(query, True, max_num_fields=100) if n == LIST), None)
    except ValueError:  # too many parameters
        return None


def with_list(url: str, words: str | None) -> str:
    """The URL of a record's page, with the words of the list that the visitor comes from."""
    return url if words is None else f"{url}?{urlencode({LIST: words})}"


def listing_in_words(
    entity_type: EntityType, words: str, hidden: Container[str] = ()
) -> Listing | None:
    """The list that a query string names; None for one that no list has.

    Shapes: hidden are the fields that the reader may not read on every record.
    """
    if len(words) > MAX_WORDS_CHARS:
        return None
    try:
        parameters = dict(parse_qsl(words, keep_blank_values=True, max_num_fields=100))
        parameters.pop("cursor", None)
        return listing_of(entity_type, parameters, lenient=True, hidden=hidden)
    except (RequestError, ListQueryError, ValueError):
        return None


async def neighbours_of(listing: Listing, entity: Entity, read: ReadWindow) -> Neighbours:
    """The readable records beside one in a list, by one query for its page of the list.

    None are found for a record that has left that page since.

    Shapes: read returns the window of a listing for the visitor.
    """
    is_first = listing.query.offset == 0
    size = listing.per_page + (1 if is_first else 2)
    query = replace(listing.query, offset=listing.query.offset - (not is_first), limit=size)
    try:
        around = replace(listing, query=query, per_page=size)
        window = await read(around)
    except (AccessDeniedError, AccessScanLimitError, ListQueryError):
        return NO_NEIGHBOURS
    found = window.entities
    at = next((n for n, each in enumerate(found) if each.id == entity.id), None)
    if at is None:
        return NO_NEIGHBOURS

    def beside(index: int) -> Neighbour | None:
        if not 0 <= index < len(found):
            return None
        place = index + is_first  # 0 is the last record of the page before
        turn = -1 if place == 0 else 1 if place > listing.per_page else 0
        words = urlencode(listing.parameters(page=_page(listing.page + turn)))
        return Neighbour(found[index], words)

    return Neighbours(beside(at - 1), beside(at + 1))


def _page(number: int) -> str:
    return "" if number <= 1 else str(number)
