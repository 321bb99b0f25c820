"""What the demo's pages share: introductions, suggestions, and the source at the end."""

import re
from pathlib import Path

from fasthtml.common import *

CARD = "rounded-xl border border-border bg-card text-card-foreground"
MUTED = "text-sm text-muted-foreground"


def frame(*content, lead="", source=None):
    """The content of a page of the demo; `source` is the file whose code is displayed below it."""
    return Div(
        lead and P(lead, cls="max-w-2xl text-muted-foreground"),
        *content,
        source and _source_of(Path(source)),
        cls="space-y-6",
    )


def beside(main, *points):
    """The main part of the page, with suggestions beside it."""
    return Div(
        main,
        Section(
            H2("Try it", cls="text-base font-semibold"),
            Ul(*map(Li, points), cls="mt-3 list-disc space-y-3 pl-4 marker:text-primary"),
            cls=MUTED,
        ),
        cls="grid items-start gap-8 lg:grid-cols-[1fr_19rem]",
    )


def _source_of(file):
    text = file.read_text(encoding="utf-8")
    return Details(
        Summary(
            f"Read the source of this page: {file.name}, {len(text.splitlines())} lines",
            cls="cursor-pointer px-5 py-3.5 text-sm font-medium",
        ),
        code(text, "max-h-[36rem] border-t border-border"),
        cls=CARD,
    )


_TOKEN = re.compile(
    r'(?P<text>"""(?:.|\n)*?"""|"[^"\n]*")|(?P<note>#[^\n]*)|(?P<mark>@[\w.]+)'
    r"|(?P<word>\b(?:async|await|class|def|for|from|if|import|in|not|or|raise|return|yield|self)\b)"
)
_COLOURS = {
    "text": "text-emerald-700 dark:text-emerald-400",
    "note": "text-muted-foreground",
    "mark": "text-amber-700 dark:text-amber-400",
    "word": "text-blue-700 dark:text-blue-400",
}


def code(text, cls=""):
    """Python code, highlighted as in an editor."""
    parts, end = [], 0
    for found in _TOKEN.finditer(text):
        parts += [text[end : found.start()], Span(found[0], cls=_COLOURS[found.lastgroup])]
        end = found.end()
    parts.append(text[end:])
    return Pre(
        Code(*parts),
        tabindex="0",
        cls=f"overflow-auto p-5 text-[.8125rem] leading-6 font-mono {cls}",
    )
