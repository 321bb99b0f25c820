"""A page of an expired session runs no event and reloads."""

from __future__ import annotations

import re
from typing import Any

import pytest

from integration.web.browser import Browser, sse_events, unlisted
from starmodel import Entity, EntityConfig, event
from starmodel.testing import Visitor


@unlisted
class Counter(Entity):
    n: int = 0

    @event
    def add(self) -> None:
        self.n += 1


@unlisted
class Note(Entity):
    model_config = EntityConfig(scope="record", store="memory", access="public")
    text: str = ""

    @event
    def clear(self) -> None:
        self.text = ""


def tag_of(page: Any) -> str:
    found = re.search(r'data-session="(\w+)"', page.text)
    assert found
    return found[1]


async def click(browser: Browser, page: Any, path: str = "/counter/add", **headers: str) -> Any:
    return await browser.click(path, starmodel_session=tag_of(page), **headers)


def is_told(answer: Any) -> bool:
    elements = [e.elements for e in sse_events(answer.text) if "elements" in e.data]
    return answer.headers["starmodel-status"] == "403" and "@stale()" in "".join(elements)


async def test_click_on_a_page_of_the_present_session_runs(visit: Any) -> None:
    browser = visit(Counter)
    page = await browser.page("/counter")

    assert (await click(browser, page)).headers["starmodel-status"] == "200"
    await browser.page("/sign-in/ann")
    assert (await click(browser, page)).headers["starmodel-status"] == "200"
    assert (await browser.call("GET", "/counter")).json()["n"] == 2


async def test_click_without_the_page_session_runs_nothing(visit: Any, serve: Any) -> None:
    app = serve(Counter, Note)
    browser = visit(app)
    page = await browser.page("/counter")
    note = (await browser.call("POST", "/notes", {"text": "Keep me"})).headers["location"]
    browser.cookies.clear()

    for path in ("/counter/add", f"{note}/clear", "/notes/_bulk", "/notes"):
        assert is_told(await click(browser, page, path)), path

    assert (await browser.call("GET", "/counter")).json()["n"] == 0
    assert (await browser.call("GET", note)).json()["text"] == "Keep me"
    assert len((await browser.call("GET", "/notes")).json()["items"]) == 1


async def test_click_after_sign_out_in_another_tab_runs_nothing(visit: Any) -> None:
    browser = visit(Counter)
    await browser.page("/sign-in/ann")
    page = await browser.page("/counter")
    await browser.page("/sign-out")

    assert is_told(await click(browser, page))
    assert (await browser.call("GET", "/counter")).json()["n"] == 0


async def test_user_route_is_not_run(visit: Any, serve: Any) -> None:
    app = serve(Counter)
    called: list[str] = []

    @app.post("/mine")
    def mine() -> str:
        called.append("mine")
        return "done"

    browser = visit(app)
    page = await browser.page("/counter")
    browser.cookies.clear()

    assert is_told(await click(browser, page, "/mine"))
    assert called == []


@pytest.mark.parametrize("tag", ["", "x" * 5000, "é"])
async def test_forged_session_gets_the_same_response(visit: Any, tag: str) -> None:
    browser = visit(Counter)
    await browser.page("/counter")
    headers = {"datastar-request": "true", "origin": "http://testserver"}
    raw = {**headers, "starmodel-session": tag.encode()}

    response = await browser.post("/counter/add", headers=raw)

    assert is_told(response)


async def test_api_clients_need_no_page_session(visit: Any) -> None:
    browser = visit(Counter)

    assert (await browser.call("POST", "/counter/add")).status_code == 200


def test_page_with_expired_session_reloads(in_memory: None) -> None:
    from starmodel import create_app

    visitor = Visitor(create_app([Counter]))
    page = visitor.open("/counter")
    page.click("Add")
    assert page.signals["Counter.n"] == 1
    visitor.cookies.clear()

    page.click("Add")
    assert page.signals["Counter.n"] == 0
    page.click("Add")
    assert page.signals["Counter.n"] == 1
