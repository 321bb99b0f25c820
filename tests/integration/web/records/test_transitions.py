"""Declared transitions on every face: events, JSON, forms, bulk, rows of children, status bar."""

from __future__ import annotations

import html
import re
from typing import Annotated, Any, Literal

import pytest

from integration.web.browser import JSON, ORIGIN, unlisted
from starmodel import Entity, EntityConfig, event, transitions

STEPS = transitions(draft=["placed"], placed=["paid", "cancelled"])
SENTENCE = "“Draft” can't become “Paid”."


@unlisted
class Order(Entity):
    model_config = EntityConfig(access="public", scope="record")
    title: str
    status: Annotated[Literal["draft", "placed", "paid", "cancelled"], STEPS] = "draft"

    @event
    def pay(self) -> None:
        self.status = "paid"

    @event
    async def pay_later(self) -> None:
        self.status = "paid"


@pytest.fixture
async def orders(visit: Any) -> Any:
    browser = visit(Order)
    await browser.call("POST", "/orders", {"title": "A"})
    await browser.call("POST", "/orders", {"title": "B", "status": "placed"})
    return browser


async def addresses(browser: Any) -> list[str]:
    items = (await browser.call("GET", "/orders?order=title")).json()["items"]
    return [f"/orders/{item['id']}" for item in items]


async def status(browser: Any, address: str) -> str:
    return str((await browser.call("GET", address)).json()["status"])


async def test_new_record_begins_in_any_state(orders: Any) -> None:
    made = await orders.call("POST", "/orders", {"title": "C", "status": "paid"})
    assert made.status_code == 201


@pytest.mark.parametrize("name", ["pay", "pay_later"])
async def test_event_and_update_are_refused_with_a_sentence(orders: Any, name: str) -> None:
    draft, placed = await addresses(orders)
    for refused in (
        await orders.call("POST", f"{draft}/{name}"),
        await orders.call("PATCH", draft, {"status": "paid"}),
    ):
        assert refused.status_code == 422
        assert refused.json()["errors"] == {"status": SENTENCE}
    assert await status(orders, draft) == "draft"
    assert (await orders.call("POST", f"{placed}/{name}")).status_code == 200
    assert await status(orders, placed) == "paid"


async def test_bulk_refuses_the_records_in_another_state(orders: Any) -> None:
    ids = [address.rpartition("/")[2] for address in await addresses(orders)]
    done = await orders.call("POST", "/orders/_bulk", {"event": "pay", "id": ids})
    assert done.json()["done"] == [ids[1]]
    assert SENTENCE in done.json()["refused"][ids[0]]


async def test_edit_form_offers_reachable_states_alone(orders: Any) -> None:
    draft, _ = await addresses(orders)
    page = (await orders.page(f"{draft}/edit")).text
    options = re.findall(r"<option[^>]*>", page)
    assert [("disabled" in tag) for tag in options] == [False, False, False, True, True]
    assert "disabled" not in (await orders.page("/orders/new")).text.partition("<select")[2][:400]
    sent = await orders.submit(f"{draft}/update", {"title": "A", "status": "paid"})
    assert sent.status_code == 422
    assert SENTENCE in html.unescape(sent.text)


async def test_form_says_it_while_it_is_filled_in(orders: Any) -> None:
    draft, _ = await addresses(orders)
    headers = JSON | {"origin": ORIGIN, "starmodel-check": "1"}
    checked = await orders.post(f"{draft}/update", data={"status": "paid"}, headers=headers)
    assert checked.json()["errors"] == {"status": SENTENCE}


def steps(page: str) -> list[tuple[str, str]]:
    bar = re.search(r'<ol aria-label="Status".*?</ol>|<ol[^>]*sm-steps.*?</ol>', page, re.DOTALL)
    assert bar is not None
    shown = re.sub(r"<button.*?</button>", "", bar[0])
    items = re.findall(r"<li([^>]*)>(.*?)</li>", shown, re.DOTALL)
    return [
        ("now" if 'aria-current="step"' in tag else "", re.sub("<[^>]+>", "", text).strip())
        for tag, text in items
    ]


async def test_record_shows_its_states_in_order_with_the_current_one(orders: Any) -> None:
    draft, placed = await addresses(orders)
    assert steps((await orders.page(draft)).text) == [
        ("now", "Draft"), ("", "Placed"), ("", "Paid"), ("", "Cancelled"),
    ]  # fmt: skip
    await orders.call("POST", f"{placed}/pay")
    assert steps((await orders.page(placed)).text) == [
        ("", "Done:Draft"), ("", "Done:Placed"), ("now", "Paid"),
    ]  # fmt: skip


async def test_states_that_may_follow_are_buttons_of_who_may_edit(orders: Any) -> None:
    _, placed = await addresses(orders)
    page = (await orders.page(placed)).text
    form = re.search(r'<form[^>]*id="(Order-[^"]*-steps)"[^>]*>', page)
    assert form is not None
    buttons = re.findall(r"<button[^>]*value=\"(\w+)\"[^>]*>", page.partition("sm-steps")[2])
    assert [value for value in buttons if value in ("draft", "placed", "paid", "cancelled")] == [
        "paid", "cancelled",
    ]  # fmt: skip
    assert f'form="{form[1]}"' in page
    assert (await orders.submit(f"{placed}/update", {"status": "paid"})).status_code == 303
    assert await status(orders, placed) == "paid"


async def test_open_page_gets_the_new_bar(orders: Any) -> None:
    _, placed = await addresses(orders)
    async with orders.watch(await orders.page(placed)) as stream:
        await orders.call("POST", f"{placed}/pay")
        patch = ""
        while "sm-steps" not in patch or ("now", "Paid") not in steps(patch):
            patch = await stream.block()
