"""SQLite: few native types, so most values are stored as sortable texts."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text, collate, func, type_coerce
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sql.dialects.codecs import is_enum
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect

DECIMAL_ORDER = "starmodel_decimal"
LOWER = "starmodel_lower"
ISO = "starmodel_iso"
SUM = "starmodel_sum"
"""SUM(value) is the exact total of integers, or of decimals, as text."""
"""ISO(kind, value) parses a date, time or datetime in any format and returns our text of it."""


class SqliteDialect(SqlDialect):
    """Needs the collation DECIMAL_ORDER and the functions LOWER and SUM on every connection."""

    title = "SQLite"
    sqlalchemy = sqlite.dialect()
    all_columns = (
        "SELECT made.name, columns.name FROM sqlite_master AS made, "
        "pragma_table_info(made.name) AS columns WHERE made.type = 'table'"
    )

    def column_type(
        self, kind: Any, given: TypeEngine[Any], *, is_indexed: bool
    ) -> TypeEngine[Any]:
        # A type with numeric affinity would convert text like "1.10" to a float; SQLite's date
        # types don't cover the range of timedelta.
        if kind is None or kind is decimal.Decimal:
            return given.with_variant(Text(), "sqlite")
        if kind is datetime.timedelta:
            return given.with_variant(BigInteger(), "sqlite")
        if is_enum(kind):
            return String(max(64, *(len(name) for name in kind.__members__)))
        return given

    def as_binary_text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return collate(type_coerce(column, String), "BINARY")

    def as_decoded(self, column: ColumnElement[Any], kind: type) -> ColumnElement[Any]:
        return getattr(func, ISO)(kind.__name__, column, type_=String)  # type: ignore[no-any-return]

    def as_decimal(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return collate(type_coerce(column, String), DECIMAL_ORDER)

    def summed(self, column: ColumnElement[Any], kind: Any) -> ColumnElement[Any]:
        # SQLite's own sum() makes floats of texts, and fails where an integer overflows.
        return func.sum(column) if kind is float else getattr(func, SUM)(column)

    def as_month(self, column: ColumnElement[Any], kind: Any) -> ColumnElement[Any]:
        return func.substr(type_coerce(column, String), 1, len("2026-05"))

    def is_naive(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return func.length(column, type_=Integer) == len("00:00:00.000000")

    def search_agrees(self, wanted: str, text: str) -> bool:
        return not wanted.isascii() or super().search_agrees(wanted, text)

    def position(
        self, wanted: ColumnElement[Any], column: ColumnElement[Any], *, ascii_only: bool
    ) -> ColumnElement[Any]:
        # instr() needs no escaping of wildcards, and unlike LIKE it doesn't stop at a NUL. SQLite's
        # lower() covers only ASCII, so any other text is lowered by Python.
        lower = func.lower(column) if ascii_only else getattr(func, LOWER)(column)
        return func.instr(lower, wanted, type_=Integer)
