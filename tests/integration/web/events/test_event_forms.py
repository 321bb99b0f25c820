"""Events with parameters: a page of their own, one form for several records, and JSON."""

from __future__ import annotations

import html
from decimal import Decimal
from typing import Annotated, Any

import pytest

from integration.web.browser import DATASTAR, JSON, ORIGIN, moved_to, toasts, unlisted
from starmodel import Entity, EntityConfig, Field, event
from starmodel.access import record

PERCENT = Annotated[Decimal, Field(gt=0, le=50)]


@unlisted
class Order(Entity):
    model_config = EntityConfig(access="public", scope="record")
    name: str
    total: Decimal = Decimal(100)
    closed: bool = False

    @event(when=record.closed == False, when_text="It is closed.")  # noqa: E712
    def discount(self, percent: PERCENT, note: str = "") -> None:
        self.total -= self.total * percent / 100
        self.name += note

    @event(access="role:boss")
    def fix(self, total: Decimal) -> None:
        self.total = total

    @event
    def route_to(self, event: str) -> None:
        self.name = event


@pytest.fixture
async def orders(visit: Any) -> Any:
    browser = visit(Order)
    for name, closed in (("A", False), ("B", True), ("C", False)):
        await browser.call("POST", "/orders", {"name": name, "closed": closed})
    return browser


async def ids(browser: Any) -> list[str]:
    items = (await browser.call("GET", "/orders?order=name")).json()["items"]
    return [item["id"] for item in items]


async def totals(browser: Any) -> list[str]:
    items = (await browser.call("GET", "/orders?order=name")).json()["items"]
    return [str(item["total"]) for item in items]


async def test_page_of_an_event_has_its_form_and_leads_back_to_the_record(orders: Any) -> None:
    a, b, _ = await ids(orders)
    url = f"/orders/{a}/discount"
    page = await orders.page(url)
    assert page.status_code == 200
    assert "<h1" in page.text
    assert "Discount: A" in page.text
    assert f'action="{url}"' in page.text
    sent = await orders.submit(url, {"percent": "10"}, headers={"referer": f"{ORIGIN}{url}"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/orders/{a}")
    clicked = await orders.post(
        url, data={"percent": "10"}, headers=DATASTAR | {"referer": f"{ORIGIN}{url}"}
    )
    assert moved_to(clicked.text) == f"/orders/{a}"
    assert await totals(orders) == ["81", "100", "100"]
    refused = await orders.page(f"/orders/{b}/discount")
    assert (refused.status_code, "It is closed." in refused.text) == (409, True)


async def test_page_of_an_event_needs_the_right_to_run_it(orders: Any) -> None:
    a, *_ = await ids(orders)
    assert (await orders.page(f"/orders/{a}/fix")).status_code in (401, 303)
    assert (await orders.get(f"/orders/{a}/discount", headers=JSON)).status_code == 405
    await orders.get("/sign-in/ann?roles=boss")
    assert (await orders.page(f"/orders/{a}/fix")).status_code == 200


async def test_list_offers_the_form_in_rows_and_for_chosen_records(orders: Any) -> None:
    page = (await orders.page("/orders")).text
    assert 'href="/orders/%7Bid%7D/discount"' in page
    assert "data-event-form" in page
    bar = page.partition("sm-bulk")[2]
    assert "data-bulk-inputs" in bar
    assert 'value="discount"' in bar
    assert 'value="route_to"' not in bar  # its parameter has the name of a field of the bar


async def test_plain_bulk_of_an_event_with_inputs_asks_for_them_once(orders: Any) -> None:
    chosen = await ids(orders)
    asked = await orders.submit("/orders/_bulk", {"event": "discount", "id[]": chosen})
    assert asked.status_code == 200
    assert "Discount: 3 orders" in asked.text
    assert all(f'value="{id}"' in asked.text for id in chosen)
    fields = {"event": "discount", "id[]": chosen, "confirmed": "1"}
    wrong = await orders.submit("/orders/_bulk", fields | {"percent": "80"})
    assert (wrong.status_code, 'value="80"' in wrong.text) == (422, True)
    assert "Must be at most 50." in wrong.text
    assert await totals(orders) == ["100", "100", "100"]
    done = await orders.submit("/orders/_bulk", fields | {"percent": "10"})
    assert done.status_code == 303
    assert await totals(orders) == ["90", "100", "90"]


async def test_bulk_click_shows_problems_beside_inputs_and_counts_refusals(orders: Any) -> None:
    chosen = await ids(orders)
    fields = {"event": "discount", "id[]": chosen, "confirmed": "1"}
    wrong = await orders.post("/orders/_bulk", data=fields | {"percent": "80"}, headers=DATASTAR)
    assert wrong.headers["starmodel-status"] == "422"
    assert 'id="Order-discount-bulk-percent-problem"' in wrong.text
    done = await orders.post("/orders/_bulk", data=fields | {"percent": "5"}, headers=DATASTAR)
    said = html.unescape(str(toasts(done.text)))
    assert "2 orders" in said
    assert "It is closed." in said


async def test_bulk_json_takes_arguments_beside_the_ids(orders: Any) -> None:
    a, b, _ = await ids(orders)
    body = {"event": "discount", "id": [a, b], "percent": 50}
    done = await orders.call("POST", "/orders/_bulk", body)
    assert done.json() == {"done": [a], "refused": {b: "It is closed."}}
    wrong = await orders.call("POST", "/orders/_bulk", {**body, "amount": 1})
    assert (wrong.status_code, "amount" in wrong.text) == (422, True)
    other = await orders.call("POST", "/orders/_bulk", {"event": "route_to", "id": [a]})
    assert other.status_code == 400
