"""Renders the output of commands: aligned columns as text, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer

GAP = "  "


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Columns with headings, each as wide as its longest cell.

    >>> print(table(("NAME", "STORE"), [("Product", "sql")]))
    NAME     STORE
    Product  sql
    """
    return columns([headings, *rows])


def columns(rows: Iterable[Sequence[Any]], *, indent: str = "") -> str:
    """Rows of cells in aligned columns, without trailing spaces.

    >>> print(columns([("a", 1), ("long", None)], indent="  "))
      a     1
      long
    """
    texts = [["" if cell is None else one_line(str(cell)) for cell in row] for row in rows]
    if not texts:
        return ""
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = (
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in texts
    )
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)


def one_line(text: str) -> str:
    """The text with line breaks and control characters escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def print_json(data: Any) -> None:
    """Print one JSON document on stdout, ASCII-escaped where the encoding requires it."""
    text = json.dumps(data, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(data, indent=2, default=str)
    typer.echo(text)
