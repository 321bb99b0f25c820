"""Markdown of users as HTML that can't run anything."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

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
    """The text as HTML; links lead to http, https and mail addresses or stay here."""
    return f'<div class="sm-prose">{_parser().render(str(text))}</div>'
