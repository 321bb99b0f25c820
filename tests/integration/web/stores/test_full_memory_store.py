"""A full memory store: sessions evict no other data, and one more record is a 507."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import Browser, sign_in_link, toasts, unlisted
from starmodel import Entity, EntityConfig, event


@unlisted
class Cart(Entity):
    items: int = 0

    @event
    def add(self) -> None:
        self.items += 1


@unlisted
class Board(Entity):
    model_config = EntityConfig(scope="app", access="public")
    level: int = 0

    @event
    def rise(self) -> None:
        self.level += 1


@unlisted
class Draft(Entity):
    lines: list[str] = []

    @event
    def add(self, text: str) -> None:
        self.lines.append(text)


@unlisted
class Note(Entity):
    model_config = EntityConfig(scope="record", store="memory", access="public")
    text: str


async def test_guest_clicks_evict_no_app_entity_or_record(serve: Any) -> None:
    app = serve(Cart, Board, Note, memory_max_entries=20)
    browser = Browser(app)
    await browser.click("/board/rise")
    made = await browser.call("POST", "/notes", {"text": "Keep me"})

    for _ in range(100):
        await Browser(app).click("/cart/add")

    assert (await browser.call("GET", "/board")).json()["level"] == 1
    assert (await browser.get(made.headers["location"])).status_code == 200


async def test_entity_on_an_open_page_is_not_evicted(serve: Any) -> None:
    app = serve(Cart, memory_max_entries=5)
    browser = Browser(app)
    await browser.click("/cart/add")
    page = await browser.page("/cart")

    async with browser.watch(page) as stream:
        await stream.event()
        for _ in range(20):
            await Browser(app).click("/cart/add")
        assert (await browser.call("GET", "/cart")).json()["items"] == 1


async def test_insert_beyond_the_bound_is_507_for_every_client(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = serve(Note, memory_max_entries=2)
    browser = Browser(app)
    for text in ("a", "b"):
        await browser.call("POST", "/notes", {"text": text})

    call = await browser.call("POST", "/notes", {"text": "c"})
    click = await browser.click("/notes", {"text": "c"})
    form = await browser.submit("/notes", {"text": "c"})

    assert call.status_code == form.status_code == 507
    assert click.headers["starmodel-status"] == "507"
    assert "no room" in call.json()["detail"]
    assert "no room" in toasts(click.text)[0][1]
    assert "memory_max_entries" not in call.text + click.text + form.text
    assert "memory_max_entries" in caplog.text
    assert len((await browser.call("GET", "/notes")).json()["items"]) == 2


async def test_developer_error_names_the_remedy(serve: Any) -> None:
    app = serve(Note, memory_max_entries=1)
    browser = Browser(app)
    await browser.page(sign_in_link(app))
    await browser.call("POST", "/notes", {"text": "a"})

    assert "memory_max_entries" in (await browser.call("POST", "/notes", {"text": "b"})).text


async def test_guest_texts_use_bounded_memory(serve: Any) -> None:
    app = serve(Draft, memory_max_bytes=1_000_000)
    first = Browser(app)
    await first.call("POST", "/draft/add", {"text": "x" * 200_000})

    for _ in range(10):
        made = await Browser(app).call("POST", "/draft/add", {"text": "x" * 200_000})
        assert made.status_code == 200

    assert (await first.call("GET", "/draft")).json()["lines"] == []


async def test_session_entity_that_outgrows_its_class_is_507(serve: Any) -> None:
    app = serve(Draft, memory_max_bytes=1_000_000)
    browser = Browser(app)
    for _ in range(4):
        await browser.call("POST", "/draft/add", {"text": "x" * 200_000})

    refused = await browser.call("POST", "/draft/add", {"text": "x" * 400_000})

    assert refused.status_code == 507
    assert len((await browser.call("GET", "/draft")).json()["lines"]) == 4


async def test_records_that_grow_beyond_the_bytes_of_their_class_are_507(serve: Any) -> None:
    app = serve(Note, memory_max_bytes=900_000)
    browser = Browser(app)
    made = await browser.call("POST", "/notes", {"text": "x" * 700_000})
    path = f"/notes/{made.json()['entity']['id']}"

    assert (await browser.call("POST", "/notes", {"text": "x" * 300_000})).status_code == 507
    assert (await browser.call("PATCH", path, {"text": "y" * 990_000})).status_code == 507
    assert (await browser.call("PATCH", path, {"text": "z"})).status_code == 200
    assert (await browser.call("POST", "/notes", {"text": "x" * 300_000})).status_code == 201
    assert (await browser.call("DELETE", path)).status_code == 200
