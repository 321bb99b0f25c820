"""What an event has done is said in a toast, on the page that follows."""

from __future__ import annotations

from typing import Any

from integration.web.browser import ORIGIN, moved_to, toasts
from integration.web.records.desk import Desk


async def _order(app: Any, desk: Desk) -> str:
    order = await app.starmodel.objects(desk.order).create(number="1042")
    return f"/orders/{order.id}"


async def test_event_is_named_with_the_record(desk: Desk, app: Any, visit: Any) -> None:
    browser, url = visit(app), await _order(app, desk)
    reply = await browser.click(f"{url}/ship", referer=ORIGIN + url)
    assert toasts(reply.text) == [("success", "Ship: done for order 1042.")]


async def test_event_of_a_child_is_said_on_the_page_of_its_parent(
    desk: Desk, app: Any, visit: Any
) -> None:
    browser, url = visit(app), await _order(app, desk)
    reply = await browser.click(f"{url}/ship", referer=f"{ORIGIN}/customers/c1")
    assert toasts(reply.text) == [("success", "Ship: done for order 1042.")]


async def test_toast_of_the_event_itself_takes_its_place(desk: Desk, app: Any, visit: Any) -> None:
    browser, url = visit(app), await _order(app, desk)
    reply = await browser.click(f"{url}/tell", referer=ORIGIN + url)
    assert toasts(reply.text) == [("info", "Told.")]


async def test_pages_of_the_application_itself_get_no_toast(
    desk: Desk, app: Any, visit: Any
) -> None:
    browser, url = visit(app), await _order(app, desk)
    reply = await browser.click(f"{url}/ship", referer=f"{ORIGIN}/mine")
    assert toasts(reply.text) == []


async def test_creation_is_said_with_a_link_where_it_was_sent_from_the_list(
    app: Any, visit: Any
) -> None:
    browser = visit(app)
    reply = await browser.post(
        "/orders", data={"number": "7"},
        headers={"datastar-request": "true", "origin": ORIGIN, "referer": f"{ORIGIN}/orders"},
    )  # fmt: skip
    (made,) = (await browser.call("GET", "/orders")).json()["items"]
    assert toasts(reply.text) == [("success", "Order 7 created.")]
    assert f'href="/orders/{made["id"]}"' in reply.text


async def test_change_and_deletion_are_said_after_a_redirect(
    desk: Desk, app: Any, visit: Any
) -> None:
    browser, url = visit(app), await _order(app, desk)
    saved = await browser.submit(
        f"{url}/update", {"number": "1043"}, headers={"referer": f"{ORIGIN}{url}/edit"}
    )
    assert "Order 1043 saved." in (await browser.page(saved.headers["location"])).text
    gone = await browser.click(f"{url}/delete", referer=ORIGIN + url)
    assert toasts(gone.text) == [("success", "Order 1043 deleted.")]
    assert moved_to(gone.text) == "/orders"


async def test_repeated_click_says_it_once(desk: Desk, app: Any, visit: Any) -> None:
    browser, url = visit(app), await _order(app, desk)
    options = {"referer": ORIGIN + url, "idempotency_key": "same"}
    first = await browser.click(f"{url}/ship", **options)
    again = await browser.click(f"{url}/ship", **options)
    assert (len(toasts(first.text)), toasts(again.text)) == (1, [])
