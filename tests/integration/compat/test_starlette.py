"""The undocumented behaviour of Starlette that the web adapter relies on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fasthtml.core import FastHTML
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from starmodel.adapters.web._compat.starlette import (
    request_with_body,
    wrap_lifespan,
    wrap_router,
)

SCOPE = {
    "type": "http", "method": "POST", "path": "/", "query_string": b"", "root_path": "",
    "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
}  # fmt: skip


@pytest.mark.parametrize("body", [b"name=Ann", b""])
async def test_body_read_before_is_not_received_again(body: bytes) -> None:
    request = request_with_body(SCOPE, body)
    assert await request.body() == body, "Starlette's Request no longer caches its body as _body"


async def test_form_is_parsed_from_a_body_read_before() -> None:
    form = await request_with_body(SCOPE, b"name=Ann").form()
    assert form["name"] == "Ann", "Starlette's Request no longer streams its cached _body"


async def test_unread_body_is_not_empty() -> None:
    request: Any = request_with_body(SCOPE, None)
    with pytest.raises(RuntimeError):
        await request.body()


class Outside:
    """Middleware that records the order of calls."""

    steps: list[str] = []

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.steps.append("middleware")
        await self.app(scope, receive, send)


def applications() -> list[Any]:
    return [Starlette(), FastHTML(secret_key="k")]


@pytest.mark.parametrize("app", applications(), ids=["Starlette", "FastHTML"])
def test_wrapped_router_is_called_behind_the_middleware(app: Any) -> None:
    Outside.steps = []

    def wrap(routes: Any) -> Any:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            Outside.steps.append("router")
            await PlainTextResponse("wrapped")(scope, receive, send)

        return wrapped

    app.add_middleware(Outside)
    wrap_router(app.router, wrap)

    assert TestClient(app).get("/none").text == "wrapped"
    behind = "Starlette's Router no longer calls its middleware_stack for each request"
    assert Outside.steps == ["middleware", "router"], behind


@pytest.mark.parametrize("app", applications(), ids=["Starlette", "FastHTML"])
def test_wrapped_lifespan_runs_at_startup(app: Any) -> None:
    steps: list[Any] = []

    def around(user: Any) -> Any:
        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[Any]:
            steps.append("starts")
            async with user(app) as state:
                steps.append(state)
                yield state
            steps.append("ends")

        return lifespan

    wrap_lifespan(app.router, around)
    with TestClient(app):
        pass
    read = "Starlette's Router no longer reads its lifespan_context when the lifespan starts"
    assert steps == ["starts", None, "ends"], read
