"""What differs between the databases: types of columns, forms of values, words of SQL."""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import AwareDatetime, NaiveDatetime
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Time,
    Uuid,
    literal,
    true,
    type_coerce,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sql.dialects.codecs import SCALARS, Codec, is_enum, limited_text

# The SQLAlchemy types in which a user may ask that values of a kind be kept.
KEPT_IN: dict[Any, tuple[type[TypeEngine[Any]], ...]] = {
    None: (JSON,),
    str: (String,),
    int: (Integer,),
    bool: (Boolean,),
    float: (Float,),
    bytes: (LargeBinary,),
    decimal.Decimal: (Numeric,),
    uuid.UUID: (Uuid,),
    datetime.datetime: (DateTime,),
    AwareDatetime: (DateTime,),
    NaiveDatetime: (DateTime,),
    datetime.date: (Date,),
    datetime.time: (Time,),
    datetime.timedelta: (Interval,),
    enum.Enum: (Enum, String),
}

NOT_FOUND_BY_ASCII = frozenset("\u0130\u212a")
"""The letters beyond ASCII that are ASCII in lower case: I with a dot, and the sign of Kelvin."""

_OLD_LETTERS = re.compile("[\0-\u012f\u0131-\u021f\u0386-\u03a2\u03a4-\u03ce\u0400-\u0481]*")


def knows_letters(text: str) -> bool:
    """True for letters of Europe that everybody lowers alike, whatever its version of Unicode.

    Without the Greek sigma, whose form at the end of a word not everybody knows.
    """
    return _OLD_LETTERS.fullmatch(text) is not None


class Flavour(ABC):
    """One kind of database.

    Shapes: title is its name for people; table_options are arguments of
    every `Table`; deletes_self_references says that a row that refers to
    itself can be deleted as it is; case_matters, that names of tables and
    columns may differ by case alone; scalars has a codec for each kind of
    `values.kind_of`.
    Units: max_name_length is in name_unit.
    """

    title: str
    dialect: Dialect
    deletes_self_references = True
    case_matters = False
    max_name_length = 9999
    name_unit = "characters"
    scalars: ClassVar[Mapping[Any, Codec]] = SCALARS
    every_column: str
    """The query of (table, column) over all tables in which a class may have its own."""

    @property
    def table_options(self) -> dict[str, Any]:
        return {}

    def name_length(self, name: str) -> int:
        """How much of `max_name_length` a name takes."""
        return len(name)

    @abstractmethod
    def column_type(self, kind: Any, given: TypeEngine[Any], *, keyed: bool) -> TypeEngine[Any]:
        """The type of a column that keeps values of a kind exactly.

        Shapes: given is SQLModel's idea of it; keyed says that the column
        is part of a key or an index.
        """

    def declared_enum(self, given: Enum) -> TypeEngine[Any]:
        """The type of a column whose values a user declared by an Enum of SQLAlchemy."""
        return given

    def filling_every_column(self, insert: str) -> str:
        """The INSERT, also where the database would rather make a value by itself."""
        return insert

    def server_default(self, default: Any) -> Any:
        """A column's default for those who write past us, as this database takes it."""
        return default

    def codec(self, kind: Any, column_type: TypeEngine[Any]) -> Codec:
        """How values of a scalar kind, no enum, are kept in a column of this type."""
        codec = self.scalars[kind]
        if kind is str:
            return replace(codec, encode=limited_text(getattr(column_type, "length", None)))
        return codec

    def takes(self, kind: Any, column_type: TypeEngine[Any]) -> bool:
        """True when a column type that a user chose keeps values of this kind as ours would."""
        return isinstance(column_type, KEPT_IN[enum.Enum if is_enum(kind) else kind])

    def as_text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The column compared by code points, as Python compares."""
        return type_coerce(column, String)

    def as_read(self, column: ColumnElement[Any], kind: type) -> ColumnElement[Any]:
        """A column of another program's table, each of whose values is compared as it is read.

        Shapes: kind is datetime, date or time.
        """
        return column

    def as_decimal(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The column compared as numbers."""
        return column

    def finds(self, wanted: str) -> bool:
        """True when this database finds the text, in lower case, as Python would."""
        return True

    def finds_alike(self, wanted: str, text: str) -> bool:
        """False when this database may find a text in another one where Python does not.

        Or the other way round, because it lowers some letter otherwise.
        Shapes: wanted is in lower case.
        """
        return NOT_FOUND_BY_ASCII.isdisjoint(text) if wanted.isascii() else knows_letters(text)

    def is_number(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """That a float is not NaN, which no comparison in Python lets through."""
        return column <= literal(float("inf"), Double())

    def has_no_zone(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """That a time of day has no zone; one without is never before or after one with."""
        return true()

    @abstractmethod
    def place(
        self, wanted: ColumnElement[Any], column: ColumnElement[Any], *, ascii_only: bool
    ) -> ColumnElement[Any]:
        """The position of the wanted text in the lower-case column, from 1 on; 0 if it has none."""

    def ordered(
        self, term: ColumnElement[Any], *, descending: bool, nullable: bool
    ) -> list[ColumnElement[Any]]:
        """The terms of an ORDER BY that puts NULL last either way."""
        term = term.desc() if descending else term.asc()
        return [term.nulls_last() if nullable else term]
