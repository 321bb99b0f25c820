"""A test client that emulates the browser of one visitor."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from starmodel.app.access.policy import Actor
from starmodel.app.mail.mailbox import Mailbox
from starmodel.app.ports.mailer import MailMessage
from starmodel.core.errors import ConfigurationError
from starmodel.testing.browser.asgi import JSON, ORIGIN, Cookies, Reply, send
from starmodel.testing.browser.storage import LocalStorage
from starmodel.testing.browser.tab import Tab
from starmodel.testing.lifespan import acquire, release
from starmodel.testing.live_data import LiveData
from starmodel.testing.page import Page
from starmodel.testing.server_errors import ServerErrors

T = TypeVar("T")


class Visitor:
    """A browser session with an ASGI application in this process, by the protocol of production.

    It stores cookies, sends the headers and payloads of Datastar requests,
    and subscribes to the stream of each open page. When a method returns,
    every committed change has been delivered to every page of every visitor.

    ```python
    def test_tabs_follow_each_other(in_memory):
        visitor = Visitor(create_app([Counter]))
        first, second = visitor.open("/counter"), visitor.open("/counter")
        first.submit(Counter.increment(), amount=2)
        assert second.signals["Counter.count"] == 2
    ```

    Shapes: app comes from create_app(), or mounts such an application.
    Units: timeout_s bounds every call.
    Raises: ConfigurationError, for another application, and when the HTML
    parser is not installed.
    """

    def __init__(self, app: Any, *, timeout_s: float = 30.0, raise_errors: bool = True) -> None:
        self.app, self._timeout_s, self._raise_errors = app, timeout_s, raise_errors
        self.cookies, self._storage = Cookies(), LocalStorage()
        self._tabs: list[Tab] = []
        self._followed: list[LiveData] = []
        self._running = acquire(app)
        self._open = True

    def open(self, path: str = "/") -> Page:
        """Open a new tab, after redirects and after the stream has delivered the current state."""
        tab = Tab(self._running, self.cookies, self._storage)
        self._tabs.append(tab)
        page = Page(tab, timeout_s=self._timeout_s, raise_errors=self._raise_errors)
        page.visit(path)
        return page

    # Sign-in

    def sign_in(self, actor: Actor | str, *, roles: tuple[str, ...] | list[str] = ()) -> None:
        """Sign this browser's session in as `actor`; open pages reconnect their streams."""
        who = actor if isinstance(actor, Actor) else Actor(actor, roles=frozenset(roles))
        self._change_session(lambda session: session.sign_in(who))

    def sign_out(self) -> None:
        """End the session: its entities are deleted, and open pages reload."""
        self._change_session(lambda session: session.sign_out())

    # The JSON API

    def get(self, path: str, **query: Any) -> Reply:
        """Send a GET request to the JSON API."""
        return self.request("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, json: Any = None) -> Reply:
        """Send a JSON body to the API, with the origin of the application."""
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
        """Send a request with `data` as its JSON body. Redirects are not followed.

        Raises: ServerFailedError, from the exception of the application.
        """
        all_headers = {**JSON, **({} if method in ("GET", "HEAD") else {"origin": ORIGIN})}
        body = b"" if data is None else json.dumps(data).encode()
        all_headers |= {"content-type": "application/json"} if body else {}
        all_headers |= {name.lower(): value for name, value in (headers or {}).items()}

        async def work() -> Reply:
            reply = await send(self.app, method, path, all_headers, self.cookies, body)
            await self._running.settle()
            return reply

        with ServerErrors(self._raise_errors) as errors:
            reply = self._running.run(work(), self._timeout_s)
            errors.check(reply)
        return reply

    def follow(self, path: str) -> LiveData:
        """Follow a record, scoped entity or list as a JSON client does, until `close`."""
        data = LiveData(self.app, self._stop_following)

        async def work() -> LiveData:
            await data.open(path, self.cookies)
            await self._running.settle()
            return data

        self._followed.append(data)
        return self._running.run(work(), self._timeout_s)

    @property
    def mail(self) -> list[MailMessage]:
        """The messages that the application has sent, oldest first.

        Raises: ConfigurationError, for an application with a mailer that delivers messages.
        """
        mailer = self._running.application.mail.mailer
        if not isinstance(mailer, Mailbox):
            raise ConfigurationError(
                "This application's mailer delivers messages. Build the application inside of "
                "in_memory (or memory_stores), or with mailer=Mailbox()."
            )
        return mailer.messages

    # Server-side code

    def run(self, work: Awaitable[T]) -> T:
        """Await trusted code in the event loop of the application and return its result.

        `visitor.run(Product.objects.create(name="Pen"))`; open pages receive
        the changes that it commits.
        """

        async def settled() -> T:
            result = await work
            await self._running.settle()
            return result

        return self._running.run(settled(), self._timeout_s)

    def close(self) -> None:
        """Close all tabs; the last visitor of an application shuts it down."""
        if not self._open:
            return
        self._open = False

        async def work() -> None:
            for tab in self._tabs:
                await tab.close()
            for data in self._followed:
                await data.connection.close()

        if self._running.is_running:
            self._running.run(work(), self._timeout_s)
            release(self._running)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _stop_following(self, data: LiveData) -> None:
        self._followed.remove(data)
        self._running.run(data.connection.close(), self._timeout_s)

    def _change_session(self, change: Any) -> None:
        sessions, application = self._running.gateway.sessions, self._running.application
        cookie = sessions.cookie(urlsplit(ORIGIN).netloc.encode(), self._running.root_path)

        async def work() -> None:
            await application.ready()
            session = await cookie.read(self.cookies.header.encode("latin-1"))
            change(session)
            self.cookies.take([await cookie.save(session)])
            await application.end_sessions(session)
            await self._running.settle()

        self._running.run(work(), self._timeout_s)
