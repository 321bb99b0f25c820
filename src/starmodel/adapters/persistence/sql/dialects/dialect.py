"""Base class of the SQL dialects: column types, value encodings, syntax."""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
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
    cast,
    extract,
    func,
    literal,
    true,
    type_coerce,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.encoders import text_encoder
from starmodel.adapters.persistence.sql.dialects.codecs import SCALARS, Codec, is_enum

# The SQLAlchemy types that a user may declare for the columns of each kind.
DECLARABLE_TYPES: dict[Any, tuple[type[TypeEngine[Any]], ...]] = {
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

LETTERS_WITH_ASCII_LOWER_CASE = frozenset("\u0130\u212a")
"""Letters beyond ASCII with an ASCII lower case: I with a dot above, and the Kelvin sign."""

_EUROPEAN_LETTERS = re.compile("[\0-\u012f\u0131-\u021f\u0386-\u03a2\u03a4-\u03ce\u0400-\u0481]*")


def lowers_uniformly(text: str) -> bool:
    """True for European letters that every database lowers alike, in any Unicode version.

    Excludes the Greek sigma, whose lower case at the end of a word differs.
    """
    return _EUROPEAN_LETTERS.fullmatch(text) is not None


class SqlDialect(ABC):
    """The SQL dialect of one kind of database.

    Shapes: title is the name for messages; table_options are arguments of
    every `Table`; deletes_self_references, a row with a foreign key to itself
    can be deleted directly; is_case_sensitive, identifiers may differ by case
    alone; scalars has a codec for each kind of `values.kind_of`.
    Units: max_name_length is in name_unit.
    """

    title: str
    sqlalchemy: Dialect
    deletes_self_references = True
    is_case_sensitive = False
    max_name_length = 9999
    name_unit = "characters"
    scalars: ClassVar[Mapping[Any, Codec]] = SCALARS
    all_columns: str
    """Query for (table, column) of all tables that may belong to an entity type."""

    @property
    def table_options(self) -> dict[str, Any]:
        return {}

    def name_length(self, name: str) -> int:
        """Return the length of an identifier, in name_unit."""
        return len(name)

    @abstractmethod
    def column_type(
        self, kind: Any, given: TypeEngine[Any], *, is_indexed: bool
    ) -> TypeEngine[Any]:
        """Return a column type that stores all values of a kind without loss.

        Shapes: given is the type that SQLModel chose; is_indexed, the column is part
        of a key or an index.
        """

    def check_type(self, column_type: TypeEngine[Any]) -> None:
        """Refuse a type that this database does not have. Raises: CompileError."""
        self.sqlalchemy.type_compiler_instance.process(column_type)

    def declared_enum(self, given: Enum) -> TypeEngine[Any]:
        """Return the column type of an SQLAlchemy Enum that the user declared."""
        return given

    def overriding_generated(self, insert: str) -> str:
        """Return an INSERT that also writes values which the database would generate."""
        return insert

    def server_default(self, default: Any) -> Any:
        """Return the default for external writers in the syntax of this dialect."""
        return default

    def codec(self, kind: Any, column_type: TypeEngine[Any]) -> Codec:
        """Return the codec of a scalar kind (not an enum) for a column of this type."""
        codec = self.scalars[kind]
        if kind is str:
            return replace(codec, encode=text_encoder(getattr(column_type, "length", None)))
        return codec

    def accepts(self, kind: Any, column_type: TypeEngine[Any]) -> bool:
        """True when a declared column type stores this kind like the derived column type."""
        return isinstance(column_type, DECLARABLE_TYPES[enum.Enum if is_enum(kind) else kind])

    def as_text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the column, compared by code points like Python strings."""
        return type_coerce(column, String)

    def as_binary_text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a text column of an external table, of any collation, as `as_text` does."""
        return self.as_text(column)

    def pads_like(
        self, column: ColumnElement[Any], value: ColumnElement[Any]
    ) -> Sequence[ColumnElement[bool]]:
        """Return what an external text column must meet besides equality with the value."""
        return ()

    def as_decoded(self, column: ColumnElement[Any], kind: type) -> ColumnElement[Any]:
        """Return a column of an external table, whose values are compared in decoded form.

        Shapes: kind is datetime, date or time.
        """
        return column

    def as_decimal(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the column, compared as a number."""
        return column

    def summed(self, column: ColumnElement[Any], kind: Any) -> ColumnElement[Any]:
        """Return the exact sum of a number column of this kind."""
        return func.sum(column)

    def as_month(self, column: ColumnElement[Any], kind: Any) -> ColumnElement[Any]:
        """Return the month of a date or moment in UTC: the number 202605 or the text "2026-05"."""
        if kind is datetime.datetime:  # stored as text
            return func.substr(type_coerce(column, String), 1, len("2026-05"))
        return cast(extract("year", column) * 100 + extract("month", column), Integer)

    def can_search(self, wanted: str) -> bool:
        """True when a search for this lower-case text gives the same result here as in Python."""
        return True

    def search_agrees(self, wanted: str, text: str) -> bool:
        """False when a search for one text in another may differ from Python's result.

        The cause is a letter that the database lowers differently.
        Shapes: wanted is in lower case.
        """
        if wanted.isascii():
            return LETTERS_WITH_ASCII_LOWER_CASE.isdisjoint(text)
        return lowers_uniformly(text)

    def is_not_nan(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that a float is not NaN, which compares false in Python."""
        return column <= literal(float("inf"), Double())

    def is_naive(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that a time is naive; naive and aware times have no order."""
        return true()

    @abstractmethod
    def position(
        self, wanted: ColumnElement[Any], column: ColumnElement[Any], *, ascii_only: bool
    ) -> ColumnElement[Any]:
        """Return the 1-based position of the text in the lower-case column; 0 when missing."""

    def order_terms(
        self, term: ColumnElement[Any], *, descending: bool, nullable: bool
    ) -> list[ColumnElement[Any]]:
        """Return the ORDER BY terms; NULL sorts last in both directions."""
        term = term.desc() if descending else term.asc()
        return [term.nulls_last() if nullable else term]
