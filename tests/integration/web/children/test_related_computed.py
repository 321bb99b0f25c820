"""Computed fields over children: shown in lists and on pages, live."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.children.entities import INVOICES, Entry, Invoice
from integration.web.relations.desk import queries
from starmodel import create_app
from starmodel.testing import Visitor


@pytest.fixture
def visitor(in_memory: Any) -> Visitor:
    return Visitor(create_app(INVOICES))


def _invoice(visitor: Visitor, number: str, *amounts: int) -> Any:
    invoice = visitor.run(Invoice.objects.create(number=number))
    for amount in amounts:
        visitor.run(Entry.objects.create(invoice_id=invoice.id, amount=amount))
    return invoice


def test_list_shows_the_totals_of_its_records_and_follows_the_children(visitor: Visitor) -> None:
    first, _ = _invoice(visitor, "A", 3, 4), _invoice(visitor, "B")
    page = visitor.open("/invoices?order=number")
    assert page.texts("tbody td.sm-number") == ["7", "0"]
    visitor.run(Entry.objects.create(invoice_id=first.id, amount=5))
    assert page.texts("tbody td.sm-number") == ["12", "0"]


def test_change_of_a_child_queries_the_lists_that_show_its_parent(visitor: Visitor) -> None:
    first, second = _invoice(visitor, "A", 3), _invoice(visitor, "B")
    pages = [visitor.open(f"/invoices?order=number&per_page=1&page={n}") for n in (1, 2)]

    def totals() -> list[str]:
        return [page.text("tbody td.sm-number") for page in pages]

    assert totals() == ["3", "0"]

    async def update(entry: Any, **values: Any) -> None:
        stored = await Entry.objects.get(entry.id)
        await visitor.app.starmodel.dispatch(stored.do.update(**values))

    with queries(visitor.app, Invoice) as seen:
        entry = visitor.run(Entry.objects.create(invoice_id=first.id, amount=5))
        assert totals() == ["8", "0"]
        assert seen.count("Invoice") == 1
        visitor.run(update(entry, amount=6))
        assert totals() == ["9", "0"]
        assert seen.count("Invoice") == 2
        visitor.run(update(entry, invoice_id=second.id))
        assert totals() == ["3", "6"]
        assert seen.count("Invoice") == 4
        visitor.run(visitor.app.starmodel.dispatch(entry.do.delete()))
        assert totals() == ["3", "0"]
        assert seen.count("Invoice") == 5


def test_rendered_rows_are_kept_for_the_same_total_only(visitor: Visitor) -> None:
    first, _ = _invoice(visitor, "A", 3, 4), _invoice(visitor, "B")
    for _ in range(2):
        assert visitor.open("/invoices?order=number").texts("tbody td.sm-number") == ["7", "0"]
    visitor.run(Entry.objects.create(invoice_id=first.id, amount=5))
    assert visitor.open("/invoices?order=number").texts("tbody td.sm-number") == ["12", "0"]


def test_page_shows_the_total_and_follows_the_children(visitor: Visitor) -> None:
    invoice = _invoice(visitor, "A", 3)
    page = visitor.open(f"/invoices/{invoice.id}")
    assert page.text(".sm-related-figures tbody") == "3"
    entry = visitor.run(Entry.objects.create(invoice_id=invoice.id, amount=5))
    assert page.text(".sm-related-figures tbody") == "8"
    other = visitor.open(f"/entries/{entry.id}")
    other.submit(entry.do.delete())
    assert page.text(".sm-related-figures tbody") == "3"


def test_total_is_no_part_of_the_state(visitor: Visitor) -> None:
    invoice = _invoice(visitor, "A", 3)
    assert "total" not in visitor.get(f"/invoices/{invoice.id}").json()
    assert "total" not in visitor.get("/invoices").json()["items"][0]
