"""Forms of a browser without JavaScript: POST, redirect, GET; and the form again when refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from integration.web.shop import Product
from starmodel import Entity, EntityConfig, event


async def pen(browser: Any) -> str:
    answer = await browser.submit("/products", {"name": "Pen", "price": "2", "stock": "1"})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_create_update_and_delete_by_plain_forms(visit: Any) -> None:
    browser = visit(Product)
    url = await pen(browser)

    updated = await browser.submit(f"{url}/update", {"name": "Ink"})
    page = await browser.page(updated.headers["location"])
    deleted = await browser.submit(f"{url}/delete")

    assert (updated.status_code, updated.headers["location"]) == (303, url)
    assert "Ink" in page.text
    assert (deleted.status_code, deleted.headers["location"]) == (303, "/products")
    assert (await browser.page(url)).status_code == 404


async def test_event_leads_back_to_the_page_it_was_on(visit: Any) -> None:
    browser = visit(Product)
    url = await pen(browser)

    answer = await browser.submit(
        f"{url}/adjust_stock", {"amount": "4"}, headers={"referer": f"http://testserver{url}?a=1"}
    )

    assert (answer.status_code, answer.headers["location"]) == (303, f"{url}?a=1")
    assert (await browser.call("GET", url)).json()["stock"] == 5


@pytest.mark.parametrize(
    "referer",
    ["https://evil.example/x", "http://testserver//evil.example/", "", "http://[", "/relative"],
)
async def test_event_never_leads_to_another_host(visit: Any, referer: str) -> None:
    browser = visit(Product)
    url = await pen(browser)

    answer = await browser.submit(
        f"{url}/adjust_stock", {"amount": "4"}, headers={"referer": referer}
    )

    assert answer.status_code == 303
    assert answer.headers["location"] in ("/products", "/evil.example/", url)


async def test_form_on_the_page_posts_where_the_event_is(visit: Any) -> None:
    browser = visit(Product)
    url = await pen(browser)

    page = (await browser.page(url)).text

    assert f'action="{url}/adjust_stock"' in page
    assert 'method="post"' in page


async def test_refused_create_shows_the_form_again_with_values_and_sentences(visit: Any) -> None:
    browser = visit(Product)

    answer = await browser.submit("/products", {"name": 'P"<en', "price": "cheap", "tags": "[1"})

    assert answer.status_code == 422
    assert "<form" in answer.text
    assert 'action="/products"' in answer.text
    assert 'value="P&quot;&lt;en"' in answer.text
    assert 'value="cheap"' in answer.text
    assert ">\n[1</textarea>" in answer.text  # browsers drop the first line break
    assert "A number, please." in answer.text.partition('id="Product-create-price-problem"')[2][:80]
    assert (await browser.call("GET", "/products")).json()["items"] == []


async def test_refused_update_and_event_show_their_forms_again(visit: Any) -> None:
    browser = visit(Product)
    url = await pen(browser)

    update = await browser.submit(f"{url}/update", {"price": "much"})
    stock = await browser.submit(f"{url}/adjust_stock", {"amount": "-5"})

    assert update.status_code == stock.status_code == 422
    assert 'value="much"' in update.text
    assert f'action="{url}/update"' in update.text
    assert "Insufficient stock" in stock.text
    assert 'value="-5"' in stock.text
    assert f'action="{url}/adjust_stock"' in stock.text


async def test_password_is_not_shown_again(visit: Any) -> None:
    class Door(Entity):
        @event
        def enter(self, password: SecretStr, name: str) -> None:
            raise ValueError("Wrong name or password")

    answer = await visit(Door).submit("/door/enter", {"password": "s3cr3t", "name": "Ann"})

    assert answer.status_code == 422
    assert 'value="Ann"' in answer.text
    assert "s3cr3t" not in answer.text


async def test_checkbox_left_empty_is_false(visit: Any) -> None:
    class Lamp(Entity):
        on: bool = True

        @event
        def switch(self, on: bool) -> None:
            self.on = on

    browser = visit(Lamp)

    await browser.submit("/lamp/switch", {"on": "false"})
    off = (await browser.call("GET", "/lamp")).json()["on"]
    await browser.submit("/lamp/switch", {"on": ["false", "true"]})

    assert off is False
    assert (await browser.call("GET", "/lamp")).json()["on"] is True


async def test_not_allowed_form_is_an_error_page(visit: Any) -> None:
    class Safe(Entity):
        model_config = EntityConfig(scope="app")
        open: bool = False

        @event
        def crack(self, code: int) -> None:
            self.open = True

    answer = await visit(Safe).submit("/safe/crack", {"code": "x"})

    assert answer.status_code == 401
    assert "Sign in first" in answer.text
    assert "<form" not in answer.text
