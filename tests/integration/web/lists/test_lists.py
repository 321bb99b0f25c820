"""Lists: filters, search, order and pagination, with limits and clear errors."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.entities import Product
from starmodel import Entity, EntityConfig


@pytest.fixture
async def shop(visit: Any) -> Any:
    browser = visit(Product)
    for n in range(30):
        data = {"name": f"Item {n:02}", "price": n, "stock": n % 3}
        await browser.call("POST", "/products", data)
    return browser


async def names(browser: Any, query: str) -> list[str]:
    response = await browser.call("GET", f"/products?{query}")
    assert response.status_code == 200, response.text
    return [item["name"] for item in response.json()["items"]]


async def test_list_is_paginated(shop: Any) -> None:
    first = (await shop.call("GET", "/products?order=name")).json()
    second = (await shop.call("GET", "/products?order=name&page=2")).json()

    assert (len(first["items"]), first["page"], first["next"]) == (25, 1, 2)
    assert (len(second["items"]), second["page"], second["next"]) == (5, 2, None)
    assert "total" not in first


async def test_total_is_returned_on_request(shop: Any) -> None:
    response = await shop.call("GET", "/products?per_page=5&stock=1&total=1")

    assert response.json()["total"] == 10


async def test_filters_search_and_order(shop: Any) -> None:
    assert await names(shop, "price__gte=28&order=-price") == ["Item 29", "Item 28"]
    assert await names(shop, "search=item 07") == ["Item 07"]
    assert await names(shop, "price__in=1,2&order=price") == ["Item 01", "Item 02"]
    assert await names(shop, "stock=2&order=-stock,-name&per_page=1") == ["Item 29"]
    assert await names(shop, "name__startswith=item 1&price__lt=11") == ["Item 10"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("per_page=201", "per_page is '201'; expected a number from 1 to 200"),
        ("per_page=0", "expected a number from 1 to 200"),
        ("page=0", "page is '0'"),
        ("page=-1", "page is '-1'"),
        ("page=²", "page is '²'"),
        ("page=9999999999", "expected a number from 1 to 1000000"),
        ("colour=red", "can't be filtered or ordered by 'colour'; its fields are id, name"),
        ("cost=1", "can't be filtered or ordered by 'cost'"),
        ("order=cost", "can't be filtered or ordered by 'cost'"),
        ("supplier_secret__startswith=a", "can't be filtered or ordered by 'supplier_secret'"),
        ("price__near=1", "unknown operator 'near'"),
        ("price=cheap", "can't be compared with 'cheap'"),
        ("order=-", "can't be filtered or ordered by ''"),
    ],
)
async def test_invalid_query_is_400_and_lists_valid_names(
    visit: Any, query: str, message: str
) -> None:
    response = await visit(Product).call("GET", f"/products?{query}")

    assert response.status_code == 400
    assert message in response.json()["detail"]


async def test_list_shows_only_readable_rows_and_counts_them(visit: Any, serve: Any) -> None:
    class Note(Entity):
        model_config = EntityConfig(
            access={"read": lambda actor, note: note.owner == actor.id, "write": "signed_in"}
        )
        owner: str

    app = serve(Note)
    ann, bob = visit(app), visit(app)
    await ann.page("/sign-in/ann")
    await bob.page("/sign-in/bob")
    for owner in ("ann", "bob", "ann"):
        await ann.call("POST", "/notes", {"owner": owner})

    own = (await ann.call("GET", "/notes?total=1")).json()
    his = (await bob.call("GET", "/notes?total=1")).json()

    assert [note["owner"] for note in own["items"]] == ["ann", "ann"]
    assert ([note["owner"] for note in his["items"]], his["total"]) == (["bob"], 1)
    other = f"/notes/{own['items'][0]['id']}"
    assert (await bob.call("GET", other)).status_code == 404
    assert (await bob.page(other)).status_code == 404


async def test_pagination_links_keep_the_query(visit: Any, shop: Any) -> None:
    page = await shop.page("/products?per_page=5&stock=1&order=-price")

    assert "stock=1" in page.text.split("Next")[0].rpartition("href=")[2]
    assert "order=-price" in page.text.split("Next")[0].rpartition("href=")[2]
