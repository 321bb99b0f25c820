"""The question before a deletion names the record and counts what goes along."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import HTML, JSON, ORIGIN
from integration.web.html_forms import form_of, forms_of
from integration.web.records.desk import Desk
from starmodel.plugins.built_in.crud import delete_effects


async def order_with(app: Any, desk: Desk, *, lines: int = 0, shipments: int = 0) -> str:
    """The URL of a new order."""
    application = app.starmodel
    order = await application.objects(desk.order).create(number="1042")
    for _ in range(lines):
        line = await application.objects(desk.line).create(order_id=order.id)
        await application.objects(desk.note).create(line_id=line.id)
    for _ in range(shipments):
        await application.objects(desk.shipment).create(order_id=order.id)
    return f"/orders/{order.id}"


async def asked(browser: Any, url: str) -> Any:
    return (await browser.get(f"{url}/delete", headers=JSON)).json()


async def test_cascades_are_counted_through_levels(desk: Desk, app: Any, visit: Any) -> None:
    browser, url = visit(app), await order_with(app, desk, lines=3, shipments=1)

    question = await asked(browser, url)

    assert question["question"] == "Delete order 1042?"
    assert question["notes"] == [
        "3 order lines and 3 line notes are deleted with it.",
        "1 shipment stays, but without its order.",
    ]
    assert question["obstacles"] == []


async def test_record_without_references_has_the_plain_question(
    desk: Desk, app: Any, visit: Any
) -> None:
    question = await asked(visit(app), await order_with(app, desk))
    assert (question["notes"], question["obstacles"]) == ([], [])


async def test_restricted_record_offers_the_list_of_what_refers_to_it(
    desk: Desk, app: Any, visit: Any
) -> None:
    application, browser = app.starmodel, visit(app)
    customer = await application.objects(desk.customer).create(name="Ann Smith")
    for number in ("1", "2"):
        await application.objects(desk.order).create(number=number, customer_id=customer.id)

    question = await asked(browser, f"/customers/{customer.id}")
    page = (await browser.get(f"/customers/{customer.id}/delete", headers=HTML)).text

    (obstacle,) = question["obstacles"]
    assert question["question"] == "Delete customer Ann Smith?"
    assert obstacle["text"] == "This can't be deleted: 2 orders refer to it."
    assert obstacle["url"] == f"/orders?customer_id={customer.id}"
    found = await browser.call("GET", obstacle["url"])
    assert {each["number"] for each in found.json()["items"]} == {"1", "2"}
    assert forms_of(page) == []


async def test_unreadable_records_are_neither_named_nor_counted(
    desk: Desk, app: Any, visit: Any
) -> None:
    url = await order_with(app, desk)
    id = url.rpartition("/")[2]
    for _ in range(4):
        await app.starmodel.objects(desk.audit).create(order_id=id)
    guest, boss = visit(app), visit(app)
    await boss.get("/sign-in/ann?roles=boss")

    assert (await asked(guest, url))["notes"] == ["Other records are deleted with it."]
    assert (await asked(boss, url))["notes"] == ["4 audits are deleted with it."]


async def test_more_records_than_are_counted_are_a_lower_bound(
    desk: Desk, app: Any, visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delete_effects, "MAX_COUNTED", 2)
    url = await order_with(app, desk, shipments=3)
    assert (await asked(visit(app), url))["notes"] == [
        "More than 2 shipments stay, but without their order."
    ]


async def test_plain_form_asks_on_a_page_and_then_deletes(desk: Desk, app: Any, visit: Any) -> None:
    browser, url = visit(app), await order_with(app, desk, lines=1)
    shown = (await browser.page(url)).text
    page = (await browser.page(f"{url}/delete")).text

    assert f'method="get" action="{url}/delete"' in shown
    assert "Delete order 1042?" in page
    assert "1 order line and 1 line note are deleted with it." in page
    sent = form_of(page, f"{url}/delete").sent
    there = await browser.submit(f"{url}/delete", dict(sent), headers={"referer": ORIGIN + url})
    listed = await browser.page(there.headers["location"])
    assert "Order 1042 deleted." in listed.text
    assert (await browser.call("GET", "/orderlines")).json()["items"] == []


async def test_bulk_form_asks_with_the_sum_of_what_goes_along(
    desk: Desk, app: Any, visit: Any
) -> None:
    browser = visit(app)
    urls = [await order_with(app, desk, lines=2) for _ in range(2)]
    ids = [url.rpartition("/")[2] for url in urls]

    data = {"event": "delete", "id": ids, "ask": True}
    question = (await browser.call("POST", "/orders/_bulk", data)).json()

    assert question["question"] == "Delete 2 orders?"
    assert question["notes"] == ["4 order lines and 4 line notes are deleted with them."]
    assert len((await browser.call("GET", "/orders")).json()["items"]) == 2


async def test_question_requires_the_right_to_delete(desk: Desk, app: Any, visit: Any) -> None:
    application = app.starmodel
    made = await application.objects(desk.audit).create(order_id=(await _order(app, desk)).id)
    response = await visit(app).get(f"/audits/{made.id}/delete", headers=JSON)
    assert response.status_code in (401, 403, 404)
    assert "question" not in response.json()


async def _order(app: Any, desk: Desk) -> Any:
    return await app.starmodel.objects(desk.order).create(number="1")


async def test_hostile_title_is_escaped_in_page_and_toast(desk: Desk, app: Any, visit: Any) -> None:
    browser, hostile = visit(app), "<img src=x onerror=alert(1)>"
    order = await app.starmodel.objects(desk.order).create(number=hostile)
    page = await browser.page(f"/orders/{order.id}/delete")
    assert "<img" not in page.text
    reply = await browser.click(f"/orders/{order.id}/delete", referer=f"{ORIGIN}/orders/{order.id}")
    assert "<img" not in reply.text


async def test_question_asks_each_reference_once_and_pages_never(
    desk: Desk, app: Any, visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, url = visit(app), await order_with(app, desk, lines=12, shipments=12)
    repository = app.starmodel.persistence.for_class(desk.order)
    counted: list[str] = []
    count = type(repository).count

    async def counting(self: Any, query: Any) -> int:
        counted.append(query.entity.__name__)
        return int(await count(self, query))

    monkeypatch.setattr(type(repository), "count", counting)
    await browser.page(url)
    assert counted == []
    await asked(browser, url)
    assert sorted(counted) == ["Audit", "LineNote", "OrderLine", "Shipment"]
