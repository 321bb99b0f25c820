"""What a database says of the columns of a table that is there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FoundColumns = dict[str, "FoundColumn"]


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """One column of a table.

    Shapes: type is the database's own word, without length; labels are
    those of an enum; generated says that nobody may write it; sample is a
    value of some row, None when there is none or it was not looked for.
    Units: length counts characters; precision and scale count digits.
    """

    type: str = ""
    labels: tuple[str, ...] = ()
    generated: bool = False
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    sample: Any = None
