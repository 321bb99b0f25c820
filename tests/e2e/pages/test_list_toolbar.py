"""The toolbar, the position and the chosen rows of a list, without loading the page anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from e2e.accessibility.axe import violations
from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]
ROWS = "tbody tr[data-key]"


def mark(page: Page) -> None:
    """Mark the document, which a load would replace."""
    page.evaluate("document.documentElement.dataset.mark = ''")


def expect_same_document(page: Page) -> None:
    expect(page.locator("html[data-mark]")).to_have_count(1)


def test_list_is_searched_while_words_are_typed(gallery: Server, visit: Visit) -> None:
    page = visit(gallery).open("/books?order=title")
    mark(page)
    search = page.get_by_role("searchbox", name="Search books")
    search.press_sequentially("book 1", delay=20)

    expect(page.locator(ROWS)).to_have_count(10)
    expect(search).to_be_focused()
    expect(page).to_have_url(re.compile(r"/books\?search=book\+1&order=title$"))
    expect(page.locator(".sm-filter-chip")).to_have_text(["Search: book 1"])
    expect(page.locator(".sm-shown-rows")).to_have_text("1\u201310 of 10")
    expect_same_document(page)

    page.locator(".sm-filter-chip").click()
    expect(search).to_have_value("")
    expect(page.locator(ROWS)).to_have_count(25)
    page.go_back()
    expect(search).to_have_value("book 1")
    expect(page.locator(ROWS)).to_have_count(10)
    expect_same_document(page)


def test_shown_list_is_live_after_its_filter_was_changed(gallery: Server, visit: Visit) -> None:
    visitor = visit(gallery)
    page = visitor.open("/books?order=title")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Size").select_option("l")
    expect(page.locator(".sm-filter-chip")).to_have_text(["Size is Large"])
    expect(page.locator("[data-part=filters-count]")).to_have_text("1")
    expect(page.get_by_label("Size")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Size")).not_to_be_visible()
    expect(page.locator("[data-tool=filters] summary")).to_be_focused()
    expect(page.locator("html")).to_have_attribute("data-live", "open")

    headers = {"accept": "application/json", "origin": gallery.url}
    made = visitor.context.request.post(
        "/books", data={"title": "Book 01b", "size": "l"}, headers=headers
    )
    assert made.status == 201
    expect(page.locator(ROWS).nth(1)).to_contain_text("Book 01b")
    visitor.context.request.delete(made.headers["location"], headers=headers)
    expect(page.locator(ROWS).nth(1)).to_contain_text("Book 03")


def test_pages_sizes_and_orders_are_shown_in_place(gallery: Server, visit: Visit) -> None:
    page = visit(gallery).open("/books?order=title")
    mark(page)
    expect(page.locator(".sm-shown-rows")).to_have_text("1\u201325 of 30")
    expect(page.locator(".sm-page-of")).to_have_text("Page 1 of 2")
    page.get_by_role("link", name="Last page").click()
    expect(page.locator(ROWS)).to_have_count(5)
    expect(page.locator(".sm-page-of")).to_have_text("Page 2 of 2")
    page.get_by_role("group", name="Rows per page").get_by_role("link", name="50").click()
    expect(page.locator(ROWS)).to_have_count(30)

    size, price = (page.get_by_role("columnheader", name=name) for name in ("Size", "Price"))
    size.get_by_role("link").click()
    price.get_by_role("link").click(modifiers=["Shift"])
    page.wait_for_url("**order=size%2Cprice*")
    price.get_by_role("link").click(modifiers=["Shift"])
    page.wait_for_url("**order=size%2C-price*")
    expect(price.get_by_role("link")).to_be_focused()
    expect(price.locator(".sm-rank")).to_have_text("2")
    expect_same_document(page)


def test_columns_are_chosen_and_kept_in_this_browser(gallery: Server, visit: Visit) -> None:
    visitor = visit(gallery)
    page = visitor.open("/books")
    page.get_by_text("Columns", exact=True).click()
    choices = page.get_by_role("group", name="Columns of the list")
    choices.get_by_role("link", name="Size").click()
    choices.get_by_role("link", name="Id").click()
    expect(choices.get_by_role("link", name="Id")).to_be_focused()
    heads = page.locator("thead th:not(.sm-pick, .sm-end)")
    expect(heads).to_have_text(["Title", "Price", "Sold", "Day", "On", "Id"])
    page.wait_for_url("**columns=title%2Cprice%2Csold%2Cday%2Con%2Cid")

    later = visitor.open("/books")
    expect(later.locator("thead")).to_contain_text("Id")
    later.get_by_text("Columns", exact=True).click()
    later.get_by_role("link", name="Usual columns").click()
    expect(later.locator("thead")).not_to_contain_text("Id")
    expect(visitor.open("/books").locator("thead")).to_contain_text("Size")


def test_export_menu_saves_what_the_list_shows(gallery: Server, visit: Visit) -> None:
    page = visit(gallery).open("/books?order=-price&size=l&per_page=5")
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()

    assert download.value.suggested_filename == "books.csv"
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "Title,Size,Price,Sold,Day,On"
    assert len(lines) == 16
    assert lines[1].startswith("Book 29,l,29,")


def test_rows_are_chosen_in_ranges_and_on_several_pages(gallery: Server, visit: Visit) -> None:
    page = visit(gallery).open("/books?order=title&per_page=10")
    page.get_by_label("Select Book 01").check()
    page.get_by_label("Select Book 04").click(modifiers=["Shift"])
    bar = page.locator(".sm-bulk")
    expect(bar.locator(".sm-count")).to_have_text("4 chosen")
    expect(bar).to_be_in_viewport()
    page.get_by_role("link", name="Next").click()
    page.get_by_label("Select Book 12").check()
    expect(bar.locator(".sm-count")).to_have_text("5 chosen")
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_label("Select Book 03")).to_be_checked()
    with page.expect_request("**/books/_bulk") as sent:
        bar.get_by_role("button", name="Sell").click()

    assert sent.value.post_data is not None
    assert sent.value.post_data.count("id%5B%5D=") == 5
    expect(bar).not_to_be_visible()


def test_phone_has_sheets_and_one_choice_of_order(gallery: Server, visit: Visit) -> None:
    page = visit(gallery, viewport={"width": 390, "height": 844}).open("/books")
    expect(page.locator("thead")).not_to_be_visible()
    page.get_by_label("Sort").select_option("Price, descending")
    expect(page.locator(ROWS).first).to_contain_text("Book 29")
    page.locator("[data-tool=filters] summary").click()
    sheet = page.locator("[data-tool=filters] .sm-tool-box").bounding_box()
    assert sheet is not None
    assert round(sheet["x"]) == 0
    assert round(sheet["y"] + sheet["height"]) == 844
    page.mouse.click(200, 60)
    expect(page.get_by_label("Size")).not_to_be_visible()
    assert urlsplit(page.url).query == "order=-price"


def test_event_runs_on_all_records_of_the_list(gallery: Server, visit: Visit) -> None:
    page = visit(gallery).open("/books?size=s&per_page=5&order=title")
    page.get_by_label("Select all books of this page").check()
    bar = page.locator(".sm-bulk")
    bar.get_by_role("button", name="Select all 15").click()
    expect(bar.locator(".sm-count")).to_have_text("All 15 chosen")
    with page.expect_response("**/books/_matching") as answer:
        bar.get_by_role("button", name="Sell").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Sell: 15 books?")
        dialog.get_by_role("button", name="Sell").click()

    assert answer.value.status == 200
    expect(page.get_by_text("Sell: done for 15 books.")).to_be_visible()
    expect(bar).not_to_be_visible()


def test_toolbar_and_chosen_rows_have_no_accessibility_violations(
    gallery: Server, visit: Visit
) -> None:
    for width, scheme in ((1440, "light"), (390, "dark")):
        size = {"width": width, "height": 844}
        page = visit(gallery, viewport=size, color_scheme=scheme, reduced_motion="reduce").open(
            "/books?size=l&price__gte=3&search=book&order=size,-price"
        )
        page.get_by_label("Select Book 05").check()
        expect(page.locator(".sm-shown-rows")).to_have_text(re.compile("of 14"))
        for name in ("filters", "columns", "export"):
            page.locator(f"[data-tool={name}] summary").click()
            assert violations(page, f"{name}, {width} px, {scheme}") == []
            page.keyboard.press("Escape")
