"""Drafts of forms with rows and chosen records: nothing that was filled in is lost by a reload."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]

DESK = """
from __future__ import annotations

from starmodel import Entity, Relationship, create_app


class Product(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str


class Order(Entity):
    model_config = {"store": "sql", "access": "public", "inlines": ("lines",)}
    number: str
    main: Product | None
    tags: list[str] = []
    lines: list[Line] = Relationship(order="position")


class Line(Entity):
    model_config = {"store": "sql", "access": "public"}
    order: Order
    product: Product | None
    note: str = ""
    position: int = 0


app = create_app([Product, Order, Line])
"""


@pytest.fixture
def desk(serve: Callable[..., Server]) -> Server:
    return serve(DESK)


def _choose(page: Page, number: int, title: str) -> None:
    box = page.get_by_role("combobox").nth(number)
    box.fill(title)
    page.get_by_role("option", name=title, exact=True).click()
    expect(box).to_have_value(title)


def _reload_with_draft(page: Page, text: str) -> None:
    page.wait_for_function(
        "(text) => Object.entries(localStorage).some(([key, value]) => "
        "key.startsWith('starmodel-draft:') && value.includes(text))",
        arg=text,
    )
    page.reload()
    expect(page.locator(".sm-draft")).to_contain_text("restored")


def test_chosen_records_and_added_rows_are_restored(desk: Server, visit: Visit) -> None:
    ann = visit(desk)
    page = ann.open("/orders/new", live=False)
    page.on("dialog", lambda dialog: dialog.accept())
    for name in ("Pen", "Ink"):
        sent = {"accept": "application/json", "origin": desk.url}
        assert ann.context.request.post("/products", data={"name": name}, headers=sent).ok
    page.get_by_label("Number").fill("A-1")
    _choose(page, 0, "Pen")
    tags = page.locator("[data-rows=tags]")
    for name in ("one", "two"):
        tags.locator("[data-row-do=add]").click()
        tags.locator("input:not([type=hidden])").last.fill(name)
    page.get_by_role("button", name="Add line").click()
    _choose(page, 1, "Pen")
    _choose(page, 2, "Ink")
    page.locator("[name='lines.1.note']").fill("second row")

    _reload_with_draft(page, "second row")

    for number, title in enumerate(("Pen", "Pen", "Ink")):
        expect(page.get_by_role("combobox").nth(number)).to_have_value(title)
    expect(page.locator("[name='lines.1.note']")).to_have_value("second row")
    expect(tags.locator("input:not([type=hidden])")).to_have_count(2)
    expect(tags.locator("input:not([type=hidden])").last).to_have_value("two")

    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A-1")
    expect(page.locator("#children-lines tbody tr")).to_have_count(2)
    expect(page.locator("#children-lines")).to_contain_text("Ink")


def test_discarded_draft_leaves_the_rows_of_the_server(desk: Server, visit: Visit) -> None:
    page = visit(desk).open("/orders/new", live=False)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("[data-rows=tags] [data-row-do=add]").click()
    page.get_by_role("button", name="Add line").click()
    page.locator("[name='lines.1.note']").fill("discarded")

    _reload_with_draft(page, "discarded")
    page.get_by_role("button", name="Discard draft").click()

    expect(page.locator("[data-inline-row]")).to_have_count(1)
    expect(page.locator("[data-rows=tags] [data-row]")).to_have_count(0)
    page.reload()
    expect(page.locator(".sm-draft")).to_have_count(0)
    expect(page.locator("[data-inline-row]")).to_have_count(1)
