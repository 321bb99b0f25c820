"""Only same-origin requests may change state with a visitor's cookie."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from integration.web.browser import HTML, JSON, ORIGIN, unlisted
from starmodel import Entity, event


@unlisted
class Till(Entity):
    sum: int = 0

    @event
    def add(self, amount: int = 1) -> None:
        self.sum += amount


async def post(browser: Any, **headers: str) -> int:
    """The status of a POST request with the visitor's cookie."""
    await browser.page("/till")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    status = (await browser.post("/till/add", headers=JSON | named)).status_code
    changed = (await browser.call("GET", "/till")).json()["sum"]
    assert changed == (1 if status == 200 else 0)
    return int(status)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "same-origin", "origin": ORIGIN}, 200),
        ({"origin": ORIGIN}, 200),
        ({"origin": "HTTP://TESTSERVER"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "none"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": ORIGIN}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"origin": "http://testserver:81"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({}, 403),
    ],
)
async def test_post_with_cookie(visit: Any, headers: dict[str, str], status: int) -> None:
    assert await post(visit(Till), **headers) == status


async def test_origin_null_without_a_host_is_rejected(visit: Any) -> None:
    response = await visit(Till).post("/till/add", headers={"origin": "null", "host": ""})

    assert response.status_code == 403


async def test_trusted_origin_and_public_url_are_accepted(visit: Any) -> None:
    options = {"trusted_origins": ["https://shop.example"], "public_url": "https://me.example"}

    for origin in ("https://shop.example", "https://me.example"):
        browser = visit(Till, cookie_secure=False, **options)
        assert await post(browser, origin=origin, sec_fetch_site="cross-site") == 200
    assert (
        await post(visit(Till, cookie_secure=False, **options), origin="https://x.example") == 403
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_checked_too(visit: Any, method: str) -> None:
    response = await visit(Till).request(
        method, "/till/add", headers=JSON | {"origin": "https://evil.example"}
    )

    assert response.status_code == 403


async def test_user_routes_are_protected(visit: Any, serve: Any) -> None:
    app = serve(Till)
    ran = []

    @app.post("/mine")
    def mine() -> str:
        ran.append(1)
        return "ok"

    response = await visit(app).post("/mine", headers={"origin": "https://evil.example"})

    assert response.status_code == 403
    assert not ran


async def test_refusal_names_the_remedy_and_reaches_a_datastar_page(visit: Any) -> None:
    browser = visit(Till)

    proxy = await browser.click("/till/add", origin="https://shop.example")
    page = await browser.post("/till/add", headers=HTML | {"origin": "https://shop.example"})

    assert proxy.headers["starmodel-status"] == "403"
    assert "set public_url" in proxy.text
    assert "trusted_origins" in proxy.text
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("shop.example", 200),
        ("SHOP.example:8000", 200),
        ("a.wild.example", 200),
        ("[::1]", 200),
        ("[::1]:8000", 200),
        ("wild.example", 400),
        ("evil.example", 400),
        ("shop.example.evil", 400),
        ("", 400),
    ],
)
async def test_allowed_hosts(visit: Any, host: str, status: int) -> None:
    browser = visit(Till, allowed_hosts=["shop.example", "*.wild.example", "[::1]"])

    response = await browser.get("/till", headers=JSON | {"host": host})

    assert response.status_code == status
    if status == 400:
        assert "allowed_hosts" in response.json()["detail"]
        assert "set-cookie" not in response.headers


async def test_bearer_request_ignores_the_cookie_and_sets_none(visit: Any) -> None:
    browser = visit(Till)
    await browser.page("/till")
    response = await browser.post("/till/add", headers=JSON | {"authorization": "Bearer t0ken"})

    assert response.status_code == 200
    assert "set-cookie" not in response.headers
    assert (await browser.call("GET", "/till")).json()["sum"] == 0


async def test_datastar_get_over_plain_http_needs_no_origin(visit: Any) -> None:
    """There browsers send neither Sec-Fetch-Site nor, with GET, an Origin."""
    browser = visit(Till, default_event_method="get")
    await browser.page("/till")
    headers = {"datastar-request": "true"}
    first = await browser.get("/till/add", headers=headers)
    second = await browser.get("/till/add", headers=headers | {"sec-fetch-site": "cross-site"})
    statuses = [result.headers["starmodel-status"] for result in (first, second)]
    assert statuses == ["200", "403"]


@pytest.mark.parametrize(("origin", "accepted"), [(ORIGIN, True), ("https://evil.example", False)])
def test_websocket_handshake_requires_same_origin(serve: Any, origin: str, accepted: bool) -> None:
    app = serve(Till)
    seen = []

    async def connected(ws):
        seen.append(ws.scope["starmodel.session"].key)

    app.ws("/ws", conn=connected)(lambda: None)
    client = TestClient(app)
    client.get("/till")
    refused = contextlib.nullcontext() if accepted else pytest.raises(WebSocketDisconnect)
    with refused, client.websocket_connect("/ws", headers={"origin": origin}):
        pass
    assert bool(seen) is accepted


def by_get(**headers: str) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


DELIBERATE = {"accept": "application/json"}
NAMED = {"datastar-request": "true"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (NAMED, 200),
        (NAMED | by_get(sec_fetch_site="same-origin"), 200),
        (NAMED | by_get(origin=ORIGIN), 200),
        (NAMED | by_get(origin="https://evil.example"), 403),
        (NAMED | by_get(origin="null"), 403),
        (NAMED | by_get(sec_fetch_site="cross-site"), 403),
        (NAMED | by_get(sec_fetch_site="same-site"), 403),
        (NAMED | by_get(sec_fetch_site="none"), 403),
        (DELIBERATE | by_get(sec_fetch_site="same-origin", sec_fetch_mode="cors"), 200),
        (DELIBERATE | by_get(origin=ORIGIN), 200),
        (DELIBERATE, 403),  # with a cookie and without an Origin
        (DELIBERATE | by_get(origin="https://evil.example"), 403),
        (DELIBERATE | by_get(sec_fetch_site="cross-site"), 403),
        ({"accept": "*/*", "origin": ORIGIN}, 405),
        (HTML | {"origin": ORIGIN}, 405),
        ({"origin": ORIGIN}, 405),
        (NAMED | by_get(sec_purpose="prefetch"), 405),
        (NAMED | by_get(sec_purpose="prefetch;prerender", sec_fetch_site="same-origin"), 405),
        (DELIBERATE | by_get(origin=ORIGIN, purpose="prefetch"), 405),
        (DELIBERATE | by_get(origin=ORIGIN, x_moz="prefetch"), 405),
        (NAMED | by_get(sec_fetch_mode="navigate", sec_fetch_site="same-origin"), 405),
        (NAMED | by_get(sec_fetch_dest="image", sec_fetch_site="same-origin"), 405),
        (DELIBERATE | by_get(sec_fetch_dest="iframe", origin=ORIGIN), 405),
    ],
)
@pytest.mark.parametrize("check", [False, True])
async def test_event_by_get(visit: Any, headers: dict[str, str], status: int, check: bool) -> None:
    browser = visit(Till, default_event_method="get")
    await browser.page("/till")
    more = {"starmodel-check": "1"} if check else {}

    response = await browser.get("/till/add", headers={"accept": "*/*"} | headers | more)

    assert int(response.headers.get("starmodel-status", response.status_code)) == status
    if status == 405:
        assert "POST" in response.headers["allow"]
    ran = status == 200 and not check
    assert (await browser.call("GET", "/till")).json()["sum"] == int(ran)


@pytest.mark.parametrize("headers", [NAMED, DELIBERATE, HTML, NAMED | {"origin": ORIGIN}])
async def test_head_never_runs_an_event(visit: Any, headers: dict[str, str]) -> None:
    browser = visit(Till, default_event_method="get")

    response = await browser.request("HEAD", "/till/add", headers=headers)

    assert int(response.headers.get("starmodel-status", response.status_code)) == 405
    assert (await browser.call("GET", "/till")).json()["sum"] == 0


async def test_event_by_get_without_cookie_runs_for_api_clients(visit: Any) -> None:
    response = await visit(Till, default_event_method="get").get("/till/add", headers=DELIBERATE)

    assert response.status_code == 200
