"""A board whose cards are moved, and cells that are edited in the list, in two windows."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from e2e.accessibility.axe import violations
from e2e.browsing import Visitor
from e2e.pages.desk import signed_in
from e2e.serving import Server

Visit = Callable[..., Visitor]


def test_card_is_moved_by_mouse_and_keyboard_and_seen_elsewhere(desk: Server, visit: Visit) -> None:
    page, other = (signed_in(visit, desk, reduced_motion="reduce") for _ in range(2))
    for each in (page, other):
        each.goto(f"{desk.url}/orders?view=board&search=00001")
        expect(each.locator("html[data-live=open]")).to_have_count(1)
    assert violations(page, "board") == []
    card = column(page, "placed").locator("li").first
    name = card.locator(".sm-card-title").inner_text()
    start, end = card.bounding_box(), column(page, "packed").bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 20, start["y"] + start["height"] - 6)
    page.mouse.down()
    page.mouse.move(end["x"] + 40, end["y"] + 20, steps=4)
    page.mouse.up()
    for each in (page, other):
        expect(titled(column(each, "packed"), name)).to_have_count(1)
        expect(titled(column(each, "placed"), name)).to_have_count(0)

    titled(column(page, "packed"), name).locator(".sm-handle").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    said = page.locator("[data-board-live]")
    expect(said).to_have_text(f"{name} can't move to Placed.")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(titled(column(other, "shipped"), name)).to_have_count(1)
    expect(titled(column(page, "shipped"), name).locator(".sm-handle")).to_be_focused()


def test_cell_keeps_what_is_typed_while_its_row_changes(desk: Server, visit: Visit) -> None:
    visitor = visit(desk, reduced_motion="reduce")
    visitor.expect_errors("status of 422")
    page = visitor.context.new_page()
    page.goto(desk.sign_in_url)
    page.goto(f"{desk.url}/products")
    expect(page.locator("html[data-live=open]")).to_have_count(1)
    row = page.locator("tbody tr").first
    row.locator("[data-edit=price]").dblclick()
    price = page.locator(".sm-cell-editor input[name=price]")
    price.fill("12.5")
    key = row.get_attribute("data-key")
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
    url = f"{desk.url}/products/{key}/update"
    page.context.request.post(url, data={"stock": 77}, headers=headers)
    expect(row.locator("[data-edit=stock]")).to_have_text("77")
    assert violations(page, "open cell") == []
    expect(price).to_have_value("12.5")
    price.press("Tab")
    expect(row.locator("[data-edit=price]")).to_have_text("€12.50")

    stock = page.locator(".sm-cell-editor input[name=stock]")
    expect(stock).to_be_focused()
    stock.fill("-4")
    stock.press("Enter")
    expect(page.locator(".sm-cell-editor").get_by_role("alert")).to_have_text("Must be at least 0.")
    stock.press("Escape")
    expect(row.locator("[data-edit=stock]")).to_be_focused()
    expect(row.locator("[data-edit=stock]")).to_have_text("77")


def column(page: Page, value: str) -> Locator:
    return page.locator(f"[data-column={value}]")


def titled(cards: Locator, name: str) -> Locator:
    return cards.locator("li").filter(has_text=name)
