"""The page to return to after a sign-in."""

from __future__ import annotations

from urllib.parse import quote

from starmodel.app.commands.redirects import stays_here
from starmodel.plugins import Exchange

NEXT = "next"
MAX_NEXT_CHARS = 2000


def own_path(text: str) -> str:
    """The path, with its query, of a page of this application; "" for anything else.

    >>> own_path("/pens?page=2"), own_path("//evil.example"), own_path("javascript:alert(1)")
    ('/pens?page=2', '', '')
    """
    is_path = text.startswith("/") and len(text) <= MAX_NEXT_CHARS and stays_here(text, "")
    return text if is_path else ""


def with_next(url: str, path: str) -> str:
    """The URL of a page that returns to this path afterwards."""
    return f"{url}?{NEXT}={quote(path, safe='/')}" if path else url


async def go_on(exchange: Exchange, path: str) -> None:
    """Redirect to a path that a form or a query named; to the start page for any other."""
    await exchange.redirect(exchange.mounted(own_path(path) or "/"))
