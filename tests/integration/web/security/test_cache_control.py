"""Private responses stay out of shared caches, and log lines cannot be forged."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote

import pytest
from fasthtml.common import Div
from starlette.responses import JSONResponse, PlainTextResponse, Response

from integration.web.browser import DATASTAR, HTML, JSON, ORIGIN, unlisted
from starmodel import Entity, EntityConfig, event
from starmodel.core.values.log_text import log_text


@unlisted
class Mug(Entity):
    model_config = EntityConfig(scope="record", access="public")
    name: str = ""

    @event
    def smash(self) -> None:
        raise RuntimeError("no")


@unlisted
class Purse(Entity):
    coins: int = 0

    @event
    def put(self) -> None:
        self.coins += 1


@pytest.mark.parametrize("accept", [JSON, HTML, DATASTAR])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/purse"), ("GET", "/mugs"), ("GET", "/mugs/nothing"), ("GET", "/nothing"),
        ("POST", "/purse/put"), ("POST", "/purse/nothing"), ("POST", "/mugs"),
        ("GET", "/purse/put"), ("POST", "/mugs/_bulk"), ("GET", "/own"), ("GET", "/data"),
        ("GET", "/entity"), ("GET", "/away"), ("GET", "/_starmodel/health"),
        ("GET", "/mugs?page=0"),
    ],
)  # fmt: skip
async def test_private_response_has_no_store(
    visit: Any, serve: Any, accept: Any, method: str, path: str
) -> None:
    app = serve(Mug, Purse)

    @app.get("/own")
    def own(purse: Purse):  # type: ignore[no-untyped-def]
        return Div(purse)

    @app.get("/data")
    def data():  # type: ignore[no-untyped-def]
        return JSONResponse({})

    @app.get("/entity")
    def entity(purse: Purse):  # type: ignore[no-untyped-def]
        return purse

    @app.get("/away")
    def away():  # type: ignore[no-untyped-def]
        return Response(status_code=303, headers={"location": "/own"})

    browser = visit(app)
    for _ in range(2):  # with a new session's cookie, and without
        response = await browser.request(method, path, headers=accept | {"origin": ORIGIN})
        assert response.status_code < 500
        stored = "set-cookie" in response.headers or response.headers.get("content-type", "") != ""
        assert response.headers.get("cache-control") == "no-store" or not stored


async def test_responses_with_cache_control_are_unchanged(visit: Any, serve: Any) -> None:
    app = serve(Purse)

    @app.get("/stale")
    def stale():  # type: ignore[no-untyped-def]
        return JSONResponse({}, headers={"cache-control": "private, max-age=5"})

    @app.get("/file")
    def file():  # type: ignore[no-untyped-def]
        return PlainTextResponse("x")

    browser = visit(app)
    first = await browser.get("/file")

    assert (await browser.get("/stale")).headers["cache-control"] == "private, max-age=5"
    assert first.headers["cache-control"] == "no-store"  # it sets the session's cookie
    assert "cache-control" not in (await browser.get("/file")).headers


@pytest.mark.parametrize(
    "odd", ["%0A", "%0D%0A", "%1b[31m", "%E2%80%AE", "%00", "%C2%85", "%E2%80%A8"]
)
async def test_url_adds_no_log_line(visit: Any, caplog: Any, odd: str) -> None:
    @unlisted
    class Jar(Entity):
        model_config = EntityConfig(access="public")
        id: str
        name: str = ""

        @event
        def smash(self, why: str = "") -> None:
            raise RuntimeError("no")

    browser = visit(Jar)
    id = f"a{odd}ERROR forged"
    await browser.call("POST", "/jars", {"id": unquote(id)})
    for method, path in (
        ("POST", f"/jars/{id}/smash"), ("POST", f"/jars/{id}/smash?why={odd}"),
        ("GET", f"/jars/{id}"), ("GET", f"/{id}"), ("GET", f"/jars?search={odd}"),
    ):  # fmt: skip
        await browser.call(method, path)
    await browser.call("POST", "/jars/_bulk", {"event": "smash", "id": [unquote(id)]})

    logged = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert all(line.isprintable() for line in logged)


@pytest.mark.parametrize("path", ["/a%00b", "/mugs/a%00b", "/mugs/a%00b/smash", "/%00"])
async def test_nul_in_a_url_is_400(visit: Any, path: str) -> None:
    assert (await visit(Mug).call("POST", path)).status_code == 400


def test_log_text_is_one_short_printable_line() -> None:
    assert log_text("a\r\nb\x1b\u202e\u2028\x85") == r"a\r\nb\x1b\u202e\u2028\x85"
    assert log_text("x" * 2000) == "x" * 1000 + "…"
    assert log_text("é 日本") == "é 日本"
