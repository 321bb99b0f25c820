"""Loads the page of a URL, following redirects inside the application."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

from starmodel.testing.browser.asgi import HTML, ORIGIN, Cookies, Reply, send
from starmodel.testing.errors import NotOnPageError

MAX_REDIRECTS = 20


async def load_page(
    app: Any,
    cookies: Cookies,
    current_url: str,
    url: str,
    method: str = "GET",
    body: bytes = b"",
    content_type: str = "",
) -> tuple[Reply, str]:
    """The response after redirects, and its path and query.

    Raises: NotOnPageError, for a URL of another origin or too many redirects.
    """
    for _ in range(MAX_REDIRECTS):
        url = urljoin(current_url or "/", url)
        if urlsplit(url).netloc not in ("", urlsplit(ORIGIN).netloc):
            raise NotOnPageError(
                f"The page leads to {url}, which is not this application. A visitor can't "
                "follow it there."
            )
        headers = {**HTML, **({"content-type": content_type} if content_type else {})}
        if method != "GET":
            headers["origin"] = ORIGIN
        if current_url:
            headers["referer"] = ORIGIN + current_url
        reply = await send(app, method, url, headers, cookies, body)
        current_url = _without_fragment(url)
        location = reply.headers.get("location")
        if not (300 <= reply.status < 400 and location):
            return reply, current_url
        url, method, body, content_type = location, "GET", b"", ""
    raise NotOnPageError(f"{url} redirects more than {MAX_REDIRECTS} times.")


def _without_fragment(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
