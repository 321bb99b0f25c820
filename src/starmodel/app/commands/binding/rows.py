"""Rows of form inputs: the items of a list, or the keys and values of a mapping."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from starmodel.core.errors import RequestError

MAX_ROWS = 200
KEY, VALUE = "key", "value"
_ROW_KEY = re.compile(r"[0-9]{1,6}")
_CHANGE = re.compile(r"(add|remove|up|down) ([^\s]{1,200})")


class RowsChanged(Exception):  # noqa: N818 - no error: a button of the form was pressed
    """The request changes the rows of its form; the form is sent again, and no event runs."""


class Rows(list[Any]):
    """The rows of one editor, as submitted.

    Shapes: keys names each row in the form, "3" of `tags.3`; kept are the keys of rows that are
    values also when their inputs are empty; pairs is True for the rows of a mapping.
    """

    __slots__ = ("_filled", "kept", "keys", "pairs")

    def __init__(
        self, rows: Iterable[Any] = (), keys: Iterable[str] = (), kept: Iterable[str] = ()
    ) -> None:
        super().__init__(rows)
        self.keys, self.kept, self.pairs = list(keys), frozenset(kept), False
        self._filled: list[tuple[str, Any]] | None = None

    @property
    def filled(self) -> list[tuple[str, Any]]:
        """The key and value of each row, without rows that were left empty."""
        if self._filled is None:
            self._filled = [
                (key, row)
                for key, row in zip(self.keys, self, strict=True)
                if key in self.kept or not _is_blank(row)
            ]
        return self._filled

    def changed(self, what: str, key: str) -> Rows:
        """The rows with one more, one less, or one moved. Shapes: key is "" to add one."""
        pairs = list(zip(self.keys, self, strict=True))
        if what == "add" and len(pairs) < MAX_ROWS:
            pairs.append((str(max(map(int, self.keys), default=-1) + 1), None))
        at = self.keys.index(key) if key in self.keys else -1
        to = at + {"up": -1, "down": 1}.get(what, 0)
        if at >= 0 and 0 <= to < len(pairs):
            pair = pairs.pop(at)
            if what != "remove":
                pairs.insert(to, pair)
        return Rows([row for _, row in pairs], [key for key, _ in pairs], self.kept)


def rows_of(values: Mapping[str, Any], kept: Iterable[str]) -> Rows:
    """The submitted rows, by their keys in the order of the form.

    Raises: RequestError, for a key that is no number.
    """
    for key in values:
        if not _ROW_KEY.fullmatch(key):
            raise RequestError(f"The row {key[:20]!r} of a form has no number as its key.")
    return Rows(values.values(), values, kept)


def change_rows(fields: dict[str, Any], change: Any) -> None:
    """Apply the change of a form's button, such as "remove places.3", to the submitted fields.

    A change of rows that the form does not have changes nothing.
    """
    found = _CHANGE.fullmatch(change) if isinstance(change, str) else None
    if found is None:
        return
    what, path = found.groups()
    *parts, last = path.split(".")
    key = ""
    if what != "add":
        if not parts:
            return
        key, (*parts, last) = last, parts
    within: Any = fields
    for part in parts:
        within = _inside(within, part)
    if isinstance(within, dict) and isinstance(within.get(last) or Rows(), Rows) and last in within:
        within[last] = (within[last] or Rows()).changed(what, key)


def place_of(sent: Any, location: Iterable[Any]) -> str:
    """The name, below its parameter, of the input that an error is about; "" for the parameter.

    Shapes: location is the path of the error in the value that was read from `sent`.
    """
    names: list[str] = []
    for part in location:
        if isinstance(sent, Rows):
            row = _row_at(sent, part)
            if row is None:
                continue  # the name of a type in a union
            names.append(row[0])
            was, sent = sent, row[1]
            if was.pairs:
                names.append(KEY if part == "[key]" else VALUE)
                sent = sent[VALUE]
        elif part == "[key]" and names and names[-1] == VALUE:
            names[-1] = KEY
        elif isinstance(sent, dict) and part in sent:
            names.append(str(part))
            sent = sent[part]
    return ".".join(names)


def is_pair(row: Any) -> bool:
    """Whether a submitted row is the key and the value of a mapping."""
    return isinstance(row, dict) and row.keys() == {KEY, VALUE}


def item_type(annotation: Any) -> Any:
    """The type of the items of a list, set or tuple of one type; None for other types."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (list, set, frozenset):
        return args[0]
    return args[0] if origin is tuple and len(args) == 2 and args[1] is ... else None


def _inside(value: Any, name: str) -> Any:
    if isinstance(value, Rows):
        return value[value.keys.index(name)] if name in value.keys else None
    return value.get(name) if isinstance(value, dict) else None


def _row_at(rows: Rows, part: Any) -> tuple[str, Any] | None:
    filled = rows.filled
    if rows.pairs:
        return next((row for row in filled if row[1][KEY] == part), None)
    return filled[part] if isinstance(part, int) and part < len(filled) else None


def _is_blank(row: Any) -> bool:
    """Whether every input is empty; a switch counts as empty beside another empty input."""
    leaves = list(_leaves(row))
    return all(leaf in ("", None, "false") for leaf in leaves) and leaves != ["false"]


def _leaves(row: Any) -> Iterable[Any]:
    inside = row.values() if isinstance(row, dict) else row if isinstance(row, list) else None
    if inside is None:
        yield row
    else:
        for value in inside:
            yield from _leaves(value)
