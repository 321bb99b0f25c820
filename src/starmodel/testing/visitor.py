"""One browser of one visitor, without a browser, a server or async code in the test."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from starmodel.app.access.policy import Actor
from starmodel.testing.browser.asgi import JSON, ORIGIN, Cookies, Reply, send
from starmodel.testing.browser.storage import Storage
from starmodel.testing.browser.tab import Tab
from starmodel.testing.failures import FailuresOf
from starmodel.testing.page import Page
from starmodel.testing.running import enter, leave

T = TypeVar("T")


class Visitor:
    """Visits an application in this process, by the protocol of production.

    It keeps cookies, says where requests come from, sends what Datastar
    sends, and follows each open page's stream. After every call, all that
    was committed has been delivered to every page of every visitor.

    ```python
    def test_tabs_follow_each_other(in_memory):
        visitor = Visitor(create_app([Counter]))
        first, second = visitor.open("/counter"), visitor.open("/counter")
        first.submit(Counter.increment(), amount=2)
        assert second.signals["Counter.count"] == 2
    ```

    Shapes: app is what create_app() made, or an application that mounts it.
    Units: timeout_s bounds every call.
    Raises: ConfigurationError, for another application, and without the parser.
    """

    def __init__(self, app: Any, *, timeout_s: float = 30.0, raise_errors: bool = True) -> None:
        self.app, self._timeout_s, self._raise_errors = app, timeout_s, raise_errors
        self.cookies, self._storage = Cookies(), Storage()
        self._tabs: list[Tab] = []
        self._running = enter(app)
        self._open = True

    def open(self, path: str = "/") -> Page:
        """A new tab at this path, after redirects and after its stream has brought the state."""
        tab = Tab(self._running, self.cookies, self._storage)
        self._tabs.append(tab)
        page = Page(tab, timeout_s=self._timeout_s, raise_errors=self._raise_errors)
        page.visit(path)
        return page

    # Who it is

    def sign_in(self, actor: Actor | str, *, roles: tuple[str, ...] | list[str] = ()) -> None:
        """Make this browser act as `actor`, as the application's own sign-in would.

        Open pages connect again by themselves, and stay.
        """
        who = actor if isinstance(actor, Actor) else Actor(actor, roles=frozenset(roles))
        self._change_session(lambda session: session.sign_in(who))

    def sign_out(self) -> None:
        """End the session: its instances are gone, and open pages are loaded anew."""
        self._change_session(lambda session: session.sign_out())

    # The JSON API

    def get(self, path: str, **query: Any) -> Reply:
        """Ask the API; `reply.status` and `reply.json()` have the answer."""
        return self.request("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, json: Any = None) -> Reply:
        """Post JSON to the API, as the application's own pages may."""
        return self.request("POST", path, json)

    def put(self, path: str, json: Any = None) -> Reply:
        return self.request("PUT", path, json)

    def patch(self, path: str, json: Any = None) -> Reply:
        return self.request("PATCH", path, json)

    def delete(self, path: str) -> Reply:
        return self.request("DELETE", path)

    def request(
        self, method: str, path: str, data: Any = None, *, headers: dict[str, str] | None = None
    ) -> Reply:
        """Send any request, with `data` as its JSON body. Redirects are not followed.

        Raises: ServerFailedError, from the application's own exception.
        """
        given = {**JSON, **({} if method in ("GET", "HEAD") else {"origin": ORIGIN})}
        body = b"" if data is None else json.dumps(data).encode()
        given |= {"content-type": "application/json"} if body else {}
        given |= {name.lower(): value for name, value in (headers or {}).items()}

        async def work() -> Reply:
            reply = await send(self.app, method, path, given, self.cookies, body)
            await self._running.settle()
            return reply

        with FailuresOf(self._raise_errors) as failures:
            reply = self._running.run(work(), self._timeout_s)
            failures.check(reply)
        return reply

    # Beside the visitor

    def run(self, work: Awaitable[T]) -> T:
        """The result of async code that runs in the application, as trusted code.

        `visitor.run(Product.objects.create(name="Pen"))`; pages that show
        what it changed follow.
        """

        async def whole() -> T:
            result = await work
            await self._running.settle()
            return result

        return self._running.run(whole(), self._timeout_s)

    def close(self) -> None:
        """Close all tabs; with its last visitor the application ends too."""
        if not self._open:
            return
        self._open = False

        async def work() -> None:
            for tab in self._tabs:
                await tab.leave()

        if self._running.alive:
            self._running.run(work(), self._timeout_s)
            leave(self._running)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _change_session(self, change: Any) -> None:
        sessions, application = self._running.front.sessions, self._running.application
        cookie = sessions.cookie(urlsplit(ORIGIN).netloc.encode(), self._running.root_path)

        async def work() -> None:
            await application.ready()
            session = await cookie.read(self.cookies.header.encode("latin-1"))
            change(session)
            self.cookies.take([await cookie.save(session)])
            await application.end_sessions(session)
            await self._running.settle()

        self._running.run(work(), self._timeout_s)
