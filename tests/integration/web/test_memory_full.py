"""A full memory store: guests lose no data of others, and creating one more is a 507."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import Browser, toasts, unlisted
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
class Note(Entity):
    model_config = EntityConfig(scope="record", store="memory", access="public")
    text: str


async def test_clicks_of_guests_reset_no_app_entity_and_lose_no_record(serve: Any) -> None:
    app = serve(Cart, Board, Note, memory_max_entries=20)
    browser = Browser(app)
    await browser.click("/board/rise")
    made = await browser.call("POST", "/notes", {"text": "Keep me"})

    for _ in range(100):
        await Browser(app).click("/cart/add")

    assert (await browser.call("GET", "/board")).json()["level"] == 1
    assert (await browser.get(made.headers["location"])).status_code == 200


async def test_entity_that_a_page_shows_is_kept(serve: Any) -> None:
    app = serve(Cart, memory_max_entries=5)
    browser = Browser(app)
    await browser.click("/cart/add")
    page = await browser.page("/cart")

    async with browser.watch(page) as stream:
        await stream.event()
        for _ in range(20):
            await Browser(app).click("/cart/add")
        assert (await browser.call("GET", "/cart")).json()["items"] == 1


async def test_one_record_too_many_is_507_on_every_face(
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


async def test_developer_is_told_the_remedy(serve: Any) -> None:
    app = serve(Note, memory_max_entries=1)
    browser = Browser(app)
    await browser.page(f"/?token={app.front._dev_token}")
    await browser.call("POST", "/notes", {"text": "a"})

    assert "memory_max_entries" in (await browser.call("POST", "/notes", {"text": "b"})).text
