"""`before` functions and middleware see requests for the stream and the browser state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fasthtml.core import Beforeware
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse

from integration.web.browser import DATASTAR, Browser, unlisted
from starmodel import Entity, configure_app, event

STREAM, STATES = "/_starmodel/stream", "/_starmodel/browser_state"


@unlisted
class Till(Entity):
    model_config = {"scope": "app", "access": "public"}
    sum: int = 0

    @event
    def add(self, amount: int = 1) -> None:
        self.sum += amount


@unlisted
class Prefs(Entity):
    model_config = {"store": "local_storage"}
    size: int = 1

    @event
    def grow(self) -> None:
        self.size += 1


def redirecting(req):
    return None if "pass" in req.cookies else RedirectResponse("/login", status_code=303)


def refusing(req):
    return None if "pass" in req.cookies else PlainTextResponse("closed", status_code=401)


class PlainMiddleware:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        cookies = dict(scope.get("headers", ())).get(b"cookie", b"")
        if scope["type"] == "http" and b"pass=" not in cookies:
            await PlainTextResponse("closed", status_code=401)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class BaseMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request: Any, call_next: Any) -> Any:
        if "pass" not in request.cookies:
            return PlainTextResponse("closed", status_code=401)
        return await call_next(request)


GUARDS: list[Any] = [
    {"before": redirecting},
    {"before": refusing},
    {"before": Beforeware(refusing, skip=[r"/public"])},
    {"middleware": [Middleware(PlainMiddleware)]},
    {"middleware": [Middleware(BaseMiddleware)]},
    {"middleware": [Middleware(GZipMiddleware), Middleware(BaseMiddleware)], "before": refusing},
]


async def carried(browser: Browser) -> httpx.Response:
    return await browser.post(STATES, json={"_browser": {}}, headers=DATASTAR)


@pytest.mark.parametrize("options", GUARDS)
async def test_before_function_guards_stream_and_states(
    serve: Callable[..., Any], visit: Callable[..., Browser], options: Any
) -> None:
    browser = visit(serve(Till, Prefs, sign_in=False, **options))
    browser.cookies.set("pass", "1")
    page = await browser.page("/till")
    async with browser.watch(page) as stream:
        assert stream.status == 200
        assert (await stream.event()).type == "starmodel-open"
        await stream.event()
        await browser.click("/till/add")
        while "<dd>1</dd>" not in (await stream.event()).data.get("elements", ""):
            pass
    assert (await carried(browser)).status_code == 200

    browser.cookies.delete("pass")
    async with browser.watch(page) as stream:
        assert stream.status in (303, 401)
        assert "text/event-stream" not in stream.headers.get("content-type", "")
    refused = await carried(browser)
    assert refused.status_code in (303, 401) or "login" in refused.text
    assert not len(browser.app.starmodel.hub)


async def test_skip_list_of_a_before_function_exempts_the_stream(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    guard = Beforeware(refusing, skip=[r"/till", r"/_starmodel/.*"])
    browser = visit(serve(Till, Prefs, sign_in=False, before=guard))
    async with browser.watch(await browser.page("/till")) as stream:
        assert stream.status == 200
    assert (await carried(browser)).status_code == 200
    assert (await browser.page("/prefs")).status_code == 401


async def test_middleware_of_a_configured_application_sees_the_stream(
    visit: Callable[..., Browser],
) -> None:
    from fasthtml.core import FastHTML

    app = FastHTML(middleware=[Middleware(PlainMiddleware)], secret_key="k" * 40)
    configure_app(app, [Till], secret_key="k" * 40)
    browser = visit(app)
    browser.cookies.set("pass", "1")
    page = await browser.page("/till")
    browser.cookies.delete("pass")
    async with browser.watch(page) as stream:
        assert stream.status == 401


async def test_assets_and_health_bypass_before_functions(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    browser = visit(serve(Till, sign_in=False, middleware=[Middleware(PlainMiddleware)]))
    assert (await browser.get("/_starmodel/health")).status_code == 200
    asset = browser.app.gateway.frontend._assets["starmodel.js"]
    assert (await browser.get(asset)).status_code == 200
    for method, path in (("GET", STATES), ("POST", STREAM), ("GET", "/_starmodel/other")):
        headers = {"origin": "http://testserver"}
        assert (await browser.request(method, path, headers=headers)).status_code == 404


async def test_before_function_that_signs_in_decides_stream_content(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    @unlisted
    class Vault(Entity):
        model_config = {"scope": "app"}
        sum: int = 7

    def known(req, session):
        if "pass" in req.cookies and session.actor is None:
            session.sign_in("ann")

    browser = visit(serve(Vault, sign_in=False, before=known))
    browser.cookies.set("pass", "1")
    async with browser.watch(await browser.page("/vault")) as stream:
        await stream.event()
        assert '"sum":7' in (await stream.event()).data["signals"]


async def test_stream_through_middleware_ends_on_disconnect(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    browser = visit(serve(Till, sign_in=False, middleware=[Middleware(BaseMiddleware)]))
    browser.cookies.set("pass", "1")
    async with browser.watch(await browser.page("/till")) as stream:
        await stream.event()
        assert len(browser.app.starmodel.hub) == 1
    assert len(browser.app.starmodel.hub) == 0
