"""Each yield of a generator event is committed, published and streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.requests import Request

from integration.web.browser import DATASTAR, Stream, sse_events, unlisted
from starmodel import Entity, Redirect, Session, Toast, event


@unlisted
class Job(Entity):
    done: int = 0

    @event
    async def run(self, gate: str = "") -> AsyncIterator[Any]:
        self.done = 1
        yield Toast("one")
        if gate:
            await GATES[gate].wait()
        self.done = 2
        yield {"progress": 2}
        self.done = 3

    @event
    async def thinks(self, gate: str) -> AsyncIterator[Any]:
        await GATES[gate].wait()
        self.done = 7
        yield Toast("thought")

    @event
    def steps(self) -> Iterator[Any]:
        self.done = 10
        yield {"half": True}
        self.done = 20
        yield Redirect("/job")

    @event
    def breaks(self) -> Iterator[Any]:
        self.done = 1
        yield Toast("kept")
        self.done = 2
        raise ValueError("Half way")

    @event
    def refuses(self) -> Iterator[Any]:
        raise ValueError("Not at all")
        yield

    @event
    def leads_away(self) -> Iterator[Any]:
        self.done = 1
        yield Toast("one")
        self.done = 2
        yield Redirect("https://evil.example/")

    @event
    async def leaves(self, session: Session) -> AsyncIterator[Any]:
        session.sign_out()
        yield Toast("Bye")


GATES: dict[str, asyncio.Event] = {}


def post(app: Any, path: str) -> Stream:
    stream = Stream(app, path, {k: v for k, v in DATASTAR.items() if k != "accept"})
    stream._scope["method"] = "POST"
    return stream


async def test_each_yield_arrives_before_the_event_continues(serve: Any, monkeypatch: Any) -> None:
    gate = asyncio.Event()
    monkeypatch.setitem(GATES, "a", gate)
    stream = post(serve(Job), "/job/run?gate=a")
    body: list[Any] = [{"type": "http.request", "body": b""}]
    wait = stream._receive
    stream._receive = lambda: _next(body, wait)  # type: ignore[method-assign]

    async with stream:
        assert (await stream.event()).data["status"] == "200"
        assert (await stream.event()).signals == {"Job": {"done": 1}}
        assert "one" in (await stream.event()).elements
        assert await stream.silent()
        gate.set()
        assert (await stream.event()).signals == {"progress": 2}
        assert (await stream.event()).signals == {"Job": {"done": 2}}
        assert (await stream.event()).signals == {}
        assert (await stream.event()).signals == {"Job": {"done": 3}}


async def _next(body: list[Any], wait: Any) -> Any:
    return body.pop() if body else await wait()


async def test_stream_of_yields_has_headers_against_buffering(visit: Any) -> None:
    response = await visit(Job).click("/job/run")

    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["cache-control"] == "no-store"
    assert "content-length" not in response.headers


async def test_state_is_left_to_the_page_stream(visit: Any) -> None:
    response = await visit(Job).click("/job/run", starmodel_page="1")

    signals = [e.signals for e in sse_events(response.text) if "signals" in e.data]
    assert all("Job" not in given for given in signals)


async def test_failure_after_a_yield_keeps_earlier_yields(visit: Any) -> None:
    browser = visit(Job)

    response = await browser.click("/job/breaks", starmodel_page="1")

    *_, status, toast = sse_events(response.text)
    assert "kept" in response.text
    assert status.data["status"] == "422"
    assert "Half way" in toast.elements
    assert (await browser.call("GET", "/job")).json()["done"] == 1


async def test_failure_before_the_first_yield_is_an_ordinary_refusal(visit: Any) -> None:
    response = await visit(Job).click("/job/refuses")

    assert response.headers["starmodel-status"] == "422"
    assert "Not at all" in response.text


async def test_api_client_receives_all_yields(visit: Any) -> None:
    response = await visit(Job).call("POST", "/job/run")

    assert response.json()["result"] == [{"progress": 2}]
    assert response.json()["entity"]["done"] == 3


async def test_plain_form_follows_a_yielded_redirect(visit: Any) -> None:
    response = await visit(Job).submit("/job/steps")

    assert (response.status_code, response.headers["location"]) == (303, "/job")


async def test_yielded_redirect_to_another_host_is_rejected(visit: Any) -> None:
    browser = visit(Job)

    click = await browser.click("/job/leads_away")

    assert "evil" not in click.text
    assert (await browser.call("GET", "/job")).json()["done"] == 1


async def test_sign_out_before_the_first_yield_reaches_the_browser(visit: Any) -> None:
    browser = visit(Job)
    await browser.click("/job/run")

    await browser.click("/job/leaves")

    assert (await browser.call("GET", "/job")).json()["done"] == 0


async def test_event_may_take_the_request(visit: Any) -> None:
    class Asker(Entity):
        agent: str = ""

        @event
        def ask(self, request: Request) -> None:
            self.agent = request.headers["user-agent"]

    response = await visit(Asker).call("POST", "/asker/ask", headers={"user-agent": "me"})

    assert response.json()["entity"]["agent"] == "me"


@pytest.mark.parametrize("name", ["thinks", "run"], ids=["before the first yield", "after it"])
async def test_server_shutdown_ends_the_response_but_not_the_event(visit: Any, name: str) -> None:
    gate = GATES[f"stop-{name}"] = asyncio.Event()
    browser = visit(Job)
    reply = asyncio.create_task(browser.click(f"/job/{name}?gate=stop-{name}"))
    for _ in range(20):  # until the event waits at its gate
        await asyncio.sleep(0.01)
    browser.app.gateway.end_replies()

    result = await asyncio.wait_for(reply, 5)
    assert result.status_code == 200
    assert "thought" not in result.text
    gate.set()
    for _ in range(20):
        await asyncio.sleep(0.01)
    assert (await browser.call("GET", "/job")).json()["done"] == {"thinks": 7, "run": 3}[name]
    assert not browser.app.gateway.events.running.open_replies
