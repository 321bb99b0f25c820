"""Middleware of plugins: request hooks, and ASGI middleware around the application."""

from __future__ import annotations

from typing import Any

import pytest
from fasthtml.components import P
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.routing import Route as StarletteRoute

from integration.plugins.reports import given_reports
from starmodel import ConfigurationError, Entity, Redirect, configure_app, create_app, event
from starmodel.plugins import Middleware, Page, Plugin, RequestHook, Route
from starmodel.testing import Visitor


class Pen(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str = "Pen"

    @event
    def refill(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


def plugin(name: str, *items: Any, **members: Any) -> Plugin:
    methods = {"middleware": lambda self: list(items), **members}
    return type("Made", (Plugin,), {"name": name, **methods})()


async def index(request: Any) -> PlainTextResponse:
    return PlainTextResponse("own page")


@pytest.fixture(params=["fasthtml", "starlette", "configured fasthtml", "configured starlette"])
def make(request: pytest.FixtureRequest) -> Any:
    """Makes an application with the user's page /own, in each way to make one."""

    def made(*plugins: Plugin) -> Any:
        options = {"plugins": plugins, "secret_key": "k" * 40}
        routes = [StarletteRoute("/own", index)]
        if request.param == "configured fasthtml":
            from fasthtml.core import FastHTML

            return configure_app(FastHTML(secret_key="k" * 40, routes=routes), [Pen], **options)
        if request.param == "configured starlette":
            return configure_app(Starlette(routes=routes), [Pen], **options)
        return create_app([Pen], web=request.param, routes=routes, **options)

    return made


class Tag:
    """Adds a response header."""

    def __init__(self, app: Any, name: str = "x-order") -> None:
        self.app, self.name = app, name.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def tagged(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"x-tag", self.name)]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, tagged)


class Boom:
    """Raises before the request is passed on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/boom"):
            raise RuntimeError("a secret detail")
        await self.app(scope, receive, send)


def test_hook_sees_every_request_before_its_route(make: Any) -> None:
    seen = []

    async def see(exchange: Any) -> None:
        seen.append((exchange.request.method, exchange.request.path))

    with Visitor(make(plugin("log", RequestHook(see)))) as visitor:
        assert visitor.get("/own").text == "own page"
        visitor.post("/pens", {"name": "Blue"})
        visitor.get("/nothing")
        visitor.get("/_starmodel/health")
    assert seen == [("GET", "/own"), ("POST", "/pens"), ("GET", "/nothing")]


@pytest.mark.parametrize(
    ("made", "status", "text"),
    [
        (Page("Closed", P("We are closed.")), 200, "We are closed."),
        ({"closed": True}, 200, '{"closed":true}'), (Redirect("/own"), 303, ""),
        (PlainTextResponse("no", status_code=418), 418, "no"),
    ],
)  # fmt: skip
def test_hook_that_returns_something_responds(make: Any, made: Any, status: int, text: str) -> None:
    async def respond(exchange: Any) -> Any:
        return made

    with Visitor(make(plugin("closed", RequestHook(respond)))) as visitor:
        for path in ("/own", "/pens", "/nothing"):
            reply = visitor.get(path)
            assert reply.status == status
            assert text in reply.text


def test_hook_with_a_query_parameter_runs_for_requests_with_it_only(make: Any) -> None:
    seen = []

    async def see(exchange: Any) -> None:
        seen.append(exchange.request.scope["query_string"])

    with Visitor(make(plugin("log", RequestHook(see, query="key")))) as visitor:
        for query in ("", "?key=1", "?monkey=1", "?a=key", "?a=1&key="):
            visitor.get(f"/own{query}")
    assert seen == [b"key=1", b"a=1&key="]


def test_hook_signs_a_visitor_in(make: Any) -> None:
    async def sign_in(exchange: Any) -> Any:
        exchange.session.sign_in("ann")
        return Redirect(exchange.request.path)

    async def who(self: Any, exchange: Any) -> Any:
        actor = exchange.session.actor
        return {"actor": actor and actor.id}

    made = plugin(
        "sso", RequestHook(sign_in, query="ticket"),
        routes=lambda self: [Route("/who", who.__get__(self), access="public")],
    )  # fmt: skip
    with Visitor(make(made)) as visitor:
        assert visitor.get("/who").json() == {"actor": None}
        assert visitor.get("/who?ticket=1").status == 303
        assert visitor.get("/who").json() == {"actor": "ann"}


def test_failing_hook_is_an_error_response_and_the_application_lives(
    make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(exchange: Any) -> None:
        raise RuntimeError("a secret detail")

    app = make(plugin("broken", RequestHook(fail, query="fail")))
    with Visitor(app, raise_errors=False) as visitor:
        reply = visitor.get("/own?fail=1")
        assert (reply.status, "secret" in reply.text) == (500, False)
        assert visitor.get("/own").text == "own page"
    assert "a secret detail" in caplog.text


def test_failure_after_a_sign_in_leaves_nobody_signed_in(make: Any) -> None:
    async def sign_in(exchange: Any) -> None:
        exchange.session.sign_in("ann")
        raise RuntimeError("the account is locked")

    async def enter(self: Any, exchange: Any) -> None:
        await sign_in(exchange)

    async def who(self: Any, exchange: Any) -> Any:
        actor = exchange.session.actor
        return {"actor": actor and actor.id}

    made = plugin(
        "sso", RequestHook(sign_in, query="ticket"),
        routes=lambda self: [
            Route("/who", who.__get__(self), access="public"),
            Route("/enter", enter.__get__(self), access="public"),
        ],
    )  # fmt: skip
    with Visitor(make(made), raise_errors=False) as visitor:
        for path in ("/who?ticket=1", "/enter"):
            assert visitor.get(path).status == 500
            assert visitor.get("/who").json() == {"actor": None}


def test_hooks_run_in_the_order_of_the_plugins(make: Any) -> None:
    seen: list[str] = []

    def hook(name: str, *, stops: bool) -> RequestHook:
        async def run(exchange: Any) -> Any:
            seen.append(name)
            return {"by": name} if stops else None

        return RequestHook(run)

    plugins = [
        plugin("zulu", hook("zulu", stops=True), before=["mike"]),
        plugin("mike", hook("mike", stops=True)), plugin("alpha", hook("alpha", stops=False)),
    ]  # fmt: skip
    with Visitor(make(*plugins)) as visitor:
        assert visitor.get("/own").json() == {"by": "zulu"}
    assert seen == ["alpha", "zulu"]


def test_asgi_middleware_wraps_pages_assets_and_errors(make: Any) -> None:
    app = make(plugin("tag", Middleware(Tag)))
    with Visitor(app, raise_errors=False) as visitor:
        for path in ("/own", "/pens", "/nothing", "/_starmodel/health"):
            assert visitor.get(path).headers["x-tag"] == "x-order", path


def test_first_plugin_has_the_outermost_middleware(make: Any) -> None:
    order = []

    class Log(Tag):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            order.append(self.name.decode())
            await self.app(scope, receive, send)

    plugins = [
        plugin("b", Middleware(Log, {"name": "b1"}), Middleware(Log, {"name": "b2"})),
        plugin("a", Middleware(Log, {"name": "a"})),
    ]  # fmt: skip
    with Visitor(make(*plugins)) as visitor:
        order.clear()
        visitor.get("/own")
    assert order == ["a", "b1", "b2"]


def test_failing_asgi_middleware_is_an_error_page_and_the_application_lives(
    make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with Visitor(make(plugin("broken", Middleware(Boom))), raise_errors=False) as visitor:
        reply = visitor.get("/boom")
        assert (reply.status, "secret" in reply.text) == (500, False)
        assert reply.headers["content-type"] == "application/problem+json"
        assert visitor.open("/boom").status == 500
        assert visitor.get("/own").text == "own page"
    assert "The middleware of the plugin 'broken' failed" in caplog.text
    assert "a secret detail" in caplog.text


def test_middleware_that_cannot_be_made_is_noted(make: Any) -> None:
    class Strict:
        def __init__(self, app: Any, needed: str) -> None:
            pass

    app = make(plugin("strict", Middleware(Strict), Middleware(Tag)))
    (report,) = given_reports(app)
    assert "Strict" in report.notes[0]
    with Visitor(app) as visitor:
        assert visitor.get("/own").headers["x-tag"] == "x-order"


def test_middleware_serves_below_a_mount() -> None:
    app = create_app([Pen], plugins=[plugin("tag", Middleware(Tag))], secret_key="k" * 40)
    with Visitor(Starlette(routes=[Mount("/shop", app)])) as visitor:
        assert visitor.get("/shop/pens").headers["x-tag"] == "x-order"


def test_middleware_sees_websockets() -> None:
    seen = []

    class Log(Tag):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["type"])
            await self.app(scope, receive, send)

    app = create_app([Pen], plugins=[plugin("log", Middleware(Log))], secret_key="k" * 40)

    async def run() -> None:
        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            pass

        scope = {
            "type": "websocket", "path": "/none", "raw_path": b"/none", "query_string": b"",
            "headers": [(b"host", b"testserver"), (b"origin", b"http://evil.example")],
            "root_path": "", "subprotocols": [],
        }  # fmt: skip
        await app(scope, receive, send)

    import asyncio

    asyncio.run(run())
    assert seen == ["websocket"]


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: RequestHook(lambda exchange: None), "a coroutine function"),
        (lambda: RequestHook(index, query="a b"), "name of a query parameter"),
        (lambda: Middleware("Tag"), "a class of ASGI middleware"),
        (lambda: Middleware(Tag, ["x"]), "a dict by name"),
    ],
)
def test_invalid_middleware_is_refused(make_it: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make_it()
