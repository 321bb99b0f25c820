"""Generated record routes: one set of URLs for pages, JSON clients and plain forms."""

from typing import Any
from uuid import UUID

import pytest

from integration.web.browser import HTML, JSON, ORIGIN
from integration.web.entities import Product
from starmodel import Entity, EntityConfig


async def make(browser: Any, **values: Any) -> Any:
    response = await browser.call("POST", "/products", {"name": "Pen"} | values)
    assert response.status_code == 201, response.text
    return response.json()["entity"]


async def test_create_is_201_with_location(visit: Any) -> None:
    browser = visit(Product)

    response = await browser.call("POST", "/products", {"name": "Pen", "price": 2})
    found = await browser.call("GET", response.headers["location"])

    data = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/products/{data['entity']['id']}"
    assert found.json() == data["entity"]
    assert set(data["entity"]) == {"id", "name", "price", "stock", "tags", "rating"}
    assert found.headers["etag"] == f'"{data["version"]}"'


async def test_put_and_patch_update_and_delete_removes(visit: Any) -> None:
    browser = visit(Product)
    url = f"/products/{(await make(browser))['id']}"

    patched = await browser.call("PATCH", url, {"price": 5})
    put = await browser.call("PUT", url, {"name": "Ink", "price": 6})
    deleted = await browser.call("DELETE", url)
    gone = await browser.call("GET", url)

    assert patched.json()["entity"]["price"] == 5
    assert (put.json()["entity"]["name"], put.json()["version"]) == (
        "Ink",
        patched.json()["version"] + 1,
    )
    assert deleted.json() == {"result": None, "entity": None, "version": 0}
    assert gone.status_code == 404


async def test_same_url_is_html_for_browsers_and_json_for_api_clients(visit: Any) -> None:
    browser = visit(Product)
    url = f"/products/{(await make(browser, name='Pen <1>'))['id']}"

    page = await browser.page(url)
    data = await browser.call("GET", url)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Pen &lt;1&gt;" in page.text
    assert "Pen <1>" not in page.text
    assert data.headers["content-type"] == "application/json"
    assert (page.headers["vary"], data.headers["vary"]) == ("accept, accept-encoding", "accept")
    assert page.headers["cache-control"] == "no-store"


async def test_private_fields_are_in_no_response(visit: Any) -> None:
    browser = visit(Product)
    url = f"/products/{(await make(browser))['id']}"

    texts = [(await browser.page(u)).text for u in (url, "/products", f"{url}/edit")]
    texts += [(await browser.call("GET", u)).text for u in (url, "/products")]

    assert not [text for text in texts if "cost" in text or "supplier" in text]


async def test_head_returns_the_headers_of_get(visit: Any) -> None:
    browser = visit(Product)
    await make(browser)

    get, head = await browser.page("/products"), await browser.head("/products", headers=HTML)

    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/products", "GET, POST"),
        ("POST", "/products/x", "DELETE, GET, PATCH, PUT"),
        ("PUT", "/products/x/adjust_stock", "GET, POST"),
        ("OPTIONS", "/products/x", "DELETE, GET, PATCH, PUT"),
    ],
)
async def test_other_method_is_405_with_allow(
    visit: Any, method: str, path: str, allow: str
) -> None:
    browser = visit(Product)

    for accept in (JSON, HTML):
        response = await browser.request(method, path, headers=accept | {"origin": ORIGIN})
        assert response.status_code == 405
        assert response.headers["allow"] == allow
        assert response.headers["content-type"].startswith(
            "text/html" if accept is HTML else "application/problem+json"
        )


@pytest.mark.parametrize("path", ["/nothing", "/products/none", "/products/none/edit"])
async def test_unknown_path_and_record_are_404_as_page_and_problem(visit: Any, path: str) -> None:
    browser = visit(Product)

    page, data = await browser.page(path), await browser.call("GET", path)

    assert (page.status_code, data.status_code) == (404, 404)
    assert page.text.startswith("<!doctype html>")
    assert data.headers["content-type"] == "application/problem+json"
    assert data.json()["title"] == "Not Found"


async def test_unknown_record_of_an_event_is_404_and_deleted_one_410(
    visit: Any,
) -> None:
    browser = visit(Product)

    data = await browser.call("POST", "/products/none/adjust_stock?amount=1")
    click = await browser.click("/products/none/adjust_stock?amount=1")

    assert data.status_code == 404
    assert click.headers["starmodel-status"] == "410"
    assert "has been removed" in click.text


async def test_start_page_lists_readable_entities(visit: Any, serve: Any) -> None:
    class Hidden(Product):
        model_config = EntityConfig(access="role:boss")

    browser = visit(serve(Product, Hidden))

    nobody = await browser.page("/")
    await browser.page("/sign-in/ann?roles=boss")
    boss = await browser.page("/")

    assert 'href="/products"' in nobody.text
    assert "/hiddens" not in nobody.text
    assert 'href="/hiddens"' in boss.text


@pytest.mark.parametrize(("kind", "id"), [(int, 7), (UUID, str(UUID(int=5)))])
async def test_id_of_another_type(visit: Any, kind: Any, id: Any) -> None:
    class Row(Entity):
        model_config = EntityConfig(access="public", scope="record")
        id: kind
        n: int = 0

    browser = visit(Row)
    made = await browser.call("POST", "/rows", {"id": id})
    url = made.headers["location"]
    page = await browser.page(url)
    async with browser.watch(page) as stream:
        kinds = [(await stream.event()).type for _ in range(3)]
        await browser.call("PATCH", url, {"n": 3})
        changes = [await stream.event(), await stream.event()]

    assert url == f"/rows/{id}"
    assert kinds[0] == "starmodel-open"
    assert any(change.data.get("signals") == '{"Row":{"n":3}}' for change in changes)
    assert (await browser.call("GET", "/rows/none")).status_code == 404


async def test_page_of_an_id_with_special_characters(visit: Any) -> None:
    class Item(Entity):
        model_config = EntityConfig(access="public")
        id: str
        name: str

    browser = visit(Item)
    for id in ("a b", "ü", "50%", "q?x=1", "a/b", 'x"y', "<i>", "a#b", "a&b"):
        made = await browser.call("POST", "/items", {"id": id, "name": "n"})
        assert made.status_code == 201, made.text
        found = await browser.call("GET", made.headers["location"])
        assert found.status_code == 200, (id, made.headers["location"])
        assert found.json()["id"] == id


async def test_page_is_compressed_when_accepted(visit: Any) -> None:
    browser = visit(Product)

    packed = await browser.get("/products", headers={"accept": "text/html"})
    plain = await browser.get(
        "/products", headers={"accept": "text/html", "accept-encoding": "identity"}
    )

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "accept-encoding" in plain.headers["vary"]
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert ">Products</h1>" in packed.text
