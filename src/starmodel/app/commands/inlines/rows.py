"""The rows of children in a request, before their values are bound."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from starmodel.core.errors import BindingError
from starmodel.texts.catalogue import Message

ROW_ID, ROW_REMOVED, ROW_BLANK, ROW_ORIGINALS = "_id", "_removed", "_blank", "_originals"
"""Names in a row besides the fields: the id of a stored child, whether it is to be deleted,
whether a new row counts only if it was filled in, and the digests of the rendered fields."""

MAX_ROWS = 200
_AT = re.compile(r"[0-9]{1,4}")
_YES = (True, "1", "true", "on")
_NO = (False, None, "", "0", "false", "off")


class SentRow(NamedTuple):
    """One row of a request.

    Shapes: at is its part of input names, "0" in "lines.0.quantity"; id is that of the stored
    child, "" for a new one; originals is the JSON of the field digests.
    """

    at: str
    id: str
    is_removed: bool
    is_blank: bool
    originals: str
    values: dict[str, Any]

    @property
    def as_data(self) -> dict[str, Any]:
        """The row as an argument of the command."""
        marks: dict[str, Any] = {ROW_ID: self.id} if self.id else {}
        return marks | ({ROW_REMOVED: True} if self.is_removed else self.values)


def sent_rows(name: str, given: Any) -> list[SentRow]:
    """The rows of a form, in the order of its inputs, or of a list in JSON.

    Raises: BindingError, for anything else, and beyond MAX_ROWS.
    """
    pairs = [*_pairs(name, given)]
    if len(pairs) > MAX_ROWS:
        text = Message("inlines.max_rows", most=MAX_ROWS)
        raise BindingError(
            f"{name!r} has {len(pairs)} rows; expected at most {MAX_ROWS}.", {name: text}
        )
    return [_row(name, at, row) for at, row in pairs]


def _pairs(name: str, given: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(given, Mapping):
        for at, row in given.items():
            if not _AT.fullmatch(str(at)):
                raise _malformed(name)
            yield str(at), row
    elif isinstance(given, list | tuple):
        yield from ((str(at), row) for at, row in enumerate(given))
    else:
        raise _malformed(name)


def _row(name: str, at: str, row: Any) -> SentRow:
    if not isinstance(row, Mapping):
        raise _malformed(name)
    values = dict(row)
    id, originals = values.pop(ROW_ID, None), values.pop(ROW_ORIGINALS, "")
    is_removed = _mark(name, values.pop(ROW_REMOVED, False))
    is_blank = _mark(name, values.pop(ROW_BLANK, False))
    if not isinstance(originals, str) or isinstance(id, Mapping | list | bool | float):
        raise _malformed(name)
    return SentRow(at, "" if id is None else str(id), is_removed, is_blank, originals, values)


def _mark(name: str, given: Any) -> bool:
    """Whether a row is marked. Raises: BindingError, for anything but a boolean or its text."""
    if given in _YES:
        return True
    if given in _NO:
        return False
    raise _malformed(name)


def _malformed(name: str) -> BindingError:
    text = Message("inlines.malformed")
    return BindingError(f"{name!r} is no list of rows.", {name: text})
