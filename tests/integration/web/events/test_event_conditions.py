"""`@event(when=…, visible=…)` on every face: pages, forms, clicks, JSON and lists."""

from __future__ import annotations

import html
import json
import logging
import re
from decimal import Decimal
from typing import Any

import pytest

from integration.web.browser import toasts, unlisted
from starmodel import Entity, EntityConfig, event
from starmodel.access import actor, record

PLACED = "Only placed orders can be packed."


@unlisted
class Order(Entity):
    model_config = EntityConfig(access="public", scope="record")
    title: str
    status: str = "draft"
    packer: str = ""

    @event
    def place(self) -> None:
        self.status = "placed"

    @event(when=record.status == "placed", when_text=PLACED, shortcut="p")
    def pack(self) -> None:
        self.status = "packed"

    @event(visible=record.status != "draft", confirm="Really?")
    def reopen(self) -> None:
        self.status = "draft"

    @event(when=lambda order: order.status == "placed", when_text=PLACED)
    def discount(self, percent: Decimal = Decimal(5)) -> None:
        self.title += f" -{percent}"

    @event(when=record.packer == actor.id)
    def unpack(self) -> None:
        self.status = "placed"

    @event(when=lambda order: order.missing)
    def broken(self) -> None:
        pass


@pytest.fixture
async def orders(visit: Any) -> Any:
    browser = visit(Order)
    for title, status in (("A", "draft"), ("B", "placed")):
        await browser.call("POST", "/orders", {"title": title, "status": status})
    return browser


async def addresses(browser: Any) -> list[str]:
    items = (await browser.call("GET", "/orders?order=title")).json()["items"]
    return [f"/orders/{item['id']}" for item in items]


def button(page: str, name: str) -> str:
    """The opening tag of the button of an event."""
    return str(re.search(rf'<button[^>]*data-act="{name}"[^>]*>', page)[0])  # type: ignore[index]


async def test_json_gets_a_problem_with_the_reason_and_nothing_is_stored(orders: Any) -> None:
    a, b = await addresses(orders)
    refused = await orders.call("POST", f"{a}/pack")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == PLACED
    assert (await orders.call("GET", a)).json()["status"] == "draft"
    assert (await orders.call("POST", f"{b}/pack")).json()["entity"]["status"] == "packed"


async def test_click_and_plain_form_show_the_reason(orders: Any) -> None:
    a, _ = await addresses(orders)
    clicked = await orders.click(f"{a}/pack")
    assert clicked.headers["starmodel-status"] == "409"
    assert toasts(clicked.text) == [("error", PLACED)]
    sent = await orders.submit(f"{a}/discount", {"percent": "7"})
    assert sent.status_code == 409
    assert PLACED in sent.text


async def test_condition_that_raises_is_a_fault_without_its_text(orders: Any) -> None:
    a, _ = await addresses(orders)
    failed = await orders.call("POST", f"{a}/broken")
    assert failed.status_code == 500
    assert "missing" not in failed.text


async def test_record_page_disables_and_hides_by_the_state(
    orders: Any, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = await addresses(orders)
    with caplog.at_level(logging.ERROR, "starmodel.events"):
        draft, placed = (await orders.page(a)).text, (await orders.page(b)).text
    assert 'aria-disabled="true"' in button(draft, "pack")
    assert f'title="{PLACED}"' in button(draft, "pack")
    assert 'aria-keyshortcuts="P"' in button(draft, "pack")
    assert 'data-hint="Pack (P)"' in button(draft, "pack")
    assert 'aria-disabled="true"' not in button(placed, "pack")
    assert 'title="Pack (P)"' in button(placed, "pack")
    assert 'aria-disabled="true"' in button(draft, "discount")
    assert re.search(r"<form hidden[^>]*reopen|<form[^>]*reopen[^>]* hidden", draft)
    assert not re.search(r"<form hidden[^>]*reopen|<form[^>]*reopen[^>]* hidden", placed)
    assert "clear right now whether this is possible" in button(draft, "broken")
    failures = [r for r in caplog.records if "Order.broken" in r.getMessage()]
    assert len(failures) == 1


async def test_row_menu_has_the_visible_events_and_the_reasons(orders: Any) -> None:
    page = (await orders.page("/orders?order=title")).text
    may = re.findall(r'data-may="([^"]*)"', page)
    refused = [json.loads(html.unescape(t)) for t in re.findall(r'data-refused="([^"]*)"', page)]
    assert ["reopen" in names.split() for names in may] == [False, True]
    assert [rows.get("pack") for rows in refused] == [PLACED, None]


async def test_bulk_of_mixed_records_says_how_many_were_refused_and_why(orders: Any) -> None:
    ids = [address.rpartition("/")[2] for address in await addresses(orders)]
    done = await orders.call("POST", "/orders/_bulk", {"event": "pack", "id": ids})
    assert done.json() == {"done": [ids[1]], "refused": {ids[0]: PLACED}}
    clicked = await orders.click("/orders/_bulk", {})
    assert clicked.headers["starmodel-status"] == "400"


async def test_events_of_a_record_are_listed_with_the_visitors_rights(visit: Any) -> None:
    browser = visit(Order)
    await browser.call("POST", "/orders", {"title": "A", "status": "packed", "packer": "ann"})
    (a,) = await addresses(browser)
    listed = (await browser.call("GET", f"{a}/_events")).json()
    assert listed["pack"] == PLACED
    assert listed["reopen"] == listed["place"] == ""
    assert listed["unpack"]
    await browser.get("/sign-in/ann")
    assert (await browser.call("GET", f"{a}/_events")).json()["unpack"] == ""


@unlisted
class Parcel(Entity):
    model_config = EntityConfig(access="public", scope="record")
    title: str
    sealed: bool = False

    @event(when=record.sealed == False, when_text="It is sealed.")  # noqa: E712
    def seal(self) -> None:
        self.sealed = True


async def test_open_pages_get_the_new_states_with_the_change(visit: Any) -> None:
    ann = visit(Parcel)
    made = await ann.call("POST", "/parcels", {"title": "P"})
    url = made.headers["location"]
    async with ann.watch(await ann.page(url)) as stream:
        await ann.click(f"{url}/seal")
        while "It is sealed." not in (patch := await stream.block()):
            continue
    assert "data-ready=" in patch


@unlisted
class Buyer(Entity):
    model_config = EntityConfig(store="sql", access="public")
    name: str
    blocked: bool = False


@unlisted
class Sale(Entity):
    model_config = EntityConfig(store="sql", access="public")
    name: str
    buyer: Buyer

    @event(when=record.buyer.blocked == False, when_text="The buyer is blocked.")  # noqa: E712
    def confirm(self) -> None:
        self.name += "!"


async def test_rule_over_a_relation_is_decided_for_all_rows_of_a_list_at_once(
    visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = visit(Buyer, Sale)
    for name, blocked in (("a", True), ("b", False)):
        made = (await browser.call("POST", "/buyers", {"name": name, "blocked": blocked})).json()
        for number in range(3):
            data = {"name": f"{name}{number}", "buyer_id": made["entity"]["id"]}
            assert (await browser.call("POST", "/sales", data)).status_code == 201
    asked: list[int] = []
    meeting = browser.app.starmodel.meeting

    async def counted(condition: Any, entities: Any) -> Any:
        asked.append(len(entities))
        return await meeting(condition, entities)

    monkeypatch.setattr(browser.app.starmodel, "meeting", counted)
    page = (await browser.page("/sales?order=name")).text
    refused = [html.unescape(t) for t in re.findall(r'data-refused="([^"]*)"', page)]
    assert asked == [6]
    assert ["blocked" in text for text in refused] == [True] * 3 + [False] * 3
    items = (await browser.call("GET", "/sales?order=name")).json()["items"]
    outcomes = [await browser.call("POST", f"/sales/{items[n]['id']}/confirm") for n in (0, 5)]
    assert [each.status_code for each in outcomes] == [409, 200]
