"""JSON streams of lists: the window, then the rows that changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integration.web.browser import Browser, unlisted
from integration.web.streams.json_client import JsonStream
from starmodel import Actor, Entity, EntityConfig, Field, event

Visit = Callable[..., Browser]


@unlisted
class Item(Entity):
    model_config = EntityConfig(scope="record", access="public")
    id: str
    name: str = ""
    price: int = 0
    cost: int = Field(default=7, private=True)

    @event
    def reprice(self, price: int) -> None:
        self.price = price


@unlisted
class Own(Entity):
    model_config = EntityConfig(
        scope="record",
        access={"read": lambda actor, own: own.owner in ("", getattr(actor, "id", None)),
                "write": "public"},
    )  # fmt: skip
    id: str
    owner: str = ""


async def add(browser: Browser, path: str, *ids: str, **values: Any) -> None:
    for number, id in enumerate(ids):
        data = {"id": id, **({"price": number} if path == "/items" else {}), **values}
        assert (await browser.call("POST", path, data)).status_code == 201


def ids(stream: JsonStream) -> list[str]:
    return [row["id"] for row in stream.state]


async def test_first_window_equals_the_json_list(visit: Visit) -> None:
    browser = visit(Item)
    await add(browser, "/items", "a", "b", "c")
    url = "/items?order=-price&per_page=2&total=1"

    async with JsonStream(browser, url) as stream:
        snapshot = await stream.patch()

    listed = (await browser.call("GET", url)).json()
    assert {name: snapshot[name] for name in listed} == listed
    assert snapshot["topic"] == "Item?order=-price&per_page=2"
    assert "cost" not in snapshot["items"][0]


async def test_patches_have_changed_rows_removed_ids_and_a_changed_order(visit: Visit) -> None:
    browser = visit(Item)
    await add(browser, "/items", "a", "b", "c")

    async with JsonStream(browser, "/items?order=-price&per_page=2") as stream:
        await stream.patch()
        assert ids(stream) == ["c", "b"]

        await browser.call("POST", "/items/c/reprice", {"price": 9})
        patch = await stream.patch()
        assert [row["price"] for row in patch["items"]] == [9]
        assert patch["removed"] == []
        assert not {"order", "next", "total"} & patch.keys()

        await browser.call("POST", "/items/a/reprice", {"price": 5})
        patch = await stream.patch()
        assert (patch["removed"], patch["order"], ids(stream)) == (["b"], ["c", "a"], ["c", "a"])

        await browser.call("DELETE", "/items/c")
        patch = await stream.patch()
        assert (patch["removed"], patch["order"], patch["next"]) == (["c"], ["a", "b"], None)


async def test_total_follows_records_of_other_pages(visit: Visit) -> None:
    browser = visit(Item)
    await add(browser, "/items", "a", "b", "c")

    async with JsonStream(browser, "/items?order=price&per_page=1&total=1") as stream:
        await stream.patch()
        assert stream.total == 3
        await browser.call("DELETE", "/items/c")
        patch = await stream.patch()

    assert (patch["items"], patch["total"], stream.total) == ([], 2, 2)


async def test_total_of_a_list_filtered_by_a_read_rule(visit: Visit) -> None:
    browser = visit(Own)
    await browser.get("/sign-in/ann")
    await add(browser, "/owns", "a", "b", "c", owner="ann")
    await add(browser, "/owns", "x", owner="bob")

    async with JsonStream(browser, "/owns?order=id&per_page=1&total=1") as stream:
        await stream.patch()
        assert (ids(stream), stream.total) == (["a"], 3)
        await browser.app.starmodel.dispatch(Own(id="c").do.delete(), actor=Actor("ann"))
        await stream.patch()
        await browser.app.starmodel.dispatch(Own(id="x").do.delete())
        assert await stream.silent()

    assert stream.total == 2


async def test_lists_with_and_without_total_follow_the_same_query(visit: Visit) -> None:
    browser = visit(Item)
    await add(browser, "/items", "a")

    async with (
        JsonStream(browser, "/items?total=1") as counted,
        JsonStream(browser, "/items") as plain,
    ):
        await counted.patch()
        await plain.patch()
        await add(browser, "/items", "b")
        await counted.patch()
        await plain.patch()

    assert counted.state == plain.state
    assert (counted.total, plain.total) == (2, None)


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("prise__lt=3", 400, "prise"),
        ("page=0", 400, "page"),
        ("page=1&page=2", 400, "asked for 2 times"),
        ("cursor=", 400, "?page="),
        ("cursor=abc", 400, "A stream follows a list by page"),
        ("total=maybe", 400, "total"),
    ],
)
async def test_invalid_query_is_a_problem_before_the_stream(
    visit: Visit, query: str, status: int, text: str
) -> None:
    browser = visit(Item)

    reply = await browser.get(f"/items?{query}", headers={"accept": "application/x-ndjson"})

    assert (reply.status_code, reply.headers["content-type"]) == (
        status, "application/problem+json",
    )  # fmt: skip
    assert text in reply.text
    assert len(browser.app.starmodel.hub) == 0


async def test_scan_beyond_the_limit_is_a_problem_before_the_stream(
    visit: Visit, serve: Callable[..., Any]
) -> None:
    browser = visit(serve(Own, access_scan_limit=2))
    await browser.get("/sign-in/ann")
    await add(browser, "/owns", "a", "b", "c")

    reply = await browser.get("/owns?page=3", headers={"accept": "application/x-ndjson"})

    assert (reply.status_code, reply.json()["status"]) == (422, 422)
