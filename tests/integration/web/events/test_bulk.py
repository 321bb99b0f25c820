"""Bulk events: each record commits separately, and the response fits the client's type."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import DATASTAR, HTML, ORIGIN, toasts, unlisted
from integration.web.entities import OWNERS_WRITE
from starmodel import Entity, EntityConfig, Field, event

FORM = {"content-type": "application/x-www-form-urlencoded"}


@unlisted
class Book(Entity):
    model_config = EntityConfig(access="public", scope="record")
    title: str = ""
    sold: int = 0
    left: int = 1

    @event
    def sell(self) -> None:
        if not self.left:
            raise ValueError("None left")
        self.sold += 1
        self.left -= 1

    @event
    def burn(self) -> None:
        raise RuntimeError("s3cr3t path")

    @event
    def rename(self, title: str) -> None:
        self.title = title

    @event(access="role:boss")
    def close(self) -> None:
        self.left = 0


@pytest.fixture
async def shop(visit: Any) -> Any:
    browser = visit(Book)
    for id, left in (("a", 1), ("b", 0), ("c", 1)):
        await browser.call("POST", "/books", {"title": id.upper(), "left": left})
    return browser


async def ids(browser: Any) -> list[str]:
    items = (await browser.call("GET", "/books?order=title")).json()["items"]
    return [item["id"] for item in items]


async def sold(browser: Any) -> list[int]:
    return [i["sold"] for i in (await browser.call("GET", "/books?order=title")).json()["items"]]


async def test_bulk_runs_on_each_and_one_refusal_stops_no_other(shop: Any) -> None:
    a, b, c = await ids(shop)

    response = await shop.call("POST", "/books/_bulk", {"event": "sell", "id": [a, b, c]})

    assert response.status_code == 200
    assert response.json() == {"done": [a, c], "refused": {b: "None left"}}
    assert await sold(shop) == [1, 0, 1]


async def test_bulk_of_one_record_twice_runs_once(shop: Any) -> None:
    a, _, _ = await ids(shop)

    response = await shop.call("POST", "/books/_bulk", {"event": "sell", "id": [a, a]})

    assert response.json() == {"done": [a], "refused": {}}


async def test_bulk_of_one_record_by_two_spellings_of_its_id_runs_once(visit: Any) -> None:
    @unlisted
    class Ticket(Entity):
        model_config = EntityConfig(store="sql", access="public")
        id: int | None = Field(default=None, primary_key=True)
        uses: int = 0

        @event
        def use(self) -> None:
            self.uses += 1

    browser = visit(Ticket)
    await browser.call("POST", "/tickets", {})

    response = await browser.call("POST", "/tickets/_bulk", {"event": "use", "id": [1, "+1", "1"]})

    assert response.json()["done"] == ["1"]
    assert response.json()["refused"].keys() == {"+1"}  # no spelling of 1
    for other in ("+1", "01", "%201"):
        assert (await browser.call("GET", f"/tickets/{other}")).status_code == 404
    assert (await browser.call("GET", "/tickets/1")).json()["uses"] == 1


async def test_bulk_from_a_page_reports_results_in_toasts(shop: Any) -> None:
    a, b, c = await ids(shop)

    response = await shop.post(
        "/books/_bulk", data={"event": "sell", "id[]": [a, b, c]}, headers=DATASTAR
    )

    assert (response.status_code, response.headers["starmodel-status"]) == (200, "422")
    assert toasts(response.text) == [
        ("success", "Sell: done for 2 books."),
        ("error", "Sell: refused for 1 book. None left"),
    ]


async def test_bulk_by_a_plain_form_redirects_to_its_list(shop: Any) -> None:
    a, _, c = await ids(shop)

    response = await shop.submit(
        "/books/_bulk",
        {"event": "sell", "id[]": [a, c]},
        headers={"referer": f"{ORIGIN}/books?order=title"},
    )

    assert (response.status_code, response.headers["location"]) == (303, "/books?order=title")
    assert await sold(shop) == [1, 0, 1]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"event": "explode", "id": ["a"]}, "event is 'explode'; expected one that several"),
        ({"event": "update", "id": ["a"]}, "event is 'update'"),
        ({"event": "create", "id": ["a"]}, "event is 'create'"),
        ({"event": None, "id": ["a"]}, "event is None"),
        ({"event": ["sell"], "id": ["a"]}, "event is ['sell']"),
        ({"event": "sell", "id": []}, "Choose at least one record."),
        ({"event": "sell"}, "Choose at least one record."),
        ({"event": "sell", "id": "a"}, "Choose at least one record."),
        ({"event": "sell", "id": ["x"] * 1001}, "You have chosen 1001 records; up to 1000"),
    ],
)
async def test_invalid_selection_is_400_and_nothing_runs(
    shop: Any, data: dict[str, Any], message: str
) -> None:
    response = await shop.call("POST", "/books/_bulk", data)

    assert response.status_code == 400
    assert message in response.json()["detail"]
    assert await sold(shop) == [0, 0, 0]


@pytest.mark.parametrize("id", [None, {"a": 1}, ["x"], True, 1.5, "x" * 1001])
async def test_what_is_no_id_is_400_and_not_repeated(shop: Any, id: Any) -> None:
    [a, *_] = await ids(shop)

    response = await shop.call("POST", "/books/_bulk", {"event": "sell", "id": [a, id]})

    assert response.status_code == 400
    assert "names no record" in response.json()["detail"]
    assert await sold(shop) == [0, 0, 0]


async def test_event_that_does_not_exist_is_repeated_in_short(shop: Any) -> None:
    response = await shop.call("POST", "/books/_bulk", {"event": "x" * 5000, "id": ["a"]})
    assert response.status_code == 400
    assert len(response.content) < 500


async def test_question_about_another_event_than_delete_runs_nothing(shop: Any) -> None:
    chosen = {"event": "sell", "id": await ids(shop), "ask": True}

    assert (await shop.call("POST", "/books/_bulk", chosen)).status_code == 400
    assert await sold(shop) == [0, 0, 0]


async def test_empty_selection_by_a_plain_form_is_an_error_page(shop: Any) -> None:
    response = await shop.submit("/books/_bulk", {"event": "sell"})

    assert response.status_code == 400
    assert "Choose at least one record." in response.text


async def test_bulk_event_without_permission_runs_on_none(shop: Any) -> None:
    response = await shop.call("POST", "/books/_bulk", {"event": "close", "id": await ids(shop)})
    await shop.page("/sign-in/ann")
    signed_in = await shop.call("POST", "/books/_bulk", {"event": "close", "id": await ids(shop)})
    await shop.page("/sign-in/ann?roles=boss")
    boss = await shop.call("POST", "/books/_bulk", {"event": "close", "id": await ids(shop)})

    assert (response.status_code, signed_in.status_code, boss.status_code) == (401, 403, 200)
    assert len(boss.json()["done"]) == 3


async def test_bulk_evaluates_the_rule_for_each_record(visit: Any) -> None:
    class Note(Entity):
        model_config = EntityConfig(access=OWNERS_WRITE)
        owner: str

    browser = visit(Note)
    await browser.page("/sign-in/bob")
    his = (await browser.call("POST", "/notes", {"owner": "bob"})).json()["entity"]["id"]
    await browser.page("/sign-in/ann")
    hers = (await browser.call("POST", "/notes", {"owner": "ann"})).json()["entity"]["id"]

    response = await browser.call("POST", "/notes/_bulk", {"event": "delete", "id": [his, hers]})

    assert response.json() == {"done": [hers], "refused": {his: "You may not run Note.delete."}}


async def test_unknown_record_is_rejected_alone(shop: Any) -> None:
    a, _, _ = await ids(shop)

    response = (
        await shop.call("POST", "/books/_bulk", {"event": "sell", "id": ["none", a]})
    ).json()

    assert response["done"] == [a]
    assert list(response["refused"]) == ["none"]


async def test_error_is_logged_and_its_text_not_disclosed(
    shop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    response = await shop.call("POST", "/books/_bulk", {"event": "burn", "id": await ids(shop)})

    assert "s3cr3t" not in response.text
    assert len(response.json()["refused"]) == 3
    assert "s3cr3t path" in caplog.text


async def test_repeated_key_runs_nothing_again(shop: Any) -> None:
    a, _, c = await ids(shop)
    data, key = {"event": "sell", "id": [a, c]}, {"idempotency-key": "one"}

    first = await shop.call("POST", "/books/_bulk", data, headers=key)
    again = await shop.call("POST", "/books/_bulk", data, headers=key)

    assert first.json() == again.json() == {"done": [a, c], "refused": {}}
    assert await sold(shop) == [1, 0, 1]


async def test_cross_site_bulk_is_rejected(shop: Any) -> None:
    response = await shop.post(
        "/books/_bulk",
        json={"event": "sell", "id": await ids(shop)},
        headers=HTML | {"origin": "https://evil.example"},
    )

    assert response.status_code == 403
    assert await sold(shop) == [0, 0, 0]


async def test_delete_of_many_removes_them(shop: Any) -> None:
    a, b, c = await ids(shop)

    await shop.call("POST", "/books/_bulk", {"event": "delete", "id": [a, c]})

    assert await ids(shop) == [b]


async def test_question_about_deleting_counts_what_is_left(shop: Any) -> None:
    a, b, c = await ids(shop)
    await shop.call("DELETE", f"/books/{c}")

    asked = await shop.call(
        "POST", "/books/_bulk", {"event": "delete", "id": [a, b, c, "gone"], "ask": True}
    )
    nothing = await shop.call("POST", "/books/_bulk", {"event": "delete", "id": [c], "ask": True})

    assert asked.json()["question"] == "Delete 2 books?"
    assert (nothing.status_code, nothing.json()["detail"]) == (
        409,
        "None of these records is left.",
    )
