"""Generated pages by keyboard, and validation messages while a form is edited."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.browsing import Visitor, form
from e2e.serving import Server

Visit = Callable[..., Visitor]


@pytest.fixture
def ann(gallery: Server, visit: Visit) -> Visitor:
    return visit(gallery, color_scheme="light", reduced_motion="reduce")


def focused(page: Page) -> str:
    """The accessible name of the focused element."""
    return str(
        page.evaluate(
            "() => { const at = document.activeElement; return (at.ariaLabel"
            " || at.labels?.[0]?.innerText || at.innerText || at.id).trim().split('\\n')[0] }"
        )
    )


def tabs(page: Page, times: int) -> list[str]:
    found = []
    for _ in range(times):
        page.keyboard.press("Tab")
        found.append(focused(page))
    return found


def test_skip_link_skips_the_navigation(ann: Visitor) -> None:
    page = ann.open("/counter")
    assert tabs(page, 1) == ["Skip to content"]
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert focused(page) == "" or page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('main')")


def test_tab_key_follows_reading_order_in_a_list(ann: Visitor) -> None:
    page = ann.open("/books?order=title&per_page=2")
    page.locator("#content").focus()
    first = tabs(page, 3)
    assert first == [
        "New book",
        "Search books",
        "Filters",
    ]  # the arrow keys lead to the other tools
    page.get_by_label("Select all books of this page").focus()
    order = tabs(page, 12)
    assert [name for name in order if name in ("Book 00", "Book 01")] == ["Book 00", "Book 01"]
    assert order.index("Select Book 00") < order.index("Book 00")
    assert order.index("Book 00") < order.index("Actions for Book 00")


def test_menu_of_a_row_opens_moves_and_closes_by_keyboard(ann: Visitor) -> None:
    page = ann.open("/books?order=title&per_page=2")
    opener = page.locator("tbody summary").first
    opener.focus()
    page.keyboard.press("Enter")
    menu = page.locator("details.sm-menu[open]")
    expect(menu).to_have_count(1)
    items = menu.locator(".sm-item")
    expect(items.first).to_be_visible()
    names = items.all_inner_texts()
    seen = []
    for _ in names:
        page.keyboard.press("ArrowDown")
        seen.append(focused(page))
    assert seen == names
    page.keyboard.press("ArrowDown")
    assert focused(page) == names[0]
    page.keyboard.press("ArrowUp")
    assert focused(page) == names[-1]
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(opener).to_be_focused()


def test_confirmation_dialog_traps_and_restores_focus(ann: Visitor) -> None:
    page = ann.open("/books?order=title&per_page=2")
    page.get_by_role("link", name="Book 01", exact=True).click()
    delete = page.get_by_role("button", name="Delete")
    delete.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_have_accessible_name("Delete book 01?")
    assert focused(page) == "Cancel"
    for _ in range(6):
        page.keyboard.press("Tab")
        outside = page.evaluate(
            "!document.activeElement.closest('dialog') && document.activeElement !== document.body"
        )
        assert not outside
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(delete).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("Book 01")


def sentence(page: Page, label: str) -> Locator:
    box = page.get_by_label(label)
    return page.locator(".sm-field").filter(has=box).locator("small")


def test_validation_while_typing_matches_the_server(ann: Visitor) -> None:
    page = ann.open("/books/new", live=False)
    title, price = page.get_by_label("Title"), page.get_by_label("Price")
    title.focus()
    page.keyboard.type("A title of more than twenty letters")
    page.wait_for_timeout(600)
    expect(sentence(page, "Title")).to_be_empty()  # no validation error while typing
    page.keyboard.press("Tab")
    expect(sentence(page, "Title")).to_have_text("At most 20 characters.")
    expect(title).to_have_attribute("aria-invalid", "true")
    expect(title).to_have_accessible_description("At most 20 characters.")

    title.fill("Short")
    expect(sentence(page, "Title")).to_be_empty()
    expect(title).not_to_have_attribute("aria-invalid", "true")

    title.fill("Again a title of more than twenty letters")
    expect(sentence(page, "Title")).to_have_text("At most 20 characters.")
    price.evaluate("(input) => { input.form.noValidate = true }")
    price.fill("-1")
    price.blur()
    expect(sentence(page, "Price")).to_have_text("Must be at least 0.")
    price.focus()
    page.keyboard.press("Enter")
    expect(sentence(page, "Title")).to_have_text("At most 20 characters.")
    expect(sentence(page, "Price")).to_have_text("Must be at least 0.")
    expect(title).to_be_focused()  # the first invalid input
    answers = [
        r.headers["starmodel-status"] for r in ann.responses if "starmodel-status" in r.headers
    ]
    assert answers == ["422"]


def test_toast_stays_under_the_pointer_and_can_be_dismissed(ann: Visitor) -> None:
    ann.context.add_init_script(
        "const wait = setTimeout; window.setTimeout = (f, ms, ...a) =>"
        " wait(f, ms === 5000 ? 400 : ms === 1000 ? 100 : ms, ...a)"
    )
    page = ann.open("/counter")
    form(page, "Tell").get_by_role("button").click()
    toast = page.locator("[data-toast]")
    toast.hover()
    page.wait_for_timeout(900)
    expect(toast).to_be_visible()
    page.mouse.move(0, 0)
    expect(toast).to_have_count(0)

    form(page, "Tell").get_by_role("button").click()
    toast.get_by_role("button", name="Dismiss").focus()
    page.wait_for_timeout(900)
    page.keyboard.press("Enter")
    expect(toast).to_have_count(0)


def test_dark_theme_is_stored_and_shared_with_other_tabs_from_the_first_frame(ann: Visitor) -> None:
    ann.context.add_init_script(
        "requestAnimationFrame(() => { window.first = document.documentElement.className })"
    )
    page, other = ann.open("/counter"), ann.open("/books", live=False)
    switch = page.get_by_role("button", name="Switch between light and dark").locator(
        "visible=true"
    )
    switch.focus()
    page.keyboard.press("Enter")
    expect(page.locator("html.dark")).to_be_attached()
    expect(other.locator("html.dark")).to_be_attached()
    for each in (page, other):
        each.reload()
        assert "dark" in each.evaluate("window.first").split()
    switch.click()
    expect(other.locator("html.dark")).to_have_count(0)


def test_side_bar_leads_to_a_new_record_by_keyboard(ann: Visitor) -> None:
    page = ann.open("/counter")
    new = page.get_by_role("link", name="Create book", exact=True)
    assert new.evaluate(OPACITY) == "0"
    page.get_by_role("link", name="Books", exact=True).focus()
    page.keyboard.press("Tab")
    expect(new).to_be_focused()
    expect(new).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New book")


OPACITY = "link => getComputedStyle(link).opacity"


def test_phone_menu_opens_and_closes_by_keyboard(gallery: Server, visit: Visit) -> None:
    page = visit(gallery, viewport={"width": 390, "height": 800}).open("/counter")
    page.get_by_role("button", name="Menu").focus()
    page.keyboard.press("Enter")
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation).to_be_visible()
    page.keyboard.press("Escape")
    expect(navigation).to_be_hidden()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()


@pytest.mark.parametrize("script", [True, False], ids=["live", "plain"])
def test_record_with_every_input_is_saved_unchanged(
    gallery: Server, visit: Visit, script: bool
) -> None:
    visitor = visit(gallery, java_script_enabled=script, timezone_id="America/New_York")
    page = visitor.context.new_page()
    state = visitor.context.request.get("/everythings/one", headers={"accept": "application/json"})
    page.goto("/everythings/one/edit")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(f"{gallery.url}/everythings/one")
    after = visitor.context.request.get("/everythings/one", headers={"accept": "application/json"})
    assert after.json() == state.json()
