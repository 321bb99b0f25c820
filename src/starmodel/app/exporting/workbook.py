"""Exports as an Excel workbook, written row by row to a temporary file.

Written by XlsxWriter, which has no dependencies and, with `constant_memory`, holds one row. A
workbook is a ZIP archive whose directory is at its end, so the file is complete before it is sent.
"""

from __future__ import annotations

import importlib.util
import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from starmodel.app.exporting.columns import Cell, ExportColumn, ExportRow

MEDIA_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 1_048_576
"""The most rows of a sheet, the headings among them."""
MAX_CELL_CHARS = 32_767
MAX_NAME_CHARS = 31
CHUNK_BYTES = 256 * 1024
_MAX_EXACT = 10**15  # a cell holds 15 digits
_FIRST_DAY = date(1900, 3, 1)  # Excel counts a day that 1900 did not have
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_COLUMN_CHARS = 18


def is_available() -> bool:
    """Whether XlsxWriter is installed (`starmodel[xlsx]`)."""
    return importlib.util.find_spec("xlsxwriter") is not None


class Workbook:
    """One sheet in a temporary file. Blocking: called in a thread."""

    def __init__(self, name: str, columns: Sequence[ExportColumn]) -> None:
        import xlsxwriter

        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        options = {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False, "nan_inf_to_errors": True,
        }  # fmt: skip
        self._book: Any = xlsxwriter.Workbook(self._file, options)
        self._columns = columns
        title = _NOT_IN_NAMES.sub(" ", name)[:MAX_NAME_CHARS].strip("' ")
        self._sheet = self._book.add_worksheet(title or None)
        self._formats = {
            date: self._book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            time: self._book.add_format({"num_format": "hh:mm:ss"}),
        }
        self._sheet.set_column(0, max(len(columns) - 1, 0), _COLUMN_CHARS)
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        for at, column in enumerate(columns):
            self._sheet.write_string(0, at, column.title[:MAX_CELL_CHARS], bold)
        self._count = 1

    def add(self, rows: Iterable[ExportRow]) -> None:
        """Append rows. Those beyond the last row of a sheet are dropped."""
        for row in rows:
            if self._count >= MAX_ROWS:
                return
            for at, value in enumerate(row.cells(self._columns)):
                self._write(at, value)
            self._count += 1

    def finish(self) -> int:
        """Write the end of the file. Returns: its number of bytes."""
        self._book.close()
        size = self._file.seek(0, 2)
        self._file.seek(0)
        return size

    def chunks(self) -> Iterator[bytes]:
        """The parts of the finished file."""
        while part := self._file.read(CHUNK_BYTES):
            yield part

    def close(self) -> None:
        """Delete the temporary files."""
        if not self._book.fileclosed:
            self._book.close()
        self._file.close()

    def _write(self, at: int, value: Cell) -> None:
        place = self._count, at
        if value is None:
            return
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
        if isinstance(value, bool):
            self._sheet.write_boolean(*place, value)
        elif isinstance(value, int | float | Decimal) and _is_exact(value):
            self._sheet.write_number(*place, float(value))
        elif isinstance(value, datetime) and value.date() >= _FIRST_DAY:
            self._sheet.write_datetime(*place, value, self._formats[datetime])
        elif (type(value) is date and value >= _FIRST_DAY) or _is_plain_time(value):
            self._sheet.write_datetime(*place, value, self._formats[type(value)])
        else:
            self._sheet.write_string(*place, _fitting(str(value)))


def _is_exact(value: int | float | Decimal) -> bool:
    """Whether a cell holds the number without rounding it; a longer one is a text."""
    if isinstance(value, int):
        return abs(value) < _MAX_EXACT
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > 15:
        return False
    number = float(value)
    return math.isfinite(number) and (number != 0) == (value != 0)  # within the range of a float


def _is_plain_time(value: Any) -> bool:
    return isinstance(value, time) and value.tzinfo is None


def _fitting(text: str) -> str:
    if len(text) <= MAX_CELL_CHARS:
        return text
    return text[: MAX_CELL_CHARS - 1] + "\N{HORIZONTAL ELLIPSIS}"
