"""Cursors: where a window of a list ended, as a text for addresses."""

from __future__ import annotations

import hashlib
from base64 import b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from starmodel.app.ordering import Position, order_words, position_of
from starmodel.app.query import Query
from starmodel.core.entity import Entity
from starmodel.core.errors import RequestError
from starmodel.core.fields import loosened
from starmodel.core.json_text import from_text, to_text

MAX_CURSOR_CHARS = 4000
MARK_BYTES = 6


def cursor_behind(query: Query, entity: Entity) -> str:
    """The cursor of the window that begins behind this record.

    It tells the values that the record is sorted by, and its id. Filters
    and search are no part of it.

    Raises: RequestError, when these are too long for an address.
    """
    text = to_text(list(position_of(entity, query.order))).encode()
    cursor = urlsafe_b64encode(_mark(query, text) + text).decode().rstrip("=")
    if len(cursor) > MAX_CURSOR_CHARS:
        raise RequestError(
            f"A cursor in the order {order_words(query.order)!r} would have {len(cursor)} "
            f"characters; at most {MAX_CURSOR_CHARS} fit. Order by something shorter, or use page."
        )
    return cursor


def position_at(query: Query, cursor: str) -> Position | None:
    """Where the window of a cursor begins; None for "", the start.

    Raises: RequestError, for what is no cursor of this class in this order.
    """
    if query.entity.__entity__.fields["id"].private:
        raise RequestError(
            f"{query.entity.__name__} keeps its ids private, which a cursor would tell. Use page."
        )
    if cursor == "":
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        told = b64decode(padded, altchars=b"-_", validate=True)
        mark, text = told[:MARK_BYTES], told[MARK_BYTES:]
        if len(cursor) > MAX_CURSOR_CHARS or mark != _mark(query, text):
            raise ValueError("is of another question")
        names = [*(name for name, _ in query.order), "id"]
        position = tuple(
            _type(query.entity, name).validate_python(value)
            for name, value in zip(names, from_text(text.decode()), strict=True)
        )
        if position[-1] is None:
            raise ValueError("names no record")
        return position
    # Whatever was made up in place of what `to_text` writes.
    except (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError) as error:
        order = order_words(query.order)
        raise RequestError(
            f"cursor {cursor[:80]!r} is none of {query.entity.__name__} in the order "
            f"{order or 'id'!r}. Ask with the same order as before, or start again with ?cursor=."
        ) from error


def _mark(query: Query, text: bytes) -> bytes:
    """What shows that a cursor was made for this class and order, and is whole."""
    question = f"{query.entity.__name__}?{order_words(query.order)}\n".encode()
    return hashlib.blake2b(question + text, digest_size=MARK_BYTES).digest()


@lru_cache(maxsize=256)
def _type(entity: type[Entity], name: str) -> TypeAdapter[Any]:
    """The kinds of values that a field may hold; a record may be older than its other rules."""
    return TypeAdapter(loosened(entity.__pydantic_fields__[name].annotation))
