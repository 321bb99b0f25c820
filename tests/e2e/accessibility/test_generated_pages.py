"""axe-core finds no violation on any generated page, in any state, in light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.accessibility.axe import unreadable, violations
from e2e.browsing import Visitor, form
from e2e.serving import Server

Visit = Callable[..., Visitor]


@pytest.fixture
def ann(gallery: Server, visit: Visit) -> Visitor:
    return visit(gallery, reduced_motion="reduce")  # no colour is measured during a transition


def test_pages_have_no_violations(ann: Visitor) -> None:
    ann.expect_errors("status of 40[134]")
    page = ann.context.new_page()
    found: list[str] = []
    for path in (
        "/",
        "/books",
        "/books?order=-price&page=2",
        "/books?search=none",
        "/empties",
        "/books/new",
        "/authors/ann",
        "/everythings/one",
        "/everythings/one/edit",
        "/counter",
        "/closed",
        "/nowhere",
    ):
        page.goto(path)
        found += violations(page, path)
    page.goto("/in")
    page.goto("/closed")
    found += violations(page, "403")
    assert found == []


def test_states_of_a_list_have_no_violations(ann: Visitor) -> None:
    page = ann.open("/books")
    found: list[str] = []
    page.get_by_label("Select Book 01", exact=True).check()
    expect(page.get_by_text("1 chosen")).to_be_visible()
    found += violations(page, "chosen rows")
    page.get_by_label("Actions for Book 02", exact=True).click()
    expect(page.get_by_role("button", name="Sell").locator("visible=true").first).to_be_visible()
    found += violations(page, "open menu")
    assert found == []


def test_states_of_forms_and_messages_have_no_violations(ann: Visitor, gallery: Server) -> None:
    page = ann.open("/counter")
    found: list[str] = []
    for kind in ("info", "success", "warning", "error"):
        form(page, "Tell").get_by_label("Kind").select_option(kind)
        form(page, "Tell").get_by_role("button").click()
        expect(page.get_by_text(f"This is {kind}")).to_be_visible()
    form(page, "Work").get_by_role("button").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    found += violations(page, "toasts and progress")

    page.goto("/books/new")
    page.get_by_label("Title").evaluate("(input) => { input.required = false }")
    page.get_by_label("Price").fill("-1")
    page.get_by_label("Price").evaluate("(input) => { input.form.noValidate = true }")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("small").get_by_text("Must be at least 0.")).to_be_visible()
    found += violations(page, "form with errors")

    page.goto("/books")
    page.get_by_role("link", name="Book 01", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += violations(page, "dialog")
    assert found == []


def test_error_page_of_the_developer_has_no_violations(ann: Visitor, gallery: Server) -> None:
    ann.expect_errors("status of 500")
    page: Page = ann.context.new_page()
    page.goto(gallery.sign_in_url)
    page.goto("/counter")
    page.evaluate("document.querySelector('#Counter-crash').removeAttribute('data-on:submit')")
    page.evaluate("document.querySelector('#Counter-crash').submit()")
    expect(page.get_by_text("Broken on purpose").first).to_be_visible()
    assert violations(page, "500") == []


def test_phone_has_no_violations(gallery: Server, visit: Visit) -> None:
    small = {"width": 390, "height": 800}
    visitor = visit(gallery, viewport=small, reduced_motion="reduce")
    page = visitor.open("/books", live=False)
    found = violations(page, "phone")
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    found += violations(page, "phone menu")
    page.goto("/books/new")
    found += violations(page, "phone form")
    assert found == []


THEMES = "amber blue green gray neutral orange purple red rose slate stone teal violet yellow zinc"


def test_every_theme_has_sufficient_contrast_in_light_and_dark(ann: Visitor) -> None:
    page = ann.open("/books?per_page=2")
    page.locator("tbody .sm-pick input").first.check()
    assert [told for theme in THEMES.split() for told in unreadable(page, theme)] == []
