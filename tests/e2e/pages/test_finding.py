"""The search of the shell, the palette of commands, the list of keys, and keys on rows."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.accessibility.axe import violations
from e2e.browsing import Visitor
from e2e.pages.desk import signed_in
from e2e.serving import Server

Visit = Callable[..., Visitor]


def open_list(visit: Visit, desk: Server, **options: object) -> Page:
    page = signed_in(visit, desk, reduced_motion="reduce", **options)
    page.goto("/orders")
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    return page


def test_search_finds_records_while_typing_and_by_the_keyboard(desk: Server, visit: Visit) -> None:
    page = open_list(visit, desk)
    page.keyboard.press("/")
    search = page.get_by_role("combobox", name="Search", exact=True)
    expect(search).to_be_focused()
    search.press_sequentially("kira")
    customers = page.get_by_role("group", name="Customers")
    expect(customers.get_by_role("option").first).to_be_visible()
    assert not violations(page, "search")
    search.press("Escape")
    expect(customers).to_have_count(0)
    search.press_sequentially(" ")
    search.press("ArrowDown")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
    search.press("Enter")
    page.wait_for_url("**/*s/*")


def test_search_without_a_choice_opens_the_page_of_results(desk: Server, visit: Visit) -> None:
    page = open_list(visit, desk)
    page.keyboard.press("/")
    page.keyboard.type("kira")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    expect(page.get_by_role("heading", name="Customers")).to_be_visible()


def test_palette_runs_commands_and_names_reasons(desk: Server, visit: Visit) -> None:
    page = open_list(visit, desk)
    page.locator("tr", has_text="Placed").locator("a.sm-open").first.click()
    page.wait_for_url("**/orders/*-*")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog")
    ship = palette.get_by_role("option", name="Ship")
    expect(ship).to_contain_text("Only packed orders can be shipped.")
    assert not violations(page, "palette")
    ship.click(force=True)
    expect(palette).to_be_visible()
    page.keyboard.type("customers")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers")
    page.keyboard.press("Control+k")
    recent = page.get_by_role("group", name="Recent").get_by_role("option")
    expect(recent).to_have_text(["Customers"])
    page.keyboard.press("Escape")
    expect(palette).to_have_count(0)


def test_list_of_keys_names_those_of_the_page(desk: Server, visit: Visit) -> None:
    page = open_list(visit, desk)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_contain_text("Select the row")
    assert not violations(page, "keys")
    page.keyboard.press("Escape")
    page.get_by_role("searchbox", name="Search orders").fill("what")
    page.keyboard.press("?")
    expect(keys).to_have_count(0)


def test_rows_are_moved_along_selected_and_edited_by_keys(desk: Server, visit: Visit) -> None:
    page = open_list(visit, desk)
    links = page.locator(".sm-table a.sm-open")
    for key, at in (("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(links.nth(at)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator(".sm-pick input:checked")).to_have_count(1)
    page.keyboard.press("e")
    page.wait_for_url("**/edit")


def test_search_of_a_phone_is_a_button(desk: Server, visit: Visit) -> None:
    page = open_list(visit, desk, viewport={"width": 390, "height": 800})
    page.get_by_role("link", name="Search").click()
    page.keyboard.type("kira")
    expect(page.get_by_role("dialog").get_by_role("option").first).to_be_visible()
