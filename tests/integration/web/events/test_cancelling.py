"""A visitor cancels a generator event: what it committed stays, the rest is undone."""

from __future__ import annotations

import asyncio
import html
import re
from typing import Any

import pytest

from integration.web.browser import DATASTAR, ORIGIN, toasts, unlisted
from starmodel import Entity, EntityConfig, Progress, event
from starmodel.app.commands.cancelling import Cancellation
from starmodel.core.errors import EventCancelledError


@unlisted
class Job(Entity):
    model_config = EntityConfig(access="public", scope="app")
    done: int = 0
    closed: bool = False

    @event
    async def run(self) -> Any:
        try:
            self.done = 1
            yield Progress(0.5, "Half")
            self.done = 2
            STARTED.set()
            await GATE.wait()
            yield Progress(1)
        finally:
            CLOSED.append(True)


GATE, STARTED = asyncio.Event(), asyncio.Event()
CLOSED: list[bool] = []


@pytest.fixture
def jobs(visit: Any) -> Any:
    GATE.clear()
    STARTED.clear()
    CLOSED.clear()
    return visit(Job)


async def test_cancelled_event_keeps_its_committed_steps_and_closes(jobs: Any, visit: Any) -> None:
    await jobs.page("/job")
    other = visit(jobs.app)
    await other.page("/job")
    running = jobs.app.gateway.events.running
    clicked = asyncio.create_task(jobs.click("/job/run"))
    await STARTED.wait()
    (run,) = running._cancellable
    assert (await other.post(f"/_starmodel/cancel?run={run}", headers=DATASTAR)).headers[
        "starmodel-status"
    ] == "404"
    assert (await jobs.post(f"/_starmodel/cancel?run={run}", headers={"origin": "http://evil.example"})
            ).status_code == 403  # fmt: skip
    assert not clicked.done()
    cancelled = await jobs.post(f"/_starmodel/cancel?run={run}", headers=DATASTAR)
    assert cancelled.status_code == 200
    reply = await clicked
    assert toasts(reply.text)[-1] == ("info", "Cancelled. What was done before stays.")
    url = re.search(r"@post\((.*?), @click", html.unescape(reply.text))
    assert url is not None
    assert run in url[1]
    assert (await jobs.call("GET", "/job")).json()["done"] == 1
    assert CLOSED == [True]
    assert not running._cancellable
    again = await jobs.post(f"/_starmodel/cancel?run={run}", headers=DATASTAR | {"origin": ORIGIN})
    assert "This has already ended." in again.text


async def test_event_that_is_not_cancelled_ends_as_before(jobs: Any) -> None:
    GATE.set()
    reply = await jobs.click("/job/run")
    assert "Half" in reply.text
    assert (await jobs.call("GET", "/job")).json()["done"] == 2


async def test_cancellation_waits_for_a_commit_and_ends_before_the_next_step() -> None:
    cancellation = Cancellation()
    with cancellation.interruptible():
        pass
    cancellation.cancel()  # between two steps, as during a commit
    with pytest.raises(EventCancelledError), cancellation.interruptible():
        raise AssertionError("never reached")


async def test_stop_of_the_server_is_no_cancellation_by_the_visitor() -> None:
    async def wait() -> None:
        with Cancellation().interruptible():
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
