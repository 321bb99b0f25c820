"""Renders the files of a new project or plugin from the templates beside this module.

Templates are valid source files, so that linters check them. The prefix
`dot-` of a file name becomes a dot. Lines from `# [sql]` to `# [end]` are
rendered only in projects with that feature, a store or a web framework; an
empty file is omitted. `views_starlette.py` replaces `views.py` in projects
with that feature.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import takewhile

_MARK = re.compile(r"\s*(?:#|<!--) \[(\w+)\](?: -->)?\s*")
_VARIANT = re.compile(r"(.+)_(starlette)(\.\w+)")
_EMPTY = re.compile(r"\(\s+\)")  # parentheses whose content was omitted


def render(layout: str, features: Collection[str], values: Mapping[str, str]) -> dict[str, str]:
    """The rendered text of each file, by its POSIX path.

    Shapes: layout is "project", "minimal" or "plugin"; features are the stores and
    the web framework; values maps placeholders such as PROJECT_NAME to their text,
    in paths too.
    """
    root = resources.files(__package__) / "templates" / layout
    rendered: dict[str, str] = {}
    for name, template in _files(root):
        text = _without_other_features(template, features)
        if not text.strip():
            continue
        path, text = _replaced(name, values), _replaced(text, values)
        variant = _VARIANT.fullmatch(path)
        if variant is None:
            rendered.setdefault(path, text)
        elif variant[2] in features:
            rendered[variant[1] + variant[3]] = text
    return rendered


def _replaced(text: str, values: Mapping[str, str]) -> str:
    for word, value in values.items():
        text = text.replace(word, value)
    return text


def _files(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.startswith((".", "__pycache__")):
            continue  # caches and hidden files of tools
        name = re.sub(r"^dot-", ".", item.name)
        if item.is_file():
            yield above + name, item.read_text(encoding="utf-8")
        else:
            yield from _files(item, f"{above}{name}/")


def _without_other_features(template: str, features: Collection[str]) -> str:
    """The template without markers and without the sections of other features."""
    lines: list[str] = []
    section, spare = "", 0
    for line in template.splitlines(keepends=True):
        mark = _MARK.fullmatch(line)
        if mark:
            section = "" if mark[1] == "end" else mark[1]
            # Blank lines before and after an omitted section are not summed.
            spare = len(list(takewhile(str.isspace, reversed(lines))))
        elif section and section not in features:
            continue
        elif line.isspace() and spare:
            spare -= 1
        else:
            lines.append(line)
            spare = 0
    text = _EMPTY.sub("()", "".join(lines))
    return text.rstrip() + "\n"
