"""Changes stream to every page that shows them, and to no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Visitor, answer, expect_streams, field, form, hide, show
from e2e.serving import Server

pytestmark = pytest.mark.small

Visit = Callable[..., Visitor]


def new_product(page: Page, name: str, **values: str) -> str:
    """Create a product by the generated form; returns its URL."""
    page.goto("/products/new")
    page.get_by_label("Name").fill(name)
    for label, value in values.items():
        page.get_by_label(label.capitalize(), exact=True).fill(value)
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(lambda url: "/products/" in url and not url.endswith("/new"))
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    return page.url


def test_app_entity_reaches_every_visitor_and_no_session_entity(shop: Server, visit: Visit) -> None:
    ann, bob, cid = (visit(shop) for _ in range(3))
    first, second = ann.open("/board"), bob.open("/wall")
    own = cid.open("/counter")
    form(own, "Increment").get_by_role("button").click()
    expect(field(own, "Count")).to_have_text("1")

    form(first, "Add").get_by_label("Note").fill("<b>tea & 'milk'</b>")
    form(first, "Add").get_by_role("button").click()
    expect(field(first, "Notes").locator("li").last).to_have_text("<b>tea & 'milk'</b>")
    expect(second.locator("#note-list li").last).to_have_text("<b>tea & 'milk'</b>")
    expect(second.locator("#mine")).to_have_text("0")
    expect(field(own, "Count")).to_have_text("1")


def test_dict_field_updates_with_added_and_removed_keys(shop: Server, visit: Visit) -> None:
    first, second = visit(shop).open("/board"), visit(shop).open("/board")

    def run(event: str, name: str) -> None:
        box = form(first, event)
        box.get_by_label("Name").fill(name)
        box.get_by_role("button").click()

    run("Vote", "ann")
    expect(field(second, "Votes").locator("dt")).to_have_text(["ann"])
    run("Vote", "bob")
    expect(field(second, "Votes").locator("dt")).to_have_text(["ann", "bob"])
    run("Unvote", "ann")
    expect(field(second, "Votes").locator("dt")).to_have_text(["bob"])
    run("Unvote", "bob")
    expect(field(second, "Votes").locator("dt")).to_have_count(0)


def test_live_part_and_signals_of_a_user_page(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page, tab = ann.open("/wall"), ann.open("/wall")
    page.get_by_role("button", name="Two").click()
    page.get_by_role("button", name="Five").click()
    for each in (page, tab):
        expect(each.locator("#mine")).to_have_text("7")


def test_live_part_returned_by_an_event_is_live(shop: Server, visit: Visit) -> None:
    page, other = visit(shop).open("/peek"), visit(shop).open("/board")
    page.get_by_role("button", name="Peek").click()
    for note in ("Brought", "Brought later"):
        form(other, "Add").get_by_label("Note").fill(note)
        form(other, "Add").get_by_role("button").click()
        expect(page.locator("#note-list li").last).to_have_text(note)


def test_back_button_shows_the_current_state(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page, tab = ann.open("/counter"), ann.open("/counter")
    page.get_by_role("link", name="Job").click()
    expect(page).to_have_url(f"{shop.url}/job")
    form(tab, "Increment").get_by_role("button").click()
    expect(field(tab, "Count")).to_have_text("1")
    page.go_back()
    expect(field(page, "Count")).to_have_text("1")
    form(tab, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("2")


def test_generator_event_shows_each_step(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page, tab = ann.open("/job"), ann.open("/job")
    for each in (page, tab):
        # Values rendered by the page over time.
        each.evaluate(
            "() => { window.steps = []; new MutationObserver(() => {"
            " const text = document.querySelector('#Job-fields dd').textContent;"
            " if (window.steps.at(-1) !== text) window.steps.push(text);"
            " window.toasts = (window.toasts ?? new Set()).add("
            "   [...document.querySelectorAll('[data-toast] p')].map((p) => p.innerText).join());"
            "}).observe(document.body, {subtree: true, childList: true, characterData: true}) }"
        )
    form(page, "Work").get_by_role("button").click()
    expect(form(page, "Work")).to_have_attribute("aria-busy", "true")
    expect(page.locator("[data-toast] p")).to_have_text(["Step 1", "Step 2", "Step 3"])
    assert {"Step 1", "Step 1,Step 2"} <= set(page.evaluate("[...window.toasts]"))
    expect(form(page, "Work")).not_to_have_attribute("aria-busy", "true")
    for each in (page, tab):
        expect(field(each, "Step")).to_have_text("3")
        assert each.evaluate("window.steps") == ["1", "2", "3"]
    expect(tab.locator("[data-toast]")).to_have_count(0)


def test_record_in_two_windows_updates_and_shows_its_deletion(shop: Server, visit: Visit) -> None:
    ann, bob = visit(shop), visit(shop)
    page = ann.context.new_page()
    url = new_product(page, "Two windows", stock="3")
    other = bob.open(url)
    form(page, "Adjust stock").get_by_label("Delta").fill("-2")
    form(page, "Adjust stock").get_by_role("button").click()
    expect(field(other, "Stock")).to_have_text("1")

    form(other, "Adjust stock").get_by_label("Delta").fill("7")
    page.get_by_role("button", name="Delete").click()
    answer(page, "Delete")
    expect(page).to_have_url(f"{shop.url}/products")
    expect(other.get_by_text("This product has been removed.")).to_be_visible()
    expect(form(other, "Adjust stock").get_by_label("Delta")).to_have_value("7")

    form(other, "Adjust stock").get_by_role("button").click()
    expect(other.get_by_role("alert")).to_be_visible()
    assert bob.responses[-1].headers["starmodel-status"] == "410"
    expect(form(other, "Adjust stock").get_by_label("Delta")).to_have_value("7")
    bob.expect_errors("status of 404")
    other.goto(url)
    expect(other.get_by_role("heading", level=1)).to_have_text("Not found")


def test_delete_requires_confirmation_and_can_be_cancelled(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.context.new_page()
    url = new_product(page, "Stays")
    page.get_by_role("button", name="Delete").click()
    answer(page, "Cancel")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url == url
    sent = [r for r in ann.requests if r.url.endswith("/delete") and r.method != "GET"]
    assert sent == []


def test_watched_record_stays_and_its_expiry_is_shown(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.open("/offers/new", live=False)
    page.get_by_label("Text").fill("Today only")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(lambda url: not url.endswith("/new"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Today only")
    page.wait_for_timeout(1500)  # longer than its ttl
    form(page, "Extend").get_by_label("Text").fill("Tomorrow too")
    form(page, "Extend").get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tomorrow too")

    form(page, "Extend").get_by_label("Text").fill("Typed")
    hide(page)
    expect_streams(ann, 0)
    page.wait_for_timeout(1300)
    show(page)
    expect(page.get_by_text("This Offer has been removed.")).to_be_visible()
    expect(form(page, "Extend").get_by_label("Text")).to_have_value("Typed")
