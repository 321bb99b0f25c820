"""One open page inside the application's event loop: its elements, signals, stream and requests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from starmodel.testing.browser.asgi import DATASTAR, HTML, ORIGIN, Cookies, Reply, send
from starmodel.testing.browser.binding import bound_path, take_over
from starmodel.testing.browser.controls import Controls
from starmodel.testing.browser.dom import attribute, keyed_attributes, parse, select
from starmodel.testing.browser.expressions import evaluate
from starmodel.testing.browser.patching import patch_elements, patch_rows
from starmodel.testing.browser.requests import Holding, Outgoing, outgoing, with_query
from starmodel.testing.browser.signals import SignalTree
from starmodel.testing.browser.sse import SseEvent, SseReader
from starmodel.testing.browser.storage import KeptStates, Storage
from starmodel.testing.browser.stream import LiveStream
from starmodel.testing.problems import NotOnPageError, UnreadableExpressionError
from starmodel.testing.running import RunningApp

if TYPE_CHECKING:
    from bs4 import Tag

MAX_REDIRECTS = 20
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Tab:
    """A page as a browser holds it. Everything here runs in the application's loop."""

    def __init__(self, running: RunningApp, cookies: Cookies, storage: Storage) -> None:
        self.running, self.cookies = running, cookies
        self.url, self.reply = "", Reply("GET", "")
        self.loaded = self.reply
        self.soup = parse("")
        self.signals, self.controls = SignalTree(), Controls()
        self.skipped: list[str] = []
        self.problems: list[BaseException] = []
        self.asked: list[str] = []
        self._seen: dict[str, int] = {}
        self._stream: LiveStream | None = None
        self._stream_url, self._grants = "", list[str]()
        self._due: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._element: Tag | None = None
        self._submitter: Tag | None = None
        self.closed = False
        self.kept = KeptStates(self, storage)

    # Going somewhere

    async def go(self, url: str, method: str = "GET", body: bytes = b"", kind: str = "") -> None:
        """Load a page in this tab, following redirects."""
        for _ in range(MAX_REDIRECTS):
            url = urljoin(self.url or "/", url)
            if urlsplit(url).netloc not in ("", urlsplit(ORIGIN).netloc):
                raise NotOnPageError(
                    f"The page leads to {url}, which is not this application. A visitor can't "
                    "follow it there."
                )
            headers = {**HTML, **({"content-type": kind} if kind else {})}
            if method != "GET":
                headers["origin"] = ORIGIN
            if self.url:
                headers["referer"] = ORIGIN + self.url
            reply = await send(self.running.app, method, url, headers, self.cookies, body)
            where = reply.headers.get("location")
            if not (300 <= reply.status < 400 and where):
                break
            self._leave_fragment(url)
            url, method, body, kind = where, "GET", b"", ""
        else:
            raise NotOnPageError(f"{url} redirects more than {MAX_REDIRECTS} times.")
        await self.leave()
        self.closed = False
        self._leave_fragment(url)
        self.reply, self.loaded, self.soup = reply, reply, parse(reply.text)
        self.signals, self.controls = SignalTree(), Controls()
        self.skipped, self._seen, self._grants = [], {}, []
        self._stream_url = ""
        self.kept.load()
        self._initialise([self.soup], set())
        self.kept.refresh()
        await self._perform()

    def _leave_fragment(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = parts.path + (f"?{parts.query}" if parts.query else "")

    async def leave(self) -> None:
        """End the stream."""
        stream, self._stream = self._stream, None
        self.closed = True
        if stream is not None:
            await stream.stop()

    # What elements bring with them

    def _initialise(self, new: list[Tag], known: set[str]) -> None:
        """Take over signals, bindings and starts of elements; `known` were there before."""
        everything = [tag for root in new for tag in [root, *root.find_all(True)]]
        everything = [tag for tag in everything if tag.find_parent("template") is None]
        for tag in everything:
            for kind, take in (
                ("data-signals", self._declare),
                ("data-computed", self._compute),
                ("data-bind", self._bind),
                ("data-init", self._init),
            ):
                for key, text in keyed_attributes(tag, kind):
                    if f"{kind} {key} {text}" not in known or kind == "data-bind":
                        self._try(take, tag, key, text)

    def _try(self, take: Callable[[Tag, str, str], None], tag: Tag, key: str, text: str) -> None:
        try:
            self._element = tag
            take(tag, key, text)
        except UnreadableExpressionError:
            self.skipped.append(text)

    def _declare(self, tag: Tag, key: str, text: str) -> None:
        name, *modifiers = key.split("__")
        value = evaluate(text, self) if text else ""
        if name:
            value = _nested(_camel(name), value)
        if isinstance(value, dict):
            self.signals.merge(value, only_missing="ifmissing" in modifiers)

    def _compute(self, tag: Tag, key: str, text: str) -> None:
        if not key:
            raise UnreadableExpressionError(text)
        self.signals.compute(_camel(key.partition("__")[0]), lambda: evaluate(text, self))

    def _bind(self, tag: Tag, key: str, text: str) -> None:
        take_over(self, tag, bound_path(tag) or "")

    def _init(self, tag: Tag, key: str, text: str) -> None:
        evaluate(text, self)

    # What expressions ask

    def signal(self, path: str) -> Any:
        return self.signals.get(path)

    def assign(self, path: str, value: Any) -> None:
        if path == "window.location":
            self._due.append(lambda: self.go(str(value)))
        else:
            self.signals.set(path, value)

    def call(self, action: str, arguments: list[Any]) -> Any:
        if action == "ask":
            self.asked += [str(arguments[0])] if arguments else self._question()
            return True
        if action == "click":
            return {"names": str(arguments[0]) if arguments else ""}
        if action == "submit":
            return {"contentType": "form"}
        if action == "live":
            self._stream_url = str(arguments[0])
            self._due.append(self._connect)
        elif action == "watch":
            if arguments[0] not in self._grants:
                self._grants.append(str(arguments[0]))
                self._due.append(self._connect)
        elif action == "stale":
            self._due.append(lambda: self.go(self.url))
        elif action == "stored":
            names, method, url, *signals = map(str, arguments)
            options = {"names": signals[0]} if signals else {"contentType": "form"}
            brought = {"_browser": self.kept.sent(names.split())}
            self._due.append(self._request(method.upper(), url, options, brought))
        elif action in ("get", "post", "put", "patch", "delete"):
            options = arguments[1] if len(arguments) > 1 else {}
            request = self._request(action.upper(), str(arguments[0]), options)
            self._due.append(request)
        else:
            raise UnreadableExpressionError(f"@{action}(…) needs a browser.")
        return None

    def _question(self) -> list[str]:
        button = self._submitter or self._element
        text = None if button is None else attribute(button, "data-ask")
        return [text] if text else []

    async def run(self, text: str, element: Tag, submitter: Tag | None = None) -> None:
        """Run the expression of an event, and all that it asks of the server."""
        self._element, self._submitter = element, submitter
        evaluate(text, self)
        await self._perform()

    async def _perform(self) -> None:
        while self._due:
            await self._due.pop(0)()

    # Requests of Datastar

    def _request(
        self,
        method: str,
        url: str,
        options: Mapping[str, Any],
        brought: Mapping[str, Any] = NOTHING,
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        """The request of an action, with what the page holds at this moment."""
        is_live = self._stream is not None and self._stream.open
        toasts = self.soup.find(id="starmodel-toasts")
        holding = Holding(
            self.url, is_live, self.signals, self.controls, self._element, self._submitter,
            brought, attribute(toasts, "data-session") or "" if toasts else "",
        )  # fmt: skip
        made = outgoing(method, url, options, holding)
        return lambda: self._ask(made)

    async def _ask(self, asked: Outgoing) -> None:
        reader, streamed = SseReader(), False

        def piece(part: bytes) -> None:
            nonlocal streamed
            for event in reader.feed(part):
                streamed = True
                self.apply(event)

        app, (method, url, headers, body, form) = self.running.app, asked
        reply = self.reply = await send(app, method, url, headers, self.cookies, body, piece)
        kind = reply.headers.get("content-type", "")
        if reply.http_status == 200 and not streamed:
            told = {k[9:]: v for k, v in reply.headers.items() if k.startswith("datastar-")}
            if kind.startswith("text/html"):
                self.apply(SseEvent("datastar-patch-elements", {**told, "elements": reply.text}))
            elif kind.startswith("application/json"):
                self.apply(SseEvent("datastar-patch-signals", {**told, "signals": reply.text}))
        if form is not None and 200 <= reply.status < 300:
            self._accepted(form)

    def _accepted(self, form: Tag) -> None:
        """What the page does when the server took a form: no complaints, and empty again."""
        for sentence in select(form, "small[id$='-problem']"):
            sentence.clear()
        if "data-reset" in form.attrs:
            self.controls.forget(form)

    # What the server sends

    def apply(self, event: SseEvent) -> None:
        """Change the page as the event says, unless it is older than what the page shows."""
        data = event.data
        if event.type == "starmodel-open" or self._is_old(data.get("version", "")):
            return
        if event.type == "datastar-patch-signals":
            only_missing = data.get("onlyIfMissing") == "true"
            self.signals.merge(json.loads(data["signals"]), only_missing=only_missing)
        elif event.type == "datastar-patch-elements":
            self._patch(data)
        elif event.type == "starmodel-rows":
            self._initialise(patch_rows(self.soup, self.controls, data), set())
            self._later()
        elif event.type == "datastar-browser-state":
            self.kept.take(data)
            self._later()
        elif event.type == "datastar-browser-forget":
            self.kept.forget()

    def _patch(self, data: Mapping[str, str]) -> None:
        try:
            new, known = patch_elements(self.soup, self.controls, data)
        except NotOnPageError as problem:
            self.problems.append(problem)
            return
        self._initialise(new, known)
        self._later()

    def _is_old(self, version: str) -> bool:
        topic, _, number = version.rpartition(" ")
        if not version or int(number) >= self._seen.get(topic, -1):
            if version:
                self._seen[topic] = int(number)
            return False
        return True

    # States that live in this browser

    @property
    def tokens(self) -> list[str]:
        """What the page shows, as its stream names it."""
        query = dict(parse_qsl(urlsplit(self._stream_url).query))
        return [*([query["token"]] if "token" in query else []), *self._grants]

    def show_states(self, url: str, sent: dict[str, Any]) -> None:
        """Ask how the page shows the states that it has."""
        headers = {**DATASTAR, "origin": ORIGIN, "content-type": "application/json"}
        body = json.dumps(sent).encode()

        async def ask() -> None:
            reply = await send(self.running.app, "POST", url, headers, self.cookies, body)
            for event in SseReader().feed(reply.body):
                self.apply(event)

        self._due.append(ask)
        self._later()

    # The stream

    async def _connect(self) -> None:
        if self._stream_url == "":
            return
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.stop()
        extra = [("grant", grant) for grant in self._grants]
        for body in select(self.soup, '[id*="-rows"][data-state]'):
            extra.append(("have", f"{attribute(body, 'id')}:{attribute(body, 'data-state')}"))
        url = with_query(self._stream_url, urlencode(extra)) if extra else self._stream_url
        if stream is not None:
            self._seen.clear()
        self._stream = LiveStream(self.running.app, self.apply, self._ended)
        await self._stream.start(url, self.cookies)

    def _ended(self, status: int) -> None:
        """The server ended the stream: come back, or reload a page that is no longer ours."""
        if self.closed:
            return
        if status in (401, 403):
            self.kept.forget()
            self._due.append(lambda: self.go(self.url))
        elif status == 200:
            self._due.append(self._connect)
        else:
            self.problems.append(
                NotOnPageError(f"The stream of {self.url} was answered with status {status}.")
            )
        self._later()

    def _later(self) -> None:
        """Do what has become due, when it is nobody's turn to wait for it."""
        if self._due:
            self.running.start(self._perform())


def _nested(path: str, value: Any) -> Any:
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


def _camel(name: str) -> str:
    return re.sub(r"-(\w)", lambda m: m[1].upper(), name)
