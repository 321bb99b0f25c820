"""Browser contexts of several visitors, with checks for console errors and foreign requests."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Response, expect

TIMEOUT_MS = 6000
expect.set_options(timeout=TIMEOUT_MS)

# Console messages of Chromium while a server is unreachable, and of Datastar's retries.
SERVER_AWAY = (
    r"net::ERR_(FAILED|CONNECTION_\w+|EMPTY_RESPONSE|SOCKET_\w+)",
    r"net::ERR_(INCOMPLETE_CHUNKED_ENCODING|CONTENT_LENGTH_MISMATCH)",  # killed while it answered
    "Failed to fetch|network error|Datastar failed to reach .* retrying in",
)


class Visitor:
    """One browser context with separate cookies; `open` adds tabs.

    Console errors, uncaught exceptions and requests to
    hosts other than `url` collect in `complaints`, which a fixture checks.
    """

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url, self.complaints = url, list[str]()
        self.requests, self.responses = list[Request](), list[Response]()
        self._expected = list[str]()
        self.context: BrowserContext = browser.new_context(base_url=url, **options)
        self.context.set_default_timeout(TIMEOUT_MS)
        self.context.on("request", self._asked)
        self.context.on("response", self._answered)
        self.context.on("console", lambda message: self._said(message.type, message.text))
        self.context.on("weberror", lambda error: self._said("error", str(error.error)))

    def expect_errors(self, *patterns: str) -> None:
        """Let console errors that match pass."""
        self._expected += patterns

    def open(self, path: str = "/", *, live: bool = True) -> Page:
        """A new tab at `path`; with `live`, after its stream has brought the state."""
        page = self.context.new_page()
        page.goto(path)
        if live:
            expect(page.locator("html")).to_have_attribute("data-live", "open")
        return page

    def _asked(self, request: Request) -> None:
        self.requests.append(request)
        parts = urlsplit(request.url)
        if parts.scheme != "data" and parts.netloc != urlsplit(self.url).netloc:
            self.complaints.append(f"A page asked {request.url}")

    def _answered(self, response: Response) -> None:
        self.responses.append(response)

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and not any(re.search(pattern, text) for pattern in self._expected):
            self.complaints.append(text)


def field(page: Page, label: str) -> Locator:
    """The element with a field's value on a generated page."""
    return page.locator(f"main :is(.sm-record, .sm-fields) div > dt:text-is('{label}') + dd")


def answer(page: Page, button: str) -> None:
    """Press a button of the confirmation dialog."""
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()


def form(page: Page, button: str) -> Locator:
    """The generated form with this button; its dialog is opened if it is in one."""
    page.wait_for_load_state()
    opener = page.get_by_role("button", name=f"{button}\u2026", exact=True)
    if opener.is_visible() and not page.locator("dialog[open]").count():
        opener.click()
    return page.locator("form").filter(has=page.get_by_role("button", name=button, exact=True))


def hide(page: Page) -> None:
    """Emulate a hidden tab; headless Chromium treats every tab as visible."""
    _set_hidden(page, True)


def show(page: Page) -> None:
    """Emulate a visible tab again."""
    _set_hidden(page, False)


def _set_hidden(page: Page, hidden: bool) -> None:
    page.evaluate(
        "(hidden) => {"
        " Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});"
        " document.dispatchEvent(new Event('visibilitychange')) }",
        hidden,
    )


def expect_state(visitor: Visitor, path: str, **fields: object) -> None:
    """Wait until the JSON of the page at this path has these fields."""
    for _ in range(TIMEOUT_MS // 50):
        answer = visitor.context.request.get(path, headers={"accept": "application/json"})
        state = {name: answer.json().get(name) for name in fields}
        if state == fields:
            return
        time.sleep(0.05)
    raise AssertionError(f"The server still has {state}; expected {fields}.")


def expect_streams(visitor: Visitor, count: int) -> None:
    """Wait until the server holds this many streams of the visitor."""
    for _ in range(TIMEOUT_MS // 50):
        held = visitor.context.request.get("/streams").text()
        if int(held) == count:
            return
        time.sleep(0.05)
    raise AssertionError(f"The server still holds {held} streams; expected {count}.")
