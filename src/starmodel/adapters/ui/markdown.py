"""Untrusted Markdown rendered as HTML without scripts."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import Any

from starmodel.core.values.bounded_cache import cached

MAX_MARKS = 5_000
MAX_CACHED_BYTES = 8 * 1024 * 1024
# A character that can start a construct costs the parser up to 60 us, a letter almost nothing.
_MARK = re.compile(r"[^\w\s,.?!]|[_\n]")
_SCHEME = re.compile(r"[^/?#]*:")


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    # Without raw HTML, users can't write attributes, so Datastar has no expression to evaluate.
    # Images are disabled because pages send no requests to third parties.
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    parser.validateLink = _is_harmless  # type: ignore[assignment,method-assign]
    return parser


def _is_harmless(address: str) -> bool:
    scheme = _SCHEME.match(address)
    return scheme is None or scheme[0].lower() in ("http:", "https:", "mailto:", "tel:")


def markdown(text: Any) -> str:
    """Render Markdown as HTML; only relative, http, https, mailto and tel links are valid.

    A text with more than MAX_MARKS line breaks and Markdown characters is
    escaped and not parsed, because parsing it could delay a page by seconds.
    """
    return _rendered(str(text))


@cached(MAX_CACHED_BYTES)
def _rendered(text: str) -> str:
    if len(text) > MAX_MARKS and len(_MARK.findall(text)) > MAX_MARKS:
        return escape(text)
    return f'<div class="sm-prose">{_parser().render(text)}</div>'
