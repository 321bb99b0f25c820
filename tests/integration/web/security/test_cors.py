"""CORS: `trusted_origins` with credentials, `cors_origins` without."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import JSON, unlisted
from starmodel import Actor, Entity, event
from starmodel.core.errors import ConfigurationError

SHOP = "https://shop.example"
OPEN = "https://open.example"
CROSS = {"sec-fetch-site": "cross-site"}


@unlisted
class Till(Entity):
    model_config = {"scope": "app", "access": "public"}
    sum: int = 0

    @event
    def add(self, amount: int = 1) -> None:
        self.sum += amount

    @event
    def enter(self, session: Any) -> None:
        session.sign_in(Actor("mallory"))


def preflight(origin: str, method: str = "POST", headers: str = "content-type") -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": headers,
    }


def vary(answer: Any) -> str:
    return ", ".join(answer.headers.get_list("vary")).lower()


@pytest.mark.parametrize("path", ["/till/add", "/till", "/mine", "/"])
async def test_preflight_of_allowed_origins(visit: Any, serve: Any, path: str) -> None:
    app = serve(Till, trusted_origins=[SHOP], cors_origins=[OPEN])

    @app.post("/mine")
    def mine() -> str:
        return "ok"

    browser = visit(app)
    trusted = await browser.options(path, headers=preflight(SHOP, headers="x-own, if-match"))
    other = await browser.options(path, headers=preflight(OPEN, "PATCH", "x-own"))

    assert (trusted.status_code, other.status_code) == (204, 204)
    assert trusted.headers["access-control-allow-origin"] == SHOP
    assert trusted.headers["access-control-allow-credentials"] == "true"
    assert trusted.headers["access-control-allow-headers"] == "x-own, if-match"
    assert "PATCH" in trusted.headers["access-control-allow-methods"]
    assert "origin" in vary(trusted)
    assert other.headers["access-control-allow-origin"] == OPEN
    assert "access-control-allow-credentials" not in other.headers
    assert "x-own" not in other.headers["access-control-allow-headers"]
    assert "authorization" in other.headers["access-control-allow-headers"]
    assert "set-cookie" not in trusted.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://shop.example.evil", "http://shop.example"]
)
async def test_other_origins_get_no_cors_headers(visit: Any, origin: str) -> None:
    browser = visit(Till, trusted_origins=[SHOP], cors_origins=[OPEN])

    preflight_response = await browser.options("/till/add", headers=preflight(origin))
    read = await browser.get("/till", headers=JSON | {"origin": origin})
    changed = await browser.post("/till/add", json={}, headers=JSON | {"origin": origin} | CROSS)

    for response in (preflight_response, read, changed):
        assert not [name for name in response.headers if name.startswith("access-control")]
        assert "origin" in vary(response)
    assert (preflight_response.status_code, changed.status_code) == (405, 403)


async def test_trusted_origin_may_send_the_cookie(visit: Any) -> None:
    browser = visit(Till, trusted_origins=[SHOP])
    await browser.page("/till")

    response = await browser.post("/till/add", json={}, headers=JSON | {"origin": SHOP} | CROSS)
    wrong = await browser.post("/till/no", json={}, headers=JSON | {"origin": SHOP} | CROSS)

    assert response.json()["entity"]["sum"] == 1
    for each in (response, wrong):
        assert each.headers["access-control-allow-origin"] == SHOP
        assert each.headers["access-control-allow-credentials"] == "true"
        exposed = each.headers["access-control-expose-headers"].lower()
        assert all(n in exposed for n in ("etag", "location", "link", "starmodel-status"))


@pytest.mark.parametrize("origins", [[OPEN], ["*"]])
async def test_open_origin_may_send_requests_without_cookies(
    visit: Any, origins: list[str]
) -> None:
    browser = visit(Till, cors_origins=origins)
    headers = JSON | {"origin": OPEN} | CROSS

    response = await browser.post("/till/add", json={}, headers=headers)
    assert response.json()["entity"]["sum"] == 1
    assert response.headers["access-control-allow-origin"] == ("*" if "*" in origins else OPEN)
    assert "access-control-allow-credentials" not in response.headers

    await browser.get("/sign-in/ann")  # from here on the browser has a cookie
    refused = await browser.post("/till/add", json={}, headers=headers)
    token = {"authorization": "Bearer x"}
    bearer = await browser.post("/till/add", json={}, headers=headers | token)
    assert refused.status_code == 403
    assert "credentials" in refused.json()["detail"]
    assert bearer.status_code == 200


async def test_open_origin_cannot_set_a_session(visit: Any) -> None:
    browser = visit(Till, cors_origins=["*"])

    response = await browser.post(
        "/till/enter", data={}, headers={"origin": OPEN, "accept": "text/html"} | CROSS
    )

    assert "set-cookie" not in response.headers


async def test_no_cors_headers_without_settings(visit: Any) -> None:
    browser = visit(Till)

    read = await browser.get("/till", headers=JSON | {"origin": SHOP})
    preflight_response = await browser.options("/till/add", headers=preflight(SHOP))

    assert not [n for n in read.headers if n.startswith("access-control")]
    assert preflight_response.status_code == 405


async def test_cors_header_of_the_application_is_unchanged(visit: Any, serve: Any) -> None:
    from starlette.responses import PlainTextResponse

    app = serve(Till, trusted_origins=[SHOP])

    @app.get("/open")
    def open_to_all() -> Any:
        return PlainTextResponse("hi", headers={"access-control-allow-origin": "*"})

    response = await visit(app).get("/open", headers={"origin": SHOP})

    assert response.headers.get_list("access-control-allow-origin") == ["*"]


async def test_preflight_for_an_unknown_host_is_rejected(visit: Any) -> None:
    browser = visit(Till, trusted_origins=[SHOP], allowed_hosts=["testserver"])

    response = await browser.options("/till", headers=preflight(SHOP) | {"host": "evil.example"})

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trusted_origins", "*"),
        ("trusted_origins", "null"),
        ("cors_origins", "null"),
        ("cors_origins", "*.example.com"),
        ("cors_origins", "https://a.example/path"),
        ("cors_origins", "https://a.example:99999"),
        ("trusted_origins", "https://käse.example"),
    ],
)
def test_origins_match_exactly(serve: Any, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        serve(Till, **{name: [value]})


async def test_origins_are_written_as_browsers_send_them(visit: Any) -> None:
    browser = visit(Till, trusted_origins=["HTTPS://Shop.Example:443/"])

    response = await browser.get("/till", headers=JSON | {"origin": SHOP})

    assert response.headers["access-control-allow-origin"] == SHOP
