"""User routes take precedence; generated routes are late fallbacks that can be disabled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from integration.web.browser import JSON, ORIGIN, unlisted
from integration.web.entities import Product
from starmodel import ConfigurationError, Entity, EntityConfig, event


@unlisted
class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount


async def text(browser: Any, path: str, method: str = "GET") -> str:
    return str((await browser.call(method, path)).text)


async def test_user_route_wins_on_the_same_path(visit: Any, serve: Any) -> None:
    app = serve(Counter)

    @app.get("/")
    def home() -> str:
        return "my home"

    @app.get("/counter")
    def mine() -> str:
        return "my counter"

    @app.post("/counter/increment")
    def my_increment() -> str:
        return "my increment"

    browser = visit(app)
    assert "my home" in await text(browser, "/")
    assert "my counter" in await text(browser, "/counter")
    assert "my increment" in await text(browser, "/counter/increment", "POST")


async def test_user_route_with_path_parameter_wins(visit: Any, serve: Any) -> None:
    app = serve(Counter, Product)

    @app.get("/{anything}")
    def anything_else(anything: str) -> str:
        return f"mine {anything}"

    browser = visit(app)
    assert "mine counter" in await text(browser, "/counter")
    assert "mine products" in await text(browser, "/products")
    assert '"title":"Not Found"' in await text(browser, "/products/none")


async def test_user_record_route_wins(visit: Any, serve: Any) -> None:
    app = serve(Product)

    @app.get("/products/{pid}")
    def mine(pid: str) -> str:
        return f"mine {pid}"

    browser = visit(app)
    assert "mine 7" in await text(browser, "/products/7")
    assert '"items":[]' in await text(browser, "/products")


async def test_catch_all_and_mount_win_below_their_path(visit: Any, serve: Any) -> None:
    app = serve(Product)
    inner = Route("/{rest:path}", lambda request: PlainTextResponse("mounted"))
    app.router.routes.append(Mount("/products", routes=[inner]))

    browser = visit(app)
    assert await text(browser, "/products/7/edit") == "mounted"

    @app.get("/{rest:path}")
    def rest(rest: str) -> str:
        return f"rest {rest}"

    assert "rest" in await text(browser, "/")


async def test_other_method_of_a_user_path_stays_generated(visit: Any, serve: Any) -> None:
    app = serve(Product)

    @app.post("/products")
    def mine() -> str:
        return "mine"

    browser = visit(app)
    assert '"items":[]' in await text(browser, "/products")
    assert "mine" in await text(browser, "/products", "POST")


async def test_route_added_or_replaced_after_the_first_request(visit: Any, serve: Any) -> None:
    app = serve(Counter)
    browser = visit(app)
    assert '"count":0' in await text(browser, "/counter")

    @app.get("/other")
    def late() -> str:
        return "late"

    assert '"count":0' in await text(browser, "/counter")
    app.router.routes[-1] = Route("/counter", lambda request: PlainTextResponse("swapped"))

    assert await text(browser, "/counter") == "swapped"


async def test_path_none_has_no_routes_and_no_link(visit: Any) -> None:
    class Hidden(Entity):
        model_config = EntityConfig(path=None)
        n: int = 0

        @event
        def bump(self) -> None:
            self.n += 1

    browser = visit(Hidden)
    assert (await browser.call("GET", "/hidden")).status_code == 404
    assert (await browser.call("POST", "/hidden/bump")).status_code == 404
    assert "/hidden" not in (await browser.page("/")).text


async def test_crud_false_keeps_events_only(visit: Any) -> None:
    class Quiet(Entity):
        model_config = EntityConfig(crud=False, scope="record", access="public")
        n: int = 0

        @event
        def bump(self) -> None:
            self.n += 1

    browser = visit(Quiet)
    assert (await browser.call("GET", "/quiets")).status_code == 404
    assert (await browser.call("POST", "/quiets")).status_code == 404
    assert (await browser.call("POST", "/quiets/1/bump")).json()["detail"].startswith("Quiet '1'")


async def test_path_and_plural_name_the_routes(visit: Any) -> None:
    class Person(Entity):
        model_config = EntityConfig(plural="folk", access="public")
        name: str

    class Prefs(Entity):
        model_config = EntityConfig(path="/my/settings")
        dark: bool = False

    browser = visit(Person, Prefs)
    assert (await browser.call("GET", "/folk")).status_code == 200
    assert (await browser.call("GET", "/my/settings")).json()["dark"] is False


@pytest.mark.parametrize(
    ("name", "scope", "path"),
    [
        ("BlogPost", "record", "/blogposts"),
        ("Category", "record", "/categories"),
        ("UserSession", "session", "/usersession"),
    ],
)
async def test_names_in_urls(visit: Any, name: str, scope: str, path: str) -> None:
    cls = type(Entity)(
        name,
        (Entity,),
        {
            "__module__": __name__,
            "__qualname__": f"<locals>.{name}",
            "model_config": {"scope": scope, "access": "public"},
        },
    )

    assert (await visit(cls).call("GET", path)).status_code == 200


def test_two_events_of_one_path_are_rejected(serve: Any) -> None:
    class Twice(Entity):
        @event(path="go")
        def one(self) -> None: ...

        @event(path="go")
        def two(self) -> None: ...

    with pytest.raises(ConfigurationError, match="asked for twice, by 'one' and 'two'"):
        serve(Twice)


async def test_static_folder_of_the_application_is_served(visit: Any, tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "site.css").write_text("body{}")
    browser = visit(Counter)

    assert await text(browser, "/static/site.css") == "body{}"
    assert (await browser.call("GET", "/static/../.starmodel/secret_key")).status_code == 404
    assert (await browser.call("GET", "/static/%2e%2e/secret_key")).status_code == 404


@dataclass
class Order:
    """The form data that a route parses."""

    count: int
    name: str = ""


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/orders", {"name": "a"}),
        ("/orders", {"count": [[]]}),
        ("/orders", {"count": "9" * 5000}),
        ("/numbers", {"count": [[1]]}),
        ("/numbers", {"count": [None]}),
        ("/numbers", {"count": []}),
    ],
)
async def test_values_that_fasthtml_cannot_convert_are_400(
    serve: Any, visit: Any, caplog: pytest.LogCaptureFixture, path: str, data: Any
) -> None:
    app = serve(Counter)

    @app.post("/orders")
    def order(made: Order) -> str:
        return f"{made.count}"

    @app.post("/numbers")
    def number(count: int) -> str:
        return f"{count}"

    browser = visit(app)
    browser._transport.raise_app_exceptions = True  # nothing is left for the server to log
    response = await browser.post(path, json=data, headers=JSON | {"origin": ORIGIN})

    assert response.status_code == 400
    assert "can't be read" in response.json()["detail"]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_errors_in_a_user_route_stay_500(serve: Any, visit: Any) -> None:
    app = serve(Counter)

    @app.post("/wrong")
    def wrong(count: int) -> str:
        return str(count.nothing)  # type: ignore[attr-defined]

    response = await visit(app).call("POST", "/wrong", {"count": 1})

    assert response.status_code == 500
