"""The forms of a parent with rows of its children, with and without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import Browser
from integration.web.children.entities import BASKETS, AnItem, Basket
from integration.web.html_forms import form_of as html_form
from starmodel import create_app


@pytest.fixture
async def browser(visit: Any, in_memory: Any) -> Browser:
    browser: Browser = visit(create_app(BASKETS))
    return browser


def form_of(html: str, form: str) -> dict[str, str]:
    """What a browser sends of the form, without the template of new rows."""
    _, event, key = f"{form}-".split("-", 2)
    action = "/baskets" if event == "create" else f"/baskets/{key.rstrip('-')}/update"
    return {name: value for name, value in html_form(html, action).sent if "__row__" not in name}


async def _basket(*products: str) -> Any:
    basket = await Basket.objects.create(name="Weekly")
    for at, product in enumerate(products):
        await AnItem.objects.create(basket_id=basket.id, product=product, position=at)
    return basket


async def test_form_of_a_new_parent_has_a_blank_row(browser: Browser) -> None:
    sent = form_of((await browser.page("/baskets/new")).text, "Basket-create")
    assert sent["items.0._blank"] == "1"
    assert sent["items.0.product"] == ""
    assert (await browser.submit("/baskets", {**sent, "name": "Weekly"})).status_code == 303
    assert await AnItem.objects.count() == 0


async def test_one_more_row_keeps_what_was_filled_in(browser: Browser) -> None:
    sent = form_of((await browser.page("/baskets/new")).text, "Basket-create")
    sent |= {"name": "W", "items.0.product": '<b>Tea"', "_change": "add items"}
    reply = await browser.submit("/baskets", sent)
    assert reply.status_code == 200
    again = form_of(reply.text, "Basket-create")
    assert (again["name"], again["items.0.product"]) == ("W", '<b>Tea"')
    assert again["items.1.product"] == ""
    assert "data-toast" not in reply.text
    assert await Basket.objects.count() == 0


async def test_edit_form_has_the_children_in_their_order(browser: Browser) -> None:
    basket = await _basket("Salt", "Bread")
    page = await browser.page(f"/baskets/{basket.id}/edit")
    sent = form_of(page.text, f"Basket-update-{basket.id}")
    assert [sent["items.0.product"], sent["items.1.product"]] == ["Salt", "Bread"]
    sent |= {"items.0.position": "2", "items.1.position": "1"}
    reply = await browser.submit(f"/baskets/{basket.id}/update", sent)
    assert reply.status_code == 303, reply.text
    items = await AnItem.objects.list(order="position")
    assert [item.product for item in items] == ["Bread", "Salt"]


async def test_wrong_row_has_its_error_beside_its_input(browser: Browser) -> None:
    basket = await _basket("Salt", "Bread")
    page = (await browser.page(f"/baskets/{basket.id}/edit")).text
    form = f"Basket-update-{basket.id}"
    sent = form_of(page, form) | {"items.1.product": "B"}
    url = f"/baskets/{basket.id}/update"
    plain = (await browser.submit(url, sent)).text
    assert f'<small id="{form}-items.1.product-problem" class="sm-problem">At least' in plain
    assert f'<small id="{form}-items.0.product-problem" class="sm-problem"></small>' in plain
    reply = await browser.post(
        url, data=sent, headers={"datastar-request": "true", "origin": "http://testserver"}
    )
    assert f'id="{form}-items.1.product-problem" class="sm-problem">At least' in reply.text
    assert "#starmodel-toasts" not in reply.text
    checked = await browser.post(
        url, data=sent,
        headers={"starmodel-check": "1", "accept": "application/json",
                 "origin": "http://testserver"},
    )  # fmt: skip
    assert checked.json()["errors"] == {"items.1.product": "At least 2 characters."}


async def test_editors_of_different_fields_of_a_row_are_both_kept(browser: Browser) -> None:
    basket = await _basket("Salt")
    page = (await browser.page(f"/baskets/{basket.id}/edit")).text
    sent = form_of(page, f"Basket-update-{basket.id}")
    url = f"/baskets/{basket.id}/update"
    assert (await browser.submit(url, sent | {"items.0.quantity": "7"})).status_code == 303
    assert (await browser.submit(url, sent | {"items.0.product": "Tea"})).status_code == 303
    [item] = await AnItem.objects.list()
    assert (item.product, item.quantity) == ("Tea", 7)


async def test_editors_of_one_field_of_a_row_conflict_until_the_second_saves_again(
    browser: Browser,
) -> None:
    basket = await _basket("Salt")
    form, url = f"Basket-update-{basket.id}", f"/baskets/{basket.id}/update"
    sent = form_of((await browser.page(f"/baskets/{basket.id}/edit")).text, form)
    assert (await browser.submit(url, sent | {"items.0.quantity": "7"})).status_code == 303
    reply = await browser.submit(url, sent | {"items.0.quantity": "8", "note": "Soon"})
    assert reply.status_code == 409
    again = form_of(reply.text, form)
    assert again["items.0.quantity"] == "8"
    assert (await browser.submit(url, again)).status_code == 303
    [item] = await AnItem.objects.list()
    assert item.quantity == 8
    assert (await Basket.objects.get(basket.id)).note == "Soon"


async def test_row_that_was_removed_meanwhile_is_named(browser: Browser) -> None:
    basket = await _basket("Salt")
    form, url = f"Basket-update-{basket.id}", f"/baskets/{basket.id}/update"
    sent = form_of((await browser.page(f"/baskets/{basket.id}/edit")).text, form)
    [item] = await AnItem.objects.list()
    await browser.app.starmodel.dispatch(item.do.delete())
    reply = await browser.submit(url, sent | {"items.0.quantity": "7"})
    assert reply.status_code == 422
    assert "This has been removed in the meantime." in reply.text
