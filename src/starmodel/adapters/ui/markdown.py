"""Markdown of users as HTML that can't run anything."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import Any

from starmodel.core.values.bounded_cache import cached

MAX_MARKS = 5_000
MAX_CACHED_BYTES = 8 * 1024 * 1024
# What can begin a construct costs the parser up to 60 us each, and plain letters next to nothing.
_MARK = re.compile(r"[^\w\s,.?!]|[_\n]")
_SCHEME = re.compile(r"[^/?#]*:")


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    # Without raw HTML no attribute is the user's, so there is nothing that Datastar would evaluate,
    # and images are left out because a page asks nothing of third parties.
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    parser.validateLink = _is_harmless  # type: ignore[assignment,method-assign]
    return parser


def _is_harmless(address: str) -> bool:
    scheme = _SCHEME.match(address)
    return scheme is None or scheme[0].lower() in ("http:", "https:", "mailto:", "tel:")


def markdown(text: Any) -> str:
    """The text as HTML; links lead to http, https and mail addresses or stay here.

    A text with more than MAX_MARKS line ends and characters that may mean
    something in Markdown is shown as it is written, because a page must not
    take seconds to render.
    """
    return _rendered(str(text))


@cached(MAX_CACHED_BYTES)
def _rendered(text: str) -> str:
    if len(text) > MAX_MARKS and len(_MARK.findall(text)) > MAX_MARKS:
        return escape(text)
    return f'<div class="sm-prose">{_parser().render(text)}</div>'
