"""The requests of Datastar actions: which ones an expression has, and how each is encoded."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urljoin

from starmodel.testing.browser.asgi import DATASTAR, ORIGIN, form_body
from starmodel.testing.browser.datastar.signals import SignalTree
from starmodel.testing.browser.document.controls import Controls
from starmodel.testing.browser.document.dom import attribute
from starmodel.testing.browser.document.forms import form_data
from starmodel.testing.errors import NotOnPageError

if TYPE_CHECKING:
    from bs4 import Tag

METHODS = ("get", "post", "put", "patch", "delete")
# Covers what render_action() writes and hand-written actions with a constant URL.
_ACTION = re.compile(
    rf"@({'|'.join(METHODS)})\(\s*(?:'([^']*)'|\"([^\"]*)\")\s*[,)]"
    r"|@stored\('[^']*', '(\w+)', '([^']*)'"
)


def requests_in(expression: str) -> list[tuple[str, str]]:
    """Method and URL of each action with a constant URL, without evaluating the expression."""
    return [
        (method or stored_method, single_quoted or double_quoted or stored_url)
        for method, single_quoted, double_quoted, stored_method, stored_url in _ACTION.findall(
            expression
        )
    ]


class ActionRequest(NamedTuple):
    """A complete request. Shapes: form is the submitted form, None for signals."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""
    form: Tag | None = None


class PageState(NamedTuple):
    """The state of a page when an action is called.

    Shapes: extra is sent in addition to signals or fields; session is the
    tag of the session that the page was rendered for.
    """

    url: str
    is_live: bool
    signals: SignalTree
    controls: Controls
    element: Tag | None
    submitter: Tag | None
    extra: Mapping[str, Any]
    session: str


def action_request(
    method: str, url: str, options: Mapping[str, Any], page: PageState
) -> ActionRequest:
    """The request of `@post(url, options)`, and of the other methods.

    Raises: NotOnPageError, for a form submission outside a form.
    """
    headers = {**DATASTAR, "idempotency-key": secrets.token_hex(8), "referer": ORIGIN + page.url}
    headers |= {str(k).lower(): str(v) for k, v in (options.get("headers") or {}).items()}
    headers |= {"origin": ORIGIN} if method != "GET" else {}
    headers |= {"starmodel-page": "1"} if page.is_live else {}
    headers |= {"starmodel-session": page.session} if page.session else {}
    if options.get("contentType") == "form":
        return _form_request(method, urljoin(page.url, url), headers, page)
    payload = json.dumps({**page.signals.matching(_signal_filter(options)), **page.extra})
    url = urljoin(page.url, url)
    if method in ("GET", "DELETE"):
        return ActionRequest(method, with_query(url, urlencode({"datastar": payload})), headers)
    headers["content-type"] = "application/json"
    return ActionRequest(method, url, headers, payload.encode())


def _form_request(method: str, url: str, headers: dict[str, str], page: PageState) -> ActionRequest:
    element = page.element
    form = element if element is None or element.name == "form" else element.find_parent("form")
    if form is None:
        raise NotOnPageError(f"An action sends a form to {url}, but is not inside one.")
    pairs = form_data(form, page.controls, page.submitter)
    pairs += [(name, json.dumps(value)) for name, value in page.extra.items()]
    if method in ("GET", "DELETE"):
        url = with_query(url, urlencode([(name, str(value)) for name, value in pairs]))
        return ActionRequest(method, url, headers, form=form)
    body, content_type = form_body(pairs, attribute(form, "enctype") == "multipart/form-data")
    return ActionRequest(method, url, {**headers, "content-type": content_type}, body, form)


def with_query(url: str, query: str) -> str:
    """The URL with additional query parameters."""
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def _signal_filter(options: Mapping[str, Any]) -> Callable[[str], bool]:
    if "names" in options:
        names = options["names"].split()
        return lambda path: any(path == n or path.startswith(f"{n}.") for n in names)
    return lambda path: not any(part.startswith("_") for part in path.split("."))
