"""SQLite: few native types, so most values are stored as sortable texts."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text, collate, func, type_coerce
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sql.dialects.dialect import Flavour

DECIMAL_ORDER = "starmodel_decimal"
LOWER = "starmodel_lower"
ISO = "starmodel_iso"
"""ISO(kind, value) parses a date, time or datetime in any format and returns our text of it."""


class SqliteFlavour(Flavour):
    """Needs the collation DECIMAL_ORDER and the function LOWER on every connection."""

    title = "SQLite"
    dialect = sqlite.dialect()
    every_column = (
        "SELECT made.name, columns.name FROM sqlite_master AS made, "
        "pragma_table_info(made.name) AS columns WHERE made.type = 'table'"
    )

    def column_type(self, kind: Any, given: TypeEngine[Any], *, keyed: bool) -> TypeEngine[Any]:
        # A type with numeric affinity would convert text like "1.10" to a float; SQLite's date
        # types don't cover the range of timedelta.
        if kind is None or kind is decimal.Decimal:
            return given.with_variant(Text(), "sqlite")
        if kind is datetime.timedelta:
            return given.with_variant(BigInteger(), "sqlite")
        return given

    def as_read(self, column: ColumnElement[Any], kind: type) -> ColumnElement[Any]:
        return getattr(func, ISO)(kind.__name__, column, type_=String)  # type: ignore[no-any-return]

    def as_decimal(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return collate(type_coerce(column, String), DECIMAL_ORDER)

    def has_no_zone(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return func.length(column, type_=Integer) == len("00:00:00.000000")

    def finds_alike(self, wanted: str, text: str) -> bool:
        return not wanted.isascii() or super().finds_alike(wanted, text)

    def place(
        self, wanted: ColumnElement[Any], column: ColumnElement[Any], *, ascii_only: bool
    ) -> ColumnElement[Any]:
        # instr() needs no escaping of wildcards, and unlike LIKE it doesn't stop at a NUL. SQLite's
        # lower() covers only ASCII, so any other text is lowered by Python.
        lower = func.lower(column) if ascii_only else getattr(func, LOWER)(column)
        return func.instr(lower, wanted, type_=Integer)
