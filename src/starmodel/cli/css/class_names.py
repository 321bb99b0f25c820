"""Parses source files and templates for candidates of CSS class names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIXES = frozenset({".py", ".html", ".htm", ".jinja", ".jinja2", ".j2", ".md", ".js", ".svg"})
SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "build", "dist"})
MAX_CHARS = 200

# Quotes and brackets may be part of a class (content-['x'], [&>p]:mt-4) or delimit it.
_TOKENS = [re.compile(rf"[^\s{signs}]+") for signs in ("", "\"'`", "\"'`<>(){}=,;\\\\")]
_DELIMITERS = "\"'`,;()"


def source_files(folder: Path) -> Iterator[Path]:
    """The source and template files below `folder`; virtual and hidden folders are skipped."""
    for path, folders, files in os.walk(folder):
        parent = Path(path)
        folders[:] = sorted(name for name in folders if _is_source(parent / name))
        for name in sorted(files):
            if Path(name).suffix.lower() in SUFFIXES:
                yield parent / name


def _is_source(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in SKIPPED
    return not hidden and not (folder / "pyvenv.cfg").is_file()


def class_names(files: Iterable[Path]) -> list[str]:
    """Every token that could be a class name; the compiler ignores invalid ones.

    Names built at run time (f"mt-{n}") are not found.
    """
    found = set[str]()
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        words = (word for pattern in _TOKENS for word in pattern.findall(text))
        found.update(word.strip(_DELIMITERS) for word in words if len(word) <= MAX_CHARS)
    return sorted(found)
