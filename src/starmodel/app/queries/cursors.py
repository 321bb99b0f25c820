"""Cursors of keyset pagination: the encrypted position of a record, as URL-safe text."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from starmodel.app.ports.cipher import Cipher
from starmodel.app.ports.ordering import Position, order_words, position_of
from starmodel.app.ports.query import Query
from starmodel.core.entity import Entity
from starmodel.core.errors import ListQueryError
from starmodel.core.fields.field_types import unconstrained
from starmodel.core.values.tagged_json import from_text, to_text

MAX_CURSOR_CHARS = 4000
BLOCK_BYTES = 32


class Cursors:
    """Encodes and decodes cursors.

    A cursor is the sort values and the id of a record, padded to blocks and
    encrypted. It is bound to one class and order and, if a read rule depends
    on the record, to one reader. Filters and search may change between pages.

    Shapes: reader is the actor's id, "" for any reader.
    """

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def behind(self, query: Query, entity: Entity, reader: str = "") -> str:
        """The cursor of the window that begins after this record.

        Shapes: the related records that the order compares are loaded.
        Raises: ListQueryError, if it is too long for a URL.
        """
        text = to_text(list(position_of(entity, query.order))).encode()
        text += b" " * (-len(text) % BLOCK_BYTES)
        sealed = self._cipher.encrypt(text, _context(query, reader))
        cursor = urlsafe_b64encode(sealed).decode().rstrip("=")
        if len(cursor) > MAX_CURSOR_CHARS:
            raise ListQueryError(
                f"A cursor in the order {order_words(query.order)!r} would have {len(cursor)} "
                f"characters; at most {MAX_CURSOR_CHARS} fit. Order by something shorter, or use "
                "page."
            )
        return cursor

    def position(self, query: Query, cursor: str, reader: str = "") -> Position | None:
        """The position of a cursor; None for "", the start of the list.

        Raises: ListQueryError, for a cursor of another class, order or reader, or a forged one.
        """
        if query.entity.__entity__.fields["id"].private:
            raise ListQueryError(
                f"{query.entity.__name__} keeps its ids private, so it has no cursors. Use page."
            )
        if cursor == "":
            return None
        try:
            if len(cursor) > MAX_CURSOR_CHARS:
                raise ValueError("is too long")
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            sealed = b64decode(padded, altchars=b"-_", validate=True)
            if urlsafe_b64encode(sealed) != padded:
                raise ValueError("has spare bits")
            text = self._cipher.decrypt(sealed, _context(query, reader))
            names = [*(name for name, _ in query.order), "id"]
            position = tuple(
                _type(*_field(query, name)).validate_python(value)
                for name, value in zip(names, from_text(text.decode()), strict=True)
            )
            if position[-1] is None:
                raise ValueError("names no record")
            return position
        # Forged, or encrypted by an earlier build whose fields had other types.
        except (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError) as error:
            order = order_words(query.order)
            raise ListQueryError(
                f"cursor {cursor[:80]!r} is none of {query.entity.__name__} in the order "
                f"{order or 'id'!r}. Ask with the same order as before, or start again with "
                "?cursor=."
            ) from error


def _field(query: Query, name: str) -> tuple[type[Entity], str]:
    """The class and the field of a sort value."""
    path = next((path for path in query.related if path.name == name), None)
    return (query.entity, name) if path is None else (path.target, path.field)


def _context(query: Query, reader: str) -> bytes:
    """The associated data of a cursor's encryption."""
    return to_text([query.entity.__entity__.name, order_words(query.order), reader]).encode()


@lru_cache(maxsize=256)
def _type(entity: type[Entity], name: str) -> TypeAdapter[Any]:
    """The type of a field without constraints, which a stored record may predate."""
    return TypeAdapter(unconstrained(entity.__pydantic_fields__[name].annotation))
