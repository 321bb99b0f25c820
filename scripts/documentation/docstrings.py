"""Renders StarModel's docstrings in the reference: labels bold, examples as code."""

from __future__ import annotations

import re
from typing import Any

from griffe import Docstring, Extension, Object

LABEL = re.compile(r"^(Shapes|Units|Raises|Source):", re.MULTILINE)
EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)


def readable(text: str) -> str:
    """Convert a docstring to Markdown.

    >>> readable("Adds one.\\nUnits: a is in seconds.")
    'Adds one.\\n\\n**Units**: a is in seconds.'
    """
    text = EXAMPLE.sub(lambda found: f"```pycon\n{found[0]}\n```", text)
    return re.sub(r"\n*(?=^(?:\*\*))", "\n\n", LABEL.sub(r"**\1**:", text), flags=re.MULTILINE)


class Readable(Extension):
    """Converts every docstring as griffe loads it."""

    def on_instance(self, *, obj: Object, **kwargs: Any) -> None:
        if isinstance(obj.docstring, Docstring):
            obj.docstring.value = readable(obj.docstring.value)
