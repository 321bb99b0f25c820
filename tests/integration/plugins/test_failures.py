"""Code of plugins that raises what is no Exception: the page, the process and others go on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from starmodel import Entity, create_app
from starmodel.plugins import (
    HealthCheck,
    Middleware,
    Plugin,
    RequestHook,
    ResourceRoute,
    Route,
    SlotContent,
)
from starmodel.testing import Visitor


class Pen(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str = "Pen"


class PanicError(BaseException):
    """As extensions in other languages raise it."""


def stop() -> None:
    sys.exit(3)


def cancel() -> None:
    raise asyncio.CancelledError


def panic() -> None:
    raise PanicError("secret-detail")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[stop, cancel, panic])
def fail(request: pytest.FixtureRequest) -> Callable[[], None]:
    return request.param  # type: ignore[no-any-return]


def application(**members: Any) -> Any:
    plugin = type("Made", (Plugin,), {"name": "made", **members})()
    return create_app([Pen], plugins=[plugin], secret_key="k" * 40)


def response_to(app: Any, path: str) -> Any:
    """The response to a request, after which the application must still respond."""
    with Visitor(app, raise_errors=False) as visitor:
        response = visitor.request("GET", path, headers={"accept": "text/html"})
        assert visitor.get("/pens").http_status == 200
    return response


@pytest.mark.parametrize("path", ["/made", "/pens/_made"])
def test_endpoint_that_fails_is_an_error_response(fail: Any, path: str) -> None:
    async def endpoint(*arguments: Any) -> None:
        fail()

    app = application(
        routes=lambda self: [Route("/made", endpoint, access="public")],
        resource_routes=lambda self, resource: [ResourceRoute("/_made", endpoint)],
    )
    response = response_to(app, path)
    assert (response.http_status, "secret-detail" in response.text) == (500, False)


def test_hook_that_fails_is_an_error_response(fail: Any) -> None:
    async def hook(exchange: Any) -> None:
        fail()

    app = application(middleware=lambda self: [RequestHook(hook, query="fail")])
    assert response_to(app, "/?fail=1").http_status == 500


def test_middleware_that_fails_is_an_error_response(fail: Any) -> None:
    class Failing:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["query_string"]:
                fail()
            await self.app(scope, receive, send)

    app = application(middleware=lambda self: [Middleware(Failing)])
    assert response_to(app, "/?fail=1").http_status == 500


def test_health_check_that_fails_is_reported(fail: Any) -> None:
    async def check() -> None:
        fail()

    app = application(health_checks=lambda self: [HealthCheck("disk", check)])
    response = response_to(app, "/_starmodel/health")
    assert response.http_status == 503
    assert response.json() == {"status": "failed", "checks": {"made.disk": "failed"}}


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("slot", ["page.head", "page.top", "start.tiles"])
def test_content_that_fails_leaves_the_page_whole(fail: Any, slot: Any, is_async: bool) -> None:
    async def awaited(place: Any) -> None:
        fail()

    def content(place: Any) -> Any:
        return awaited(place) if is_async else fail()

    app = application(slots=lambda self: [SlotContent(slot, "made", content, access="public")])
    response = response_to(app, "/")
    assert (response.http_status, "</html>" in response.text) == (200, True)


def test_component_that_fails_leaves_the_page_whole(fail: Any) -> None:
    class Component:
        def __ft__(self) -> Any:
            fail()

    app = application(
        slots=lambda self: [
            SlotContent("start.tiles", "made", lambda place: Component(), access="public")
        ]
    )
    assert response_to(app, "/").http_status == 200


@pytest.mark.parametrize("kind", ["routes", "slots", "ui", "commands", "resource_routes"])
def test_method_that_fails_is_reported(fail: Any, kind: str) -> None:
    def method(*arguments: Any) -> None:
        fail()

    app = application(**{kind: method})
    assert response_to(app, "/").http_status == 200
    assert app.starmodel.plugins.report("made").state == "failed"


async def test_hooks_of_the_lifetime_that_fail_are_logged(fail: Any, caplog: Any) -> None:
    async def method(*arguments: Any) -> None:
        fail()

    app = application(on_startup=method, on_shutdown=method)
    await app.starmodel.ready()
    await app.starmodel.close()
    assert "on_startup()" in caplog.text
    assert "on_shutdown()" in caplog.text
