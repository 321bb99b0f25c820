"""Exports as text: CSV for spreadsheets, and JSON lines for programs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from starmodel.app.exporting.columns import Cell, ExportColumn, ExportRow
from starmodel.core.values.json_data import json_bytes

BOM = "\ufeff".encode()
# A spreadsheet runs a cell with such a beginning as a formula; the last four are the full-width
# forms of the first four. Where the separator is a semicolon or a tab, quotes inside of a line
# count for nothing, and a cell also begins after each of those and after a line break.
_FORMULA = re.compile("^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?=[=+@\uff1d\uff0b\uff0d\uff20-])")


class TextFile(Protocol):
    """Encodes an export in parts."""

    media_type: bytes

    def opening(self, columns: Sequence[ExportColumn]) -> bytes:
        """What the file begins with."""

    def rows(self, columns: Sequence[ExportColumn], rows: Iterable[ExportRow]) -> bytes:
        """Some rows."""


class CsvFile:
    """CSV by RFC 4180, in UTF-8 with a byte order mark, which spreadsheets recognise it by.

    What a spreadsheet would run as a formula has an apostrophe before it, also after a semicolon,
    a tab or a line break in a text; numbers are written as they are.
    """

    media_type = b"text/csv; charset=utf-8; header=present"

    def opening(self, columns: Sequence[ExportColumn]) -> bytes:
        return BOM + _lines([[column.title for column in columns]])

    def rows(self, columns: Sequence[ExportColumn], rows: Iterable[ExportRow]) -> bytes:
        return _lines(row.cells(columns) for row in rows)


class JsonLinesFile:
    """One JSON object per line, with the names and values of the JSON API."""

    media_type = b"application/x-ndjson"

    def opening(self, columns: Sequence[ExportColumn]) -> bytes:
        return b""

    def rows(self, columns: Sequence[ExportColumn], rows: Iterable[ExportRow]) -> bytes:
        return b"".join([json_bytes(row.data(columns)) + b"\n" for row in rows])


def without_formula(text: str) -> str:
    """The text as no spreadsheet runs it.

    >>> without_formula("=1+1"), without_formula("1+1"), without_formula("a;=1")
    ("'=1+1", '1+1', "a;'=1")
    """
    return _FORMULA.sub("'", text)


def _lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[*map(_text, row)] for row in rows])
    return text.getvalue().encode("utf-8", "surrogatepass")


def _text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return without_formula(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)
