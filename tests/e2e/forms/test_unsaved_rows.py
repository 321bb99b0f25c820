"""Added, removed and moved rows are unsaved changes: asked for before they are lost, and kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]

ORDERS = """
from __future__ import annotations

from starmodel import Entity, Field, Relationship, create_app


class Order(Entity):
    model_config = {"store": "sql", "access": "public", "inlines": ("lines",)}
    number: str
    tags: list[str] = []
    lines: list[Line] = Relationship(order="position")


class Line(Entity):
    model_config = {"store": "sql", "access": "public"}
    order: Order
    product: str = Field(min_length=2)
    position: int = 0


app = create_app([Order, Line])
"""


@pytest.fixture
def page(serve: Callable[..., Server], visit: Visit) -> Page:
    """The edit form of an order with the lines Tea and Salt, and the tags red and green."""
    visitor = visit(serve(ORDERS))
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
    sent = {
        "number": "A-1", "tags": ["red", "green"],
        "lines": [{"product": "Tea", "position": 1}, {"product": "Salt", "position": 2}],
    }  # fmt: skip
    made = visitor.context.request.post("/orders", data=sent, headers=headers)
    return visitor.open(f"/orders/{made.json()['entity']['id']}/edit", live=False)


def _products(page: Page) -> list[str]:
    inputs = page.locator("[data-inline] tbody").get_by_label("Product", exact=True)
    return [each.input_value() for each in inputs.all()]


def _tags(page: Page) -> list[str]:
    inputs = page.locator("[data-rows=tags] [data-row-list] input[type=text]")
    return [each.input_value() for each in inputs.all()]


def _is_asked(page: Page) -> bool:
    """Whether a link asks before it leaves; answered by staying."""
    page.get_by_role("link", name="Cancel").click()
    dialog = page.locator("dialog.sm-ask")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button").first.click()
    expect(dialog).to_have_count(0)
    return True


def test_rows_of_a_draft_come_back_in_their_order(page: Page) -> None:
    page.get_by_role("button", name="Add line").click()
    page.keyboard.type("Milk")
    page.locator("[data-inline] tr").nth(3).get_by_role("button", name="Move up").click()
    page.locator("[data-rows=tags] [data-row-do=remove]").first.click()
    page.locator("[data-rows=tags] > [data-row-do=add]").click()
    page.keyboard.type("blue")
    page.wait_for_function("Object.keys(localStorage).some((key) => "
                           "localStorage[key].includes('blue'))")  # fmt: skip
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator(".sm-draft")).to_be_visible()
    assert _products(page) == ["Tea", "Milk", "Salt"]
    assert _tags(page) == ["green", "blue"]
    page.get_by_role("button", name="Discard").click()
    assert _products(page) == ["Tea", "Salt"]
    assert _tags(page) == ["red", "green"]


def test_restored_rows_are_saved(page: Page) -> None:
    page.get_by_role("button", name="Add line").click()
    page.keyboard.type("Milk")
    page.locator("[data-inline] tr").nth(3).get_by_role("button", name="Move up").click()
    page.wait_for_function("Object.keys(localStorage).some((key) => "
                           "localStorage[key].includes('Milk'))")  # fmt: skip
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator(".sm-draft")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#children-lines tbody td.sm-first")).to_have_text(["Tea", "Milk", "Salt"])


def test_an_added_row_alone_is_asked_for_before_leaving(page: Page) -> None:
    page.get_by_role("button", name="Add line").click()
    assert _is_asked(page)


def test_a_moved_row_alone_is_asked_for_before_leaving(page: Page) -> None:
    page.locator("[data-inline] tr").nth(2).get_by_role("button", name="Move up").click()
    assert _is_asked(page)


def test_a_removed_row_of_an_editor_alone_is_asked_for_before_leaving(page: Page) -> None:
    page.locator("[data-rows=tags] [data-row-do=remove]").last.click()
    assert _is_asked(page)
