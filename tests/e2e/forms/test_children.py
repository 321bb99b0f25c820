"""Children of a record: live lists on its page, and rows in its form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.accessibility.axe import violations
from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]

DESK = '''
from __future__ import annotations

from decimal import Decimal

from starmodel import Entity, Field, Relationship, create_app, event


class Order(Entity):
    model_config = {"store": "sql", "access": "public", "inlines": ("lines",)}
    number: str
    note: str = ""
    lines: list[Line] = Relationship(order="position")


class Line(Entity):
    model_config = {"store": "sql", "access": "public"}
    order: Order
    product: str = Field(min_length=2)
    quantity: int = Field(1, ge=1)
    price: Decimal = Field(Decimal("1.00"), max_digits=10, decimal_places=2)
    is_gift: bool = False
    position: int = 0

    @event
    def double(self) -> None:
        """Twice as many."""
        self.quantity *= 2


app = create_app([Order, Line])
'''


@pytest.fixture
def desk(serve: Callable[..., Server]) -> Server:
    return serve(DESK)


def _line(page: Page, number: int, name: str) -> object:
    return page.get_by_role("row").nth(number).get_by_label(name, exact=True)


def _create(page: Page, *products: str) -> None:
    """Fill in the form of a new order with a row for each product, and send it."""
    page.goto("/orders/new")
    page.get_by_label("Number").fill("A-1")
    for number, product in enumerate(products, 1):
        if number > 1:
            page.get_by_role("button", name="Add line").click()
        page.get_by_role("row").nth(number).get_by_label("Product", exact=True).fill(product)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("#children-lines")).to_be_visible()


def _listed(page: Page) -> list[str]:
    return page.locator("#children-lines tbody td.sm-first").all_inner_texts()


def test_rows_are_added_moved_and_removed_by_keyboard(desk: Server, visit: Visit) -> None:
    page = visit(desk).open("/orders/new", live=False)
    page.get_by_label("Number").fill("A-1")
    page.get_by_role("row").nth(1).get_by_label("Product", exact=True).fill("Tea")
    page.get_by_role("button", name="Add line").focus()
    for product in ("Salt", "Milk"):
        page.get_by_role("button", name="Add line").press("Enter")
        expect(page.locator(":focus")).to_have_value("")
        page.keyboard.type(product)
    assert page.get_by_role("row").count() == 4
    up = page.get_by_role("row").nth(3).get_by_role("button", name="Move up")
    up.focus()
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Move up")
    page.keyboard.press("Enter")
    first = page.get_by_role("row").nth(1)
    expect(first.get_by_label("Product", exact=True)).to_have_value("Milk")
    page.get_by_role("row").nth(2).get_by_role("checkbox", name="Remove").press("Space")
    assert violations(page, "form with rows") == []
    page.get_by_role("button", name="Create", exact=True).press("Enter")
    expect(page.locator("#children-lines tbody td.sm-first")).to_have_text(["Milk", "Salt"])


def test_a_wrong_row_is_told_beside_its_input_while_typing_and_after_sending(
    desk: Server, visit: Visit
) -> None:
    page = visit(desk).open("/orders/new", live=False)
    page.get_by_label("Number").fill("A-1")
    page.get_by_role("row").nth(1).get_by_label("Product", exact=True).fill("Tea")
    page.get_by_role("button", name="Add line").click()
    row = page.get_by_role("row").nth(2)
    row.get_by_label("Product", exact=True).fill("S")
    row.get_by_label("Quantity").fill("2")
    expect(row.get_by_text("At least 2 characters.")).to_be_visible()
    expect(page.get_by_role("row").nth(1).get_by_text("At least")).to_have_count(0)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(row.get_by_label("Product", exact=True)).to_be_focused()
    row.get_by_label("Product", exact=True).fill("Salt")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("#children-lines tbody td.sm-first")).to_have_text(["Tea", "Salt"])


def test_list_of_children_follows_the_form_in_another_window(desk: Server, visit: Visit) -> None:
    visitor = visit(desk)
    page = visitor.open("/orders/new", live=False)
    _create(page, "Tea", "Salt")
    other = visitor.open(page.url.partition("#")[0])
    assert violations(other, "record with children") == []
    page.goto(f"{page.url.partition('#')[0]}/edit")
    page.get_by_role("row").nth(1).get_by_role("checkbox", name="Remove").check()
    page.get_by_role("row").nth(2).get_by_label("Quantity").fill("5")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator("#children-lines tbody td.sm-first")).to_have_text(["Salt"])
    expect(other.locator("#children-lines tbody")).to_contain_text("5")


def test_row_is_dragged_to_another_place(desk: Server, visit: Visit) -> None:
    page = visit(desk).open("/orders/new", live=False)
    _create(page, "Tea", "Salt", "Milk")
    page.goto(f"{page.url.partition('#')[0]}/edit")
    rows = page.get_by_role("row")
    rows.nth(3).locator(".sm-drag").drag_to(rows.nth(1), target_position={"x": 20, "y": 4})
    expect(rows.nth(1).get_by_label("Product", exact=True)).to_have_value("Milk")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#children-lines tbody td.sm-first")).to_have_text(["Milk", "Tea", "Salt"])


def test_rows_work_without_javascript(desk: Server, visit: Visit) -> None:
    visitor = visit(desk, java_script_enabled=False)
    page = visitor.context.new_page()
    page.goto("/orders/new")
    page.get_by_label("Number").fill("A-1")
    page.get_by_role("row").nth(1).get_by_label("Product", exact=True).fill("Tea")
    page.get_by_role("button", name="Add line").click()
    first = page.get_by_role("row").nth(1)
    expect(first.get_by_label("Product", exact=True)).to_have_value("Tea")
    page.get_by_role("row").nth(2).get_by_label("Product", exact=True).fill("Salt")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("#children-lines tbody td.sm-first")).to_have_text(["Tea", "Salt"])
    page.get_by_role("link", name="Add line").click()
    page.get_by_label("Product").fill("Milk")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("#children-lines tbody td.sm-first")).to_have_count(3)
    page.get_by_role("link", name="Milk").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Product").fill("Cream")
    page.get_by_label("Product").press("Enter")
    expect(page.locator("#children-lines tbody")).to_contain_text("Cream")
    page.goto("/orders/new")
    page.get_by_role("row").nth(1).get_by_label("Product", exact=True).fill("Tea")
    page.get_by_label("Number").fill("A-2")
    page.get_by_label("Number").press("Enter")  # saves, and adds no line
    expect(page.locator("#children-lines tbody td.sm-first")).to_have_text(["Tea"])


def test_total_follows_the_rows_while_typing_and_is_kept(
    serve: Callable[..., Server], visit: Visit
) -> None:
    page = visit(serve(TOTALS)).open("/orders/new", live=False)
    total = page.get_by_label("Total")
    expect(total).to_have_text("€0.00")
    page.get_by_role("row").nth(1).get_by_label("Price").fill("2.50")
    expect(total).to_have_text("€2.50")
    page.get_by_role("row").nth(1).get_by_label("Quantity").fill("3")
    expect(total).to_have_text("€7.50")
    page.get_by_role("button", name="Add line").click()
    page.get_by_role("row").nth(2).get_by_label("Price").fill("1000")
    expect(total).to_have_text("€1,007.50")
    assert violations(page, "form with a total") == []
    page.get_by_role("row").nth(1).get_by_role("checkbox", name="Remove").check()
    expect(total).to_have_text("€1,000.00")
    page.get_by_label("Number").fill("A-1")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator(".sm-related-figures tbody")).to_contain_text("€1,000.00")


TOTALS = """
from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import computed_field
from starmodel import UI, Entity, Field, create_app

EUR = UI(currency="EUR")


class Order(Entity):
    model_config = {"store": "sql", "access": "public", "inlines": ("lines",)}
    number: str
    lines: list[Line]

    @computed_field
    def total(self) -> Annotated[Decimal, EUR]:
        return sum((line.quantity * line.price for line in self.lines), Decimal(0))


class Line(Entity):
    model_config = {"store": "sql", "access": "public"}
    order: Order
    quantity: int = Field(1, ge=1)
    price: Annotated[Decimal, EUR] = Field(Decimal(0), max_digits=10, decimal_places=2)


app = create_app([Order, Line])
"""
