"""Plain forms do what live forms do, with a page load for each."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Visitor, field, form
from e2e.serving import Server

Visit = Callable[..., Visitor]


@pytest.fixture
def page(shop: Server, visit: Callable[..., Visitor]) -> Page:
    visitor = visit(shop, java_script_enabled=False)
    visitor.expect_errors("status of 422")
    return visitor.context.new_page()


def test_event_redirects_to_its_page(page: Page, shop: Server) -> None:
    page.goto("/counter")
    form(page, "Increment").get_by_label("Amount").fill("4")
    form(page, "Increment").get_by_role("button").click()
    expect(page).to_have_url(f"{shop.url}/counter")
    expect(field(page, "Count")).to_have_text("4")
    page.reload()
    expect(field(page, "Count")).to_have_text("4")


def test_record_is_created_edited_and_deleted(page: Page, shop: Server) -> None:
    page.goto("/products")
    page.get_by_role("link", name="New product").click()
    page.get_by_label("Name").fill("Plain pen")
    page.get_by_label("Active").uncheck()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Plain pen")
    expect(field(page, "Active")).to_have_text("No")
    form(page, "Adjust stock").get_by_label("Delta").fill("3")
    form(page, "Adjust stock").get_by_role("button").click()
    expect(field(page, "Stock")).to_have_text("3")
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Active")).not_to_be_checked()
    page.get_by_label("Price").fill("9.5")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(field(page, "Price")).to_have_text("9.5")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete product Plain pen?")
    page.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(f"{shop.url}/products")
    expect(page.locator("[data-toast] p")).to_have_text("Product Plain pen deleted.")
    expect(page.locator("table").get_by_text("Plain pen")).to_have_count(0)


def test_rejected_form_is_rendered_with_its_input(page: Page) -> None:
    page.goto("/products/new")
    page.get_by_label("Name").fill("A name of more than twenty characters")
    page.get_by_label("Stock").fill("12")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("small").get_by_text("At most 20 characters.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("A name of more than twenty characters")
    expect(page.get_by_label("Stock")).to_have_value("12")


def test_list_is_searched_filtered_sorted_and_paginated(gallery: Server, visit: Visit) -> None:
    page = visit(gallery, java_script_enabled=False).context.new_page()
    rows = page.locator("tbody tr")
    page.goto("/books?order=title")
    expect(rows).to_have_count(25)
    page.get_by_role("link", name="Next").click()
    expect(rows.first).to_contain_text("Book 25")

    page.locator("[data-tool=filters] summary").click()
    page.get_by_label("Size").select_option("Large")
    page.get_by_role("searchbox", name="Search books").fill("book 1")
    page.get_by_label("Price from").fill("15")
    page.get_by_role("button", name="Apply").click()
    expect(rows).to_have_text([re.compile(f"Book {n}") for n in (15, 17, 19)])
    expect(page.get_by_label("Size")).to_have_value("l")

    page.get_by_role("columnheader", name="Price").get_by_role("link").click()
    page.get_by_role("columnheader", name="Price").get_by_role("link").click()
    expect(rows).to_have_text([re.compile(f"Book {n}") for n in (19, 17, 15)])
    expect(page.get_by_role("columnheader", name="Price")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.locator(".sm-filter-chips").get_by_role("link", name="Clear all").click()
    expect(page).to_have_url(f"{gallery.url}/books")


def test_event_forms_and_bulk_work(gallery: Server, visit: Visit) -> None:
    visitor = visit(gallery, java_script_enabled=False)
    visitor.expect_errors("422")  # the search step of a form
    page = visitor.context.new_page()
    page.goto("/books?order=title&per_page=2")
    page.get_by_role("link", name="Book 00", exact=True).click()
    book = page.url
    sold = int(field(page, "Sold").inner_text())
    form(page, "Sell").get_by_role("button").click()
    expect(field(page, "Sold")).to_have_text(str(sold + 1))
    form(page, "Note").get_by_label("Text").fill("**plain**")
    form(page, "Note").get_by_label("Author").fill("ann")
    form(page, "Note").get_by_role("button").click()
    expect(page.get_by_role("radio", name="Ann")).to_be_checked()  # words are no id
    form(page, "Note").get_by_role("button").click()
    page.goto(book)
    expect(field(page, "About").locator("strong")).to_have_text("plain")

    page.goto("/books?order=title&per_page=2")
    page.get_by_label("Select Book 00").check()
    page.locator(".sm-bulk").get_by_role("button", name="Sell").click()
    expect(page).to_have_url(f"{gallery.url}/books?order=title&per_page=2")
    expect(page.get_by_role("row", name="Book 00")).to_contain_text(str(sold + 2))
