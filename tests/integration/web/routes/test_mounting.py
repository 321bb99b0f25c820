"""StarModel mounted below, behind and inside other ASGI applications."""

from __future__ import annotations

from typing import Any

import pytest
from fasthtml.common import Button, FastHTML, Titled
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.routing import Mount

from integration.web.browser import HTML, Browser, session_cookie_name, sse_events, unlisted
from starmodel import (
    ConfigurationError,
    Entity,
    EntityConfig,
    Redirect,
    Settings,
    configure_app,
    create_app,
    event,
)
from starmodel.adapters.transports.http import HttpTransport
from starmodel.adapters.transports.sse import SSE


@unlisted
class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount

    @event
    def home(self) -> Redirect:
        return Redirect("/x")

    @event
    def fail(self) -> None:
        raise ValueError("No")


@unlisted
class Item(Entity):
    model_config = EntityConfig(access="public")
    name: str


def mounted(app: Any, path: str = "/shop") -> Starlette:
    """A parent whose lifespan does not run the child's."""
    return Starlette(routes=[Mount(path, app=app)])


async def test_urls_below_a_mount_have_its_prefix(visit: Any, serve: Any) -> None:
    app = serve(Counter, Item)

    @app.get("/mine")
    def mine(counter: Counter):  # type: ignore[no-untyped-def]
        return Titled("Mine", counter, Button("+1", data_on_click=Counter.increment(1)))

    browser = Browser(mounted(app))
    for path in ("/shop/mine", "/shop/counter", "/shop/", "/shop/items", "/shop/none"):
        page = (await browser.page(path)).text
        for start in ('href="/', 'src="/', 'action="/', "@post('/", "@live('/"):
            addresses = page.split(start)[1:]
            assert all(address.startswith("shop/") for address in addresses), (path, start)
    assert "@post('/shop/counter/increment?amount=1'" in (await browser.page("/shop/mine")).text
    await browser.aclose()


async def test_events_and_stream_work_below_a_mount(serve: Any) -> None:
    browser = Browser(mounted(serve(Counter)))
    page = await browser.page("/shop/counter")

    async with browser.watch(page) as stream:
        assert (await stream.event()).type == "starmodel-open"
        first = [await stream.event(), await stream.event()]
        response = await browser.click("/shop/counter/increment", starmodel_page="1")
        assert response.headers["starmodel-status"] == "200"
        assert "count" in str(await stream.event())
    assert any(e.type == "datastar-patch-signals" for e in first)
    await browser.aclose()


async def test_create_and_plain_form_redirect_below_the_mount(serve: Any) -> None:
    browser = Browser(mounted(serve(Item, Counter)))

    made = await browser.call("POST", "/shop/items", {"name": "Pen"})
    form = await browser.submit("/shop/items", {"name": "Ink"})
    event = await browser.submit("/shop/counter/increment")

    assert made.headers["location"].startswith("/shop/items/")
    assert form.headers["location"].startswith("/shop/items/")
    assert event.headers["location"] == "/shop/counter"
    assert (await browser.page(made.headers["location"])).status_code == 200
    await browser.aclose()


async def test_mount_at_a_prefix_of_an_entitys_path(serve: Any) -> None:
    browser = Browser(mounted(serve(Counter), "/count"))

    assert (await browser.call("GET", "/count/counter")).json()["count"] == 0
    assert (await browser.call("GET", "/counter")).status_code == 404
    await browser.aclose()


class Stamp(BaseHTTPMiddleware):
    async def dispatch(self, request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-stamp"] = "yes"
        return response


async def test_user_middleware_wraps_generated_routes(visit: Any, serve: Any) -> None:
    plain = visit(serve(Counter, Item))
    wrapped = visit(
        serve(Counter, Item, middleware=[Middleware(Stamp), Middleware(GZipMiddleware)])
    )
    requests = [
        ("page", "/counter"),
        ("page", "/"),
        ("page", "/nothing"),
        ("page", "/items/none"),
        ("click", "/counter/increment"),
        ("click", "/counter/fail"),
        ("click", "/counter/home"),
        ("submit", "/counter/increment"),
        ("submit", "/items"),
    ]
    for kind, path in requests:
        one, two = await getattr(plain, kind)(path), await getattr(wrapped, kind)(path)

        assert one.status_code == two.status_code, path
        assert two.headers["x-stamp"] == "yes"
        assert ("set-cookie" in one.headers) == ("set-cookie" in two.headers), path
        for name in ("content-type", "location", "starmodel-status", "cache-control"):
            assert one.headers.get(name) == two.headers.get(name)
        if kind == "click":
            kinds = [[e.type for e in sse_events(r.text)] for r in (one, two)]
            assert kinds[0] == kinds[1]
    made = [await b.call("POST", "/items", {"name": "x"}) for b in (plain, wrapped)]
    assert made[0].status_code == made[1].status_code == 201
    big = await wrapped.page("/counter")
    assert big.headers["content-encoding"] == "gzip"
    assert len(wrapped.cookies) == 1


async def test_existing_application_keeps_its_session_pages_and_404(visit: Any) -> None:
    app = FastHTML(secret_key="s" * 40)

    @app.get("/")
    def home() -> str:
        return "my home"

    configure_app(app, [Counter], secret_key="k" * 40)

    @app.get("/mine")
    def mine(counter: Counter, session):  # type: ignore[no-untyped-def]
        session["seen"] = session.get("seen", 0) + 1
        return Titled("Mine", f"seen {session['seen']} ", counter, f"count {counter.count}")

    browser = visit(app)
    assert "my home" in (await browser.page("/")).text
    await browser.click("/counter/increment")
    await browser.page("/mine")
    page = await browser.page("/mine")

    assert "seen 2" in page.text
    assert "count 1" in page.text
    assert set(browser.cookies) == {"session_", session_cookie_name(app)}
    assert (await browser.page("/nothing")).text == "404 Not Found"
    assert (await browser.page("/counter")).status_code == 200
    async with browser.watch(page) as stream:
        await stream.event()
        assert (await stream.event()).signals == {"Counter": {"count": 1}}


async def test_custom_404_of_a_new_application_is_used(visit: Any, serve: Any) -> None:
    app = serve(Counter, exception_handlers={404: lambda request, error: "my own 404"})

    response = await visit(app).page("/nothing")

    assert (response.status_code, "my own 404" in response.text) == (404, True)


def test_second_configure_app_is_rejected(serve: Any) -> None:
    with pytest.raises(ConfigurationError, match="configure it once"):
        configure_app(serve(Counter), [Counter], secret_key="k" * 40)


async def test_start_and_stop_of_the_users_lifespan_run(serve: Any) -> None:
    seen = []

    async def lifespan(app: Any) -> Any:
        seen.append("start")
        yield
        seen.append("stop")

    app = serve(Counter, lifespan=lifespan)
    async with app.router.lifespan_context(app):
        assert seen == ["start"]
    assert seen == ["start", "stop"]


async def test_assets_are_served_hashed_and_cached(visit: Any) -> None:
    import re

    browser = visit(Counter)
    page = (await browser.page("/counter")).text
    urls = re.findall(r'(?:src|href)="(/_starmodel/assets/[^"]+)"', page)

    assert len(urls) >= 2
    for url in urls:
        response = await browser.get(url, headers=HTML)
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in response.headers
    for bad in ("x.js", "../manifest.json", "%2e%2e/secret.js", "manifest.json"):
        assert (await browser.get(f"/_starmodel/assets/{bad}")).status_code == 404


async def test_generated_pages_of_two_applications_are_isolated(serve: Any) -> None:
    """Each page renders the fields of its class, though both classes have one name."""

    def application(field: str) -> Any:
        made = type("Gauge", (Entity,), {"__annotations__": {field: int}, field: 0})
        return serve(unlisted(made))

    first, second = Browser(application("height")), Browser(application("depth"))
    for browser, label in ((first, "Height"), (second, "Depth")):
        async with browser.watch(await browser.page("/gauge")) as stream:
            assert (await stream.event()).type == "starmodel-open"
            shown = str([await stream.event(), await stream.event()])
            assert f">{label}<" in shown
        await browser.aclose()


async def test_title_of_a_record_may_be_a_property(serve: Any) -> None:
    class Person(Entity):
        model_config = {"access": "public"}
        first: str
        last: str

        @property
        def name(self) -> str:
            return f"{self.first} {self.last}"

    browser = Browser(serve(Person))
    made = await browser.call("POST", "/people", {"first": "Ada", "last": "Lovelace"})
    page = await browser.page(made.headers["location"])
    assert ">Ada Lovelace</h1>" in page.text
    await browser.aclose()


def test_unknown_transport_fails_startup() -> None:
    with pytest.raises(ConfigurationError, match=r"realtime is 'websocket'.*use 'sse'"):
        create_app([Counter], settings=Settings(realtime="websocket"))


async def test_transport_may_be_an_argument(serve: Any) -> None:
    frames: list[Any] = []

    def recorded(patches: Any) -> bytes:
        frames.append(patches)
        return SSE.frame(patches)

    transport = HttpTransport(b"text/event-stream; charset=utf-8", recorded, SSE.heartbeat)
    browser = Browser(serve(Counter, realtime=transport))
    async with browser, browser.watch(await browser.page("/counter")) as stream:
        assert (await stream.event()).type == "starmodel-open"
        reply = await browser.click("/counter/increment")

    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert [patch.event for patch in frames[0]] == ["starmodel-open"]


def test_bus_and_transport_may_be_named_by_argument():
    app = create_app([Counter], realtime="sse", bus="memory", secret_key="s" * 40)
    assert app.starmodel.settings.realtime == "sse"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"realtime": "pigeon"}, r"'realtime' cannot be 'pigeon'.*'sse' or 'websocket'"),
        ({"realtime": 4}, r"realtime is 4; expected 'sse'"),
        ({"bus": "kafka"}, r"'event_bus' cannot be 'kafka'.*'memory'"),
        ({"bus": 4}, r"bus is 4; expected 'memory' or an EventBus"),
        ({"entities": Counter}, r"entities holds .*Counter.*expected a list of Entity classes"),
        ({"entities": "counter"}, r"entities holds 'counter'; expected a list"),
        ({"entities": [int]}, r"entities holds <class 'int'>; expected a list"),
        ({"stores": "memory"}, r"stores is 'memory'; expected stores by name"),
        ({"ui": "monster"}, r"ui is 'monster'; expected a class of UI adapters"),
        ({"policy": "public"}, r"policy is 'public'; expected an AccessPolicy"),
        ({"uow_cls": "sql"}, r"uow_cls is 'sql'; expected a subclass of UnitOfWork"),
    ],
    ids=lambda value: "-".join(value) + str(value.values()) if isinstance(value, dict) else "",
)
def test_argument_of_wrong_type_error_names_the_expected_type(arguments, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        create_app(**{"entities": [Counter], "secret_key": "s" * 40, **arguments})


def test_application_of_another_framework_is_rejected_with_the_remedy():
    class Falcon: ...

    with pytest.raises(ConfigurationError, match=r"got a Falcon; .*FastHTML or Starlette.*Mount"):
        configure_app(Falcon(), [Counter])


async def test_request_to_another_application_keeps_the_context_of_its_caller(serve: Any) -> None:
    other, app = serve(Counter), serve(Counter)

    @app.get("/both")
    async def both(request: Request) -> str:
        before = await Counter.get(request)
        async with Browser(other) as inner:
            await inner.call("GET", "/counter")
        after = await Counter.get(request)
        return f"{before.count} {after.count}"

    async with Browser(app) as browser:
        await browser.call("POST", "/counter/increment")
        assert "1 1" in (await browser.page("/both")).text
