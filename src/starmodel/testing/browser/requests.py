"""What an action sends: Datastar's request with what the page holds at that moment."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urljoin

from starmodel.testing.browser.asgi import DATASTAR, ORIGIN, form_body
from starmodel.testing.browser.controls import Controls, form_data
from starmodel.testing.browser.dom import attribute
from starmodel.testing.browser.signals import SignalTree
from starmodel.testing.problems import NotOnPageError

if TYPE_CHECKING:
    from bs4 import Tag


class Outgoing(NamedTuple):
    """A request that is ready. Shapes: form is the one that it sends, if any."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""
    form: Tag | None = None


class Holding(NamedTuple):
    """What a page holds when an action is called.

    Shapes: brought is what goes along beside signals or fields; session
    names the session that the page was made for.
    """

    url: str
    is_live: bool
    signals: SignalTree
    controls: Controls
    element: Tag | None
    submitter: Tag | None
    brought: Mapping[str, Any]
    session: str


def outgoing(method: str, url: str, options: Mapping[str, Any], page: Holding) -> Outgoing:
    """The request of `@post(url, options)`, and of the other methods.

    Raises: NotOnPageError, when it sends a form but stands in none.
    """
    headers = {**DATASTAR, "idempotency-key": secrets.token_hex(8), "referer": ORIGIN + page.url}
    headers |= {str(k).lower(): str(v) for k, v in (options.get("headers") or {}).items()}
    headers |= {"origin": ORIGIN} if method != "GET" else {}
    headers |= {"starmodel-page": "1"} if page.is_live else {}
    headers |= {"starmodel-session": page.session} if page.session else {}
    if options.get("contentType") == "form":
        return _of_form(method, urljoin(page.url, url), headers, page)
    text = json.dumps({**page.signals.sent(_wanted(options)), **page.brought})
    url = urljoin(page.url, url)
    if method in ("GET", "DELETE"):
        return Outgoing(method, with_query(url, urlencode({"datastar": text})), headers)
    headers["content-type"] = "application/json"
    return Outgoing(method, url, headers, text.encode())


def _of_form(method: str, url: str, headers: dict[str, str], page: Holding) -> Outgoing:
    element = page.element
    form = element if element is None or element.name == "form" else element.find_parent("form")
    if form is None:
        raise NotOnPageError(f"An action sends a form to {url}, but stands in none.")
    pairs = form_data(form, page.controls, page.submitter)
    pairs += [(name, json.dumps(value)) for name, value in page.brought.items()]
    if method in ("GET", "DELETE"):
        url = with_query(url, urlencode([(name, str(value)) for name, value in pairs]))
        return Outgoing(method, url, headers, form=form)
    body, kind = form_body(pairs, attribute(form, "enctype") == "multipart/form-data")
    return Outgoing(method, url, {**headers, "content-type": kind}, body, form)


def with_query(url: str, query: str) -> str:
    """The address with more in its query."""
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def _wanted(options: Mapping[str, Any]) -> Callable[[str], bool]:
    if "names" in options:
        names = options["names"].split()
        return lambda path: any(path == n or path.startswith(f"{n}.") for n in names)
    return lambda path: not any(part.startswith("_") for part in path.split("."))
