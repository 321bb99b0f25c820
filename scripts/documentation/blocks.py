"""Parses the fenced code blocks of a documentation page.

A fence may have a title, and HTML comments with directives, which are
removed from the built site:

    <!-- continues -->          before a block: it continues the block before it

    <!-- serve shop.py -->      before a console block: its curl lines are sent to that program

    ```python title="shop.py"   a title names a file, which later blocks of the page can import
    …
    ```

    <!-- check                  after a block: Python that must run, `await` included
    page = await visit().page("/")
    assert "Hello" in page.text
    -->
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)(?P<options>[^\n]*)\n(?P<code>.*?)^ *```$",
                   re.MULTILINE | re.DOTALL)  # fmt: skip
TITLE = re.compile(r'title="([^"]+)"')
CHECK = re.compile(r"\s*<!-- check\n(.*?)-->", re.DOTALL)
CONTINUES = re.compile(r"<!-- continues -->\s*\Z")
SERVE = re.compile(r"<!-- serve (\S+) -->\s*\Z")
HIDDEN = re.compile(
    r"^ *<!-- (?:continues -->|serve [^\n]*-->|check\n.*?-->)\n*", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. Shapes: code includes the blocks that it continues."""

    page: Path
    line: int
    language: str
    title: str
    code: str
    check: str
    serve: str


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text, made = page.read_text(encoding="utf-8"), list[Block]()
    for found in FENCE.finditer(text):
        code, title = textwrap.dedent(found["code"]), TITLE.search(found["options"])
        name = title[1] if title else ""
        if CONTINUES.search(text, max(0, found.start() - 80), found.start()):
            code, name = f"{made[-1].code}\n{code}", name or made[-1].title
        check = CHECK.match(text, found.end())
        serve = SERVE.search(text, max(0, found.start() - 80), found.start())
        line = text.count("\n", 0, found.start()) + 1
        made.append(
            Block(
                page,
                line,
                found["language"],
                name,
                code,
                check=textwrap.dedent(check[1]) if check else "",
                serve=serve[1] if serve else "",
            )
        )
    return made


def without_hidden(text: str) -> str:
    """Return the page without its directives."""
    return HIDDEN.sub("", text)
