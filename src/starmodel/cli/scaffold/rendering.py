"""The files of a new project, made from the templates beside this module.

Templates are files that linters can read. A name that begins with `dot-`
loses it to a dot. Lines from `# [sql]` to `# [end]` stay only in projects
with that store, and a file of which nothing stays is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import takewhile

_MARK = re.compile(r"\s*(?:#|<!--) \[(\w+)\](?: -->)?\s*")
_EMPTY = re.compile(r"\(\s+\)")  # brackets that have lost all that was in them


def render(layout: str, stores: Collection[str], values: Mapping[str, str]) -> dict[str, str]:
    """The text of each file of a project, by its path with slashes.

    Shapes: layout is "project" or "minimal"; values replace the words that
    are their keys, such as PROJECT_NAME.
    """
    root = resources.files(__package__) / "templates" / layout
    made = {}
    for path, template in _files(root):
        text = _chosen(template, stores)
        if not text.strip():
            continue
        for word, value in values.items():
            text = text.replace(word, value)
        made[path] = text
    return made


def _files(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.startswith((".", "__pycache__")):
            continue  # what tools leave behind beside a template
        name = re.sub(r"^dot-", ".", item.name)
        if item.is_file():
            yield above + name, item.read_text(encoding="utf-8")
        else:
            yield from _files(item, f"{above}{name}/")


def _chosen(template: str, stores: Collection[str]) -> str:
    """The template without its marks and without the parts of other stores."""
    kept: list[str] = []
    part, spare = "", 0
    for line in template.splitlines(keepends=True):
        mark = _MARK.fullmatch(line)
        if mark:
            part = "" if mark[1] == "end" else mark[1]
            # Blank lines on both sides of what is left out are not added up.
            spare = len(list(takewhile(str.isspace, reversed(kept))))
        elif part and part not in stores:
            continue
        elif line.isspace() and spare:
            spare -= 1
        else:
            kept.append(line)
            spare = 0
    text = _EMPTY.sub("()", "".join(kept))
    return text.rstrip() + "\n"
