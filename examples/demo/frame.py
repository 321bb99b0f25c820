"""The layout of the demo's own pages: the top bar, the headings, and the source at the end."""

import re
from pathlib import Path

from fasthtml.common import *
from monsterui.all import *

PAGES = {
    "Counter": "/counter",
    "Dashboard": "/dashboard",
    "Chat": "/chat",
    "Tasks": "/tasks",
    "Report": "/report",
}
CARD = "rounded-xl border border-border bg-card text-card-foreground"
MUTED = "text-sm text-muted-foreground"
WIDTH = "mx-auto max-w-6xl px-4 sm:px-6"
MARK = (
    "grid size-7 place-items-center rounded-lg bg-primary text-sm font-bold text-primary-foreground"
)
LINKS = "-mx-2 flex basis-full gap-1 overflow-x-auto sm:mx-0 sm:ml-auto sm:basis-auto"
LINK = (
    "rounded-md px-2 sm:px-3 py-1.5 text-sm text-muted-foreground hover:text-foreground "
    "aria-[current]:bg-muted aria-[current]:text-foreground aria-[current]:font-medium"
)


def frame(title, *content, lead="", source=None):
    """A page of the demo; `source` is the file whose code is displayed below it."""
    return (
        Title(title if "StarModel" in title else f"{title} · StarModel demo"),
        Header(_bar(title), cls="sticky top-0 z-20 border-b border-border bg-background"),
        Main(
            lead and heading(title, lead),
            *content,
            source and _source_of(Path(source)),
            cls=f"{WIDTH} pt-8 pb-16 space-y-8",
        ),
    )


def heading(title, lead):
    return Div(
        H1(title, cls="text-3xl font-bold tracking-tight"),
        P(lead, cls="max-w-2xl text-muted-foreground"),
        cls="space-y-2",
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


def _bar(here):
    brand = A(
        Span("S", aria_hidden="true", cls=MARK), "StarModel",
        href="/", cls="flex items-center gap-2.5 font-semibold",
    )  # fmt: skip
    look = Button(
        UkIcon("sun-moon", height=18, width=18),
        Span("Switch between light and dark", cls="sr-only"),
        {"data-theme-switch": True},
        submit=False,
        cls="uk-btn-ghost uk-btn-icon uk-btn-sm sm:order-last",
    )
    links = [
        A(name, href=path, aria_current="page" if name == here else None, cls=LINK)
        for name, path in PAGES.items()
    ]
    return Div(
        brand,
        look,
        Nav(*links, aria_label="Pages", cls=LINKS),
        cls=f"{WIDTH} flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-2.5",
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
