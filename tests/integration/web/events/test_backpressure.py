"""Backpressure: clients that read more slowly than a generator event yields."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from integration.web.browser import DATASTAR, unlisted
from starmodel import Entity, Toast, event
from starmodel.adapters.web.resources.events import reply_parts
from starmodel.testing.browser.asgi import Cookies, scope_of

STEPS, SIZE = 200, 20_000


@unlisted
class Press(Entity):
    model_config = {"scope": "app", "access": "public"}
    pages: int = 0

    @event
    async def run(self) -> AsyncIterator[Any]:
        for number in range(STEPS):
            self.pages = number + 1
            yield {"page": f"{number} " + "x" * SIZE}
            await asyncio.sleep(0)
        yield Toast("printed")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_parts.ReplyParts.__init__, "__kwdefaults__", {
        "max_bytes": reply_parts.MAX_WAITING_BYTES, "patience_s": 0.1,
    })  # fmt: skip


class Reader:
    """An ASGI client whose connection blocks until `ready` is set, or drops."""

    def __init__(self, app: Any) -> None:
        self.app, self.ready, self.text = app, asyncio.Event(), ""
        self.asked = False

    async def run(self) -> None:
        scope = scope_of("POST", "/press/run", DATASTAR, Cookies())
        await self.app(scope, self._receive, self._send)

    async def _receive(self) -> Any:
        if self.asked:
            await asyncio.Event().wait()
        self.asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            await self.ready.wait()
            self.text += message.get("body", b"").decode()


async def pages(app: Any) -> int:
    found = await app.starmodel.persistence.for_class(Press).get(Press, "app")
    return 0 if found is None else int(found.pages)


async def done(app: Any) -> None:
    for _ in range(500):
        await asyncio.sleep(0.01)
        if await pages(app) == STEPS:
            return
    raise AssertionError(f"The event stopped at {await pages(app)}.")


async def test_event_completes_while_a_reader_is_blocked(serve: Callable[..., Any]) -> None:
    app = serve(Press)
    reader = Reader(app)
    task = asyncio.create_task(reader.run())
    await done(app)
    (parts,) = app.gateway.events.running.open_replies or [None]
    assert parts._bytes <= reply_parts.MAX_WAITING_BYTES
    assert len(parts._parts) * SIZE <= reply_parts.MAX_WAITING_BYTES
    reader.ready.set()
    await asyncio.wait_for(task, 5)
    assert len(reader.text) < 2 * reply_parts.MAX_WAITING_BYTES
    assert "Your connection was slow" in reader.text
    assert f"{STEPS - 1} xxx" in reader.text  # the newest steps arrive
    assert not app.gateway.events.running.open_replies


async def test_reader_that_catches_up_receives_every_step(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reply_parts.ReplyParts.__init__.__kwdefaults__, "patience_s", 10)
    app = serve(Press)
    reader = Reader(app)
    task = asyncio.create_task(reader.run())
    await asyncio.sleep(0.1)
    assert await pages(app) < STEPS
    reader.ready.set()
    await asyncio.wait_for(task, 10)
    assert all(f'"{number} xxx' in reader.text for number in range(STEPS))
    assert "Your connection was slow" not in reader.text


async def test_disconnected_client_leaves_no_task_behind(serve: Callable[..., Any]) -> None:
    app = serve(Press)
    reader = Reader(app)
    task = asyncio.create_task(reader.run())
    await asyncio.sleep(0.02)
    (parts,) = app.gateway.events.running.open_replies
    task.cancel()
    await asyncio.wait([task])
    await done(app)
    assert (parts._bytes, len(parts._parts)) == (0, 0)
