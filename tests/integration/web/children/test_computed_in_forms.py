"""Computed fields in the form of their record follow what is typed; nothing is stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import computed_field

from integration.web.browser import Browser, unlisted
from integration.web.children.entities import INVOICES, Entry, Invoice
from starmodel import UI, Entity, Field, create_app

CHECK = {"starmodel-check": "1", "accept": "application/json", "origin": "http://testserver"}


@pytest.fixture
async def browser(visit: Any, in_memory: Any) -> Browser:
    browser: Browser = visit(create_app(INVOICES))
    return browser


async def _computed(browser: Browser, url: str, sent: dict[str, str]) -> dict[str, str]:
    reply = await browser.post(url, data=sent, headers=CHECK)
    assert reply.status_code == 200, reply.text
    computed: dict[str, str] = reply.json().get("computed", {})
    return computed


async def _invoice(*amounts: int, number: str = "A") -> Any:
    invoice = await Invoice.objects.create(number=number)
    for amount in amounts:
        await Entry.objects.create(invoice_id=invoice.id, amount=amount)
    return invoice


async def test_total_of_a_new_record_adds_its_rows(browser: Browser) -> None:
    page = (await browser.page("/invoices/new")).text
    assert 'data-output="total" id="Invoice-create-total-computed">0</output>' in page
    sent = {"number": "", "entries.0.amount": "3", "entries.1.amount": "4"}
    assert await _computed(browser, "/invoices", sent) == {"total": "7"}
    assert await Entry.objects.count() == await Invoice.objects.count() == 0


async def test_total_of_a_stored_record_follows_changed_removed_and_new_rows(
    browser: Browser,
) -> None:
    invoice = await _invoice(3, 4, 5)
    page = (await browser.page(f"/invoices/{invoice.id}/edit")).text
    assert ">12</output>" in page
    three, four, _ = await Entry.objects.list(order="amount")
    sent = {
        "number": "A",
        "entries.0._id": three.id, "entries.0.amount": "30",
        "entries.1._id": four.id, "entries.1.amount": "4", "entries.1._removed": "true",
        "entries.3.amount": "100",
    }  # fmt: skip
    url = f"/invoices/{invoice.id}/update"
    assert await _computed(browser, url, sent) == {"total": "135"}
    assert await _computed(browser, url, {"number": "B"}) == {"total": "12"}
    wrong = sent | {"entries.0.amount": "many"}
    assert await _computed(browser, url, wrong) == {"total": "108"}
    assert sum(entry.amount for entry in await Entry.objects.list()) == 12


async def test_rows_of_another_record_are_never_counted(browser: Browser) -> None:
    mine, other = await _invoice(1), await _invoice(50, number="B")
    [theirs] = await Entry.objects.list(invoice_id=other.id)
    sent = {"number": "A", "entries.0._id": theirs.id, "entries.0.amount": "7"}
    assert await _computed(browser, f"/invoices/{mine.id}/update", sent) == {"total": "1"}
    sent = {"id": other.id, "number": "C"}
    reply = await browser.post("/invoices", data=sent, headers=CHECK)
    assert "50" not in reply.text


async def test_computed_field_without_rows_is_formatted_as_on_pages(
    visit: Any, in_memory: Any
) -> None:
    @unlisted
    class Article(Entity):
        model_config = {"store": "memory", "access": "public", "scope": "record"}
        name: str
        price: Decimal = Field(Decimal(2), decimal_places=2)
        count: int = 1

        @computed_field
        @property
        def value(self) -> Annotated[Decimal, UI(currency="EUR")]:
            return self.price * self.count

        @computed_field
        @property
        def shout(self) -> str:
            return self.name.upper()

    browser: Browser = visit(create_app([Article]))
    page = (await browser.page("/articles/new")).text
    assert 'id="Article-create-value-computed"><data value="2' in page
    sent = {"name": "<b>", "price": "1234.5", "count": "2"}
    computed = await _computed(browser, "/articles", sent)
    assert ">EUR 2,469.00</data>" in computed["value"]
    assert computed["shout"] == "&lt;B&gt;"
    half = await _computed(browser, "/articles", {"price": "3", "count": "x"})
    assert half["shout"] == '<span class="sm-none">\u2013</span>'
    assert await Article.objects.count() == 0


async def test_nothing_is_computed_for_who_may_not_read_the_record(
    visit: Any, in_memory: Any
) -> None:
    @unlisted
    class Secret(Entity):
        model_config = {
            "store": "memory", "scope": "record",
            "access": {"read": "role:staff", "write": "public"},
        }  # fmt: skip
        name: str = "hidden"

        @computed_field
        @property
        def shout(self) -> str:
            return self.name.upper()

    browser: Browser = visit(create_app([Secret]))
    secret = await Secret.objects.create()
    assert await _computed(browser, f"/secrets/{secret.id}/update", {}) == {}
    assert await _computed(browser, "/secrets", {"name": "mine"}) == {}
    assert "Shout" not in (await browser.page("/secrets/new")).text
