"""Tracebacks for developers, reduced to the frames of the application's code."""

from __future__ import annotations

import linecache
import os
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

OURS = f"{Path(__file__).parents[2]}{os.sep}"
LIBRARIES = frozenset({"site-packages", "dist-packages"})
STANDARD = sysconfig.get_path("stdlib")
AROUND = 3


class Frame(NamedTuple):
    """One frame of a traceback in the application's code.

    Shapes: code holds numbered lines around `line`; function is "" for
    code that does not compile.
    """

    file: str
    line: int
    function: str
    code: tuple[tuple[int, str], ...]


def own_frames(error: BaseException) -> list[Frame]:
    """The frames in files of the application, innermost last.

    The location of a syntax error is the last frame. Empty when the traceback
    has no file of the application.
    """
    steps = [
        _frame(step.filename, step.lineno or 0, step.name)
        for step in traceback.extract_tb(error.__traceback__)
        if is_own(step.filename)
    ]
    if isinstance(error, SyntaxError) and error.filename and is_own(error.filename):
        steps.append(_frame(error.filename, error.lineno or 0, ""))
    return steps


def own_traceback(error: BaseException) -> str:
    """Python's traceback without the frames of StarModel, libraries and the import system.

    An exception without any application frame is printed in full.
    """
    report = traceback.TracebackException.from_exception(error)
    for part in _parts(report):
        own = [step for step in part.stack if is_own(step.filename)]
        if own or _is_syntax(part):
            part.stack = traceback.StackSummary.from_list(own)
    return "".join(report.format())


def is_own(file: str) -> bool:
    """Whether a file belongs to the application, not to StarModel, a library or Python."""
    if file.startswith(("<", OURS)) or LIBRARIES.intersection(Path(file).parts):
        return False
    return not file.startswith(f"{STANDARD}{os.sep}")


def shown_path(file: str) -> str:
    """The path relative to the current folder, when the file is inside it."""
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else file


def _frame(file: str, line: int, function: str) -> Frame:
    linecache.checkcache(file)
    lines = linecache.getlines(file)
    numbers = range(max(1, line - AROUND), min(len(lines), line + AROUND) + 1)
    code = tuple((number, lines[number - 1].rstrip("\n")) for number in numbers)
    return Frame(shown_path(file), line, "" if function == "<module>" else function, code)


def _is_syntax(part: traceback.TracebackException) -> bool:
    return hasattr(part, "filename")  # which no other kind of exception has there


def _parts(report: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    """The exception, its causes, and those of a group."""
    yield report
    for other in (report.__cause__, report.__context__, *(report.exceptions or ())):
        if other is not None:
            yield from _parts(other)
