"""The columns of an existing table, as the database describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FoundColumns = dict[str, "FoundColumn"]


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """One column of a table.

    Shapes: type is the database's name of its type, without length; labels
    are those of an enum; generated columns can't be written; sample is a
    value of some row, None when there is none or it was not looked for;
    declared is the type in SQLite's CREATE TABLE, where type is "".
    Units: length counts characters; precision and scale count digits.
    """

    type: str = ""
    labels: tuple[str, ...] = ()
    generated: bool = False
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    sample: Any = None
    declared: str = ""
    not_null: bool = False
    has_default: bool = True
