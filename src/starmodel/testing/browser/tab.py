"""A browser tab: navigation, Datastar's actions, and the updates that the server sends."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from starmodel.adapters.frontends.datastar.patches import DatastarPatch
from starmodel.testing.browser.asgi import DATASTAR, ORIGIN, Cookies, Reply, send
from starmodel.testing.browser.datastar.attributes import initialise
from starmodel.testing.browser.datastar.expressions import evaluate
from starmodel.testing.browser.datastar.requests import (
    METHODS,
    ActionRequest,
    PageState,
    action_request,
)
from starmodel.testing.browser.datastar.signals import SignalTree
from starmodel.testing.browser.document.controls import Controls
from starmodel.testing.browser.document.dom import attribute, parse, select
from starmodel.testing.browser.document.forms import form_controls
from starmodel.testing.browser.document.patches import patch_elements, patch_rows
from starmodel.testing.browser.navigation import load_page
from starmodel.testing.browser.storage import BrowserStates, LocalStorage
from starmodel.testing.browser.stream import PageStream
from starmodel.testing.errors import NotOnPageError, UnreadableExpressionError
from starmodel.testing.lifespan import RunningApp

if TYPE_CHECKING:
    from bs4 import Tag

_NO_EXTRA: Mapping[str, Any] = MappingProxyType({})


class Tab:
    """One tab. Every method runs in the event loop of the application.

    Shapes: reply is the response to the last request, loaded that of the
    page itself; confirmations are the accepted questions; element is the
    one whose attribute is being evaluated.
    """

    def __init__(self, running: RunningApp, cookies: Cookies, storage: LocalStorage) -> None:
        self.running, self.cookies = running, cookies
        self.url, self.reply = "", Reply("GET", "")
        self.loaded = self.reply
        self.soup = parse("")
        self.signals, self.controls = SignalTree(), Controls()
        self.skipped: list[str] = []
        self.errors: list[BaseException] = []
        self.confirmations: list[str] = []
        self.element: Tag | None = None
        self._submitter: Tag | None = None
        self._stream = PageStream(running.app, self.apply, self._on_stream_end)
        self._queue: list[Callable[[], Awaitable[None]]] = []
        self._closed = False
        self.browser_states = BrowserStates(self, storage)

    # Navigation

    async def go(
        self, url: str, method: str = "GET", body: bytes = b"", content_type: str = ""
    ) -> None:
        """Load a page, after redirects. Raises: NotOnPageError, for a URL of another origin."""
        reply, url = await load_page(
            self.running.app, self.cookies, self.url, url, method, body, content_type
        )
        await self.close()
        self._closed = False
        self.url = url
        self.reply, self.loaded, self.soup = reply, reply, parse(reply.text)
        self.signals, self.controls, self.skipped = SignalTree(), Controls(), []
        self._stream.reset()
        self.browser_states.load()
        initialise(self, [self.soup], set())
        self.browser_states.refresh()
        await self._run_queue()

    async def close(self) -> None:
        """Close the stream."""
        self._closed = True
        await self._stream.close()

    # Expressions and their actions

    async def run(self, expression: str, element: Tag, submitter: Tag | None = None) -> None:
        """Evaluate the expression of a DOM event; returns when its requests are finished."""
        self.element, self._submitter = element, submitter
        evaluate(expression, self)
        await self._run_queue()

    def signal(self, path: str) -> Any:
        return self.signals.get(path)

    def assign(self, path: str, value: Any) -> None:
        if path == "window.location":
            self._queue.append(lambda: self.go(str(value)))
        else:
            self.signals.set(path, value)

    def call(self, action: str, arguments: list[Any]) -> Any:
        """Call `@action(…)`; its requests are queued. Raises: UnreadableExpressionError."""
        if action == "ask":
            self.confirmations += [str(arguments[0])] if arguments else self._button_question()
            return True
        if action == "click":
            return {"names": str(arguments[0]) if arguments else ""}
        if action == "submit":
            return {"contentType": "form"}
        if action == "live":
            self._stream.url = str(arguments[0])
            self._queue.append(self._connect)
        elif action == "watch":
            if arguments[0] not in self._stream.grants:
                self._stream.grants.append(str(arguments[0]))
                self._queue.append(self._connect)
        elif action == "stale":
            self._queue.append(lambda: self.go(self.url))
        elif action == "stored":
            names, method, url, *signals = map(str, arguments)
            options = {"names": signals[0]} if signals else {"contentType": "form"}
            extra = {"_browser": self.browser_states.event_payload(names.split())}
            self._enqueue(method, url, options, extra)
        elif action in METHODS:
            self._enqueue(action, str(arguments[0]), arguments[1] if len(arguments) > 1 else {})
        else:
            raise UnreadableExpressionError(f"@{action}(…) needs a browser.")
        return None

    def _button_question(self) -> list[str]:
        button = self._submitter or self.element
        text = None if button is None else attribute(button, "data-ask")
        return [text] if text else []

    def _enqueue(
        self,
        method: str,
        url: str,
        options: Mapping[str, Any],
        extra: Mapping[str, Any] = _NO_EXTRA,
    ) -> None:
        """Queue a request with the current state of the page as its payload."""
        toasts = self.soup.find(id="starmodel-toasts")
        session = attribute(toasts, "data-session") or "" if toasts else ""
        state = PageState(
            self.url, self._stream.is_open, self.signals, self.controls, self.element,
            self._submitter, extra, session,
        )  # fmt: skip
        request = action_request(method.upper(), url, options, state)
        self._queue.append(lambda: self._send(request))

    async def _send(self, request: ActionRequest) -> None:
        method, url, headers, body, form = request
        app, cookies = self.running.app, self.cookies
        reply = self.reply = await send(app, method, url, headers, cookies, body, self.apply)
        if reply.http_status == 200:
            self._apply_plain(reply)
        if form is not None and 200 <= reply.status < 300:
            self._on_form_accepted(form)

    def _apply_plain(self, reply: Reply) -> None:
        """Apply an HTML or JSON response as Datastar does."""
        options = {k[9:]: v for k, v in reply.headers.items() if k.startswith("datastar-")}
        content_type = reply.headers.get("content-type", "")
        if content_type.startswith("text/html"):
            data = (*options.items(), ("elements", reply.text))
            self.apply(DatastarPatch("datastar-patch-elements", data))
        elif content_type.startswith("application/json"):
            data = (*options.items(), ("signals", reply.text))
            self.apply(DatastarPatch("datastar-patch-signals", data))

    def _on_form_accepted(self, form: Tag) -> None:
        """Remove validation errors, and reset a form with `data-reset`."""
        for sentence in select(form, "small[id$='-problem']"):
            sentence.clear()
        if "data-reset" in form.attrs:
            self.controls.reset(form_controls(form))

    async def _run_queue(self) -> None:
        while self._queue:
            await self._queue.pop(0)()

    def _run_queue_later(self) -> None:
        """Run the queue in a task that `RunningApp.settle` awaits."""
        if self._queue:
            self.running.start(self._run_queue())

    # Updates from the server

    def apply(self, patch: DatastarPatch) -> None:
        """Apply a patch to the page, unless a newer version of its topic was applied before."""
        event, data = patch.event, dict(patch.data)
        if event == "starmodel-open" or self._stream.is_stale(data.get("version", "")):
            return
        if event == "datastar-patch-signals":
            only_missing = data.get("onlyIfMissing") == "true"
            self.signals.merge(json.loads(data["signals"]), only_missing=only_missing)
            return
        if event == "datastar-patch-elements":
            try:
                new, executed = patch_elements(self.soup, self.controls, data)
            except NotOnPageError as error:
                self.errors.append(error)
                return
            initialise(self, new, executed)
        elif event == "starmodel-rows":
            initialise(self, patch_rows(self.soup, self.controls, data), set())
        elif event == "datastar-browser-state":
            self.browser_states.update(data)
        elif event == "datastar-browser-forget":
            self.browser_states.clear()
            return
        self._run_queue_later()

    @property
    def tokens(self) -> list[str]:
        """The signed tokens of the topics that the page watches."""
        return self._stream.tokens

    def render_states(self, url: str, payload: dict[str, Any]) -> None:
        """Queue the request that renders live views from browser states."""
        headers = {**DATASTAR, "origin": ORIGIN, "content-type": "application/json"}
        body = json.dumps(payload).encode()

        async def request() -> None:
            await send(self.running.app, "POST", url, headers, self.cookies, body, self.apply)

        self._queue.append(request)
        self._run_queue_later()

    async def _connect(self) -> None:
        lists = select(self.soup, '[id*="-rows"][data-state]')
        digests = [f"{attribute(each, 'id')}:{attribute(each, 'data-state')}" for each in lists]
        await self._stream.connect(digests, self.cookies)

    def _on_stream_end(self, status: int) -> None:
        """Reconnect; reload a page whose token the server no longer accepts."""
        if self._closed:
            return
        if status in (401, 403):
            self.browser_states.clear()
            self._queue.append(lambda: self.go(self.url))
        elif status == 200:
            self._queue.append(self._connect)
        else:
            self.errors.append(
                NotOnPageError(f"The stream of {self.url} was answered with status {status}.")
            )
        self._run_queue_later()
