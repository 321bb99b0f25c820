"""Code of plugins that raises what is no Exception: the page, the process and others go on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from starmodel import ConfigurationError, Entity, create_app
from starmodel.app.health import OwnedCheck, run_checks
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


@pytest.mark.parametrize("value", [False, 0, 1.5, b"raw", {1}, ValueError("secret"), object(), Pen])
@pytest.mark.parametrize("path", ["/made", "/?hook=1"])
def test_value_of_another_type_is_an_error_response(value: Any, path: str) -> None:
    async def returned(exchange: Any) -> Any:
        return value

    app = application(
        routes=lambda self: [Route("/made", returned, access="public")],
        middleware=lambda self: [RequestHook(returned, query="hook")],
    )
    response = response_to(app, path)
    assert (response.http_status, "secret" in response.text) == (500, False)


def test_middleware_without_a_response_is_an_error_response() -> None:
    class Silent:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if not scope.get("query_string"):
                await self.app(scope, receive, send)

    app = application(middleware=lambda self: [Middleware(Silent)])
    assert response_to(app, "/?silent=1").http_status == 500


def _nothing(app: Any) -> None:
    pass


class _NotCallable:
    def __init__(self, app: Any) -> None:
        pass


@pytest.mark.parametrize("make", [_nothing, _NotCallable])
def test_middleware_that_is_not_callable_is_noted(make: Any) -> None:
    app = application(middleware=lambda self: [Middleware(make)])
    assert response_to(app, "/").http_status == 200
    assert "expected an ASGI application" in app.starmodel.plugins.report("made").notes[0]


def test_check_that_goes_on_after_its_cancellation_ends_in_time_and_runs_once() -> None:
    started = []

    async def check() -> None:
        started.append(1)
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if len(cancelled) >= 2:
                    raise
                cancelled.append(1)

    async def health() -> list[Any]:
        owned = [OwnedCheck("made", HealthCheck("disk", check, timeout_s=0.01), str)]
        first = await asyncio.wait_for(run_checks(owned), 5)
        return [*first, *await asyncio.wait_for(run_checks(owned), 5)]

    cancelled: list[int] = []
    results = asyncio.run(health())
    assert [(result.name, result.state) for result in results] == [("made.disk", "timeout")] * 2
    assert len(started) == 1


@pytest.mark.parametrize(("name", "key"), [("slot", "failed"), ("problem", "redirect")])
def test_text_of_starmodel_is_not_replaced_by_a_plugin(name: str, key: str) -> None:
    plugin = type("Made", (Plugin,), {"name": name, "texts": {key: "Mine"}})()
    app = create_app([], plugins=[plugin], secret_key="k" * 40)
    report = app.starmodel.plugins.report(name)
    assert report.state == "failed"
    assert f"its text '{name}.{key}' is one of StarModel" in report.reason
    assert app.starmodel.texts.text(f"{name}.{key}") != "Mine"


@pytest.mark.parametrize("path", ["/..", "/.", "/a/../b", "/a/.", "/_starmodel/made/../health"])
def test_path_that_browsers_resolve_is_refused(path: str) -> None:
    async def endpoint(exchange: Any) -> None:
        pass

    with pytest.raises(ConfigurationError, match="expected an absolute path"):
        Route(path, endpoint)
    assert Route("/a/..b/.well-known", endpoint).path == "/a/..b/.well-known"


@pytest.mark.parametrize("at", ["/{id}/..", "/{id}/."])
def test_path_of_a_resource_that_browsers_resolve_is_refused(at: str) -> None:
    async def endpoint(*arguments: Any) -> None:
        pass

    with pytest.raises(ConfigurationError, match="expected a path"):
        ResourceRoute(at, endpoint)
