"""The columns of an existing table, as reported by the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FoundColumns = dict[str, "FoundColumn"]


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """One column of a table.

    Shapes: type is the database's type name, without length; labels
    are those of an enum type; generated columns can't be written; sample is
    the value of an arbitrary row, None when there is none or it was not
    queried; declared is the type in SQLite's CREATE TABLE, where type is "".
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
