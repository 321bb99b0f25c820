"""The contract of the lifespan: order, state and failures."""
# ruff: noqa: S101 - tests assert

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from starmodel.core.errors import ConfigurationError
from starmodel.testing.contracts.web.base import SECRET, WebContractBase, entities
from starmodel.testing.stores import memory_stores
from starmodel.testing.visitor import Visitor


async def _state(request: Request) -> JSONResponse:
    return JSONResponse({"answer": request.state.answer})


class LifespanContract(WebContractBase):
    """The user's lifespan inside that of the application."""

    def test_stores_are_open_during_the_users_lifespan(self) -> None:
        steps: list[Any] = []

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            steps.append(app.starmodel.is_ready)
            yield
            steps.append(app.starmodel.is_ready)

        with self.serving(lifespan=lifespan) as site:
            assert steps == [True]
            assert site.visitor.get("/counter").status == 200
        assert steps == [True, True]

    def test_state_of_the_lifespan_reaches_requests(self) -> None:
        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[dict[str, int]]:
            yield {"answer": 42}

        with memory_stores():
            app = self.make_app(
                entities(), secret_key=SECRET, lifespan=lifespan, routes=[Route("/state", _state)]
            )
            scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
            assert asyncio.run(_run_lifespan(app, scope)) == [
                "lifespan.startup.complete",
                "lifespan.shutdown.complete",
            ]
            assert scope["state"] == {"answer": 42}

    def test_failure_at_startup_is_reported_by_its_message(self) -> None:
        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            raise ConfigurationError("No database here.")
            yield

        with memory_stores():
            app = self.make_app(entities(), secret_key=SECRET, lifespan=lifespan)
            message = ""
            try:
                Visitor(app).close()
            except ConfigurationError as error:
                message = str(error)
            assert message.endswith("No database here.")
            assert "Traceback" not in message

    def test_stores_close_when_the_users_shutdown_fails(self) -> None:
        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            yield
            raise RuntimeError("late")

        with memory_stores():
            app = self.make_app(entities(), secret_key=SECRET, lifespan=lifespan)
            scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}

            async def work() -> tuple[list[str], bool]:
                return await _run_lifespan(app, scope), app.starmodel.is_ready

            types, is_ready = asyncio.run(work())
            assert types == ["lifespan.startup.complete", "lifespan.shutdown.failed"]
            assert not is_ready

    def test_shutdown_ends_open_streams(self) -> None:
        with self.serving() as site:
            site.visitor.open("/board")
            hub = site.app.starmodel.hub
            assert len(hub) == 1
        assert len(hub) == 0


async def _run_lifespan(app: Any, scope: Any) -> list[str]:
    """The types of the messages that the application sends for a startup and a shutdown."""
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    for kind in ("lifespan.startup", "lifespan.shutdown"):
        incoming.put_nowait({"type": kind})
    try:
        await app(scope, incoming.get, send)
    except RuntimeError:
        if sent[-1] != "lifespan.shutdown.failed":
            raise
    return sent
