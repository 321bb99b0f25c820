"""Every click runs one command, and unsent input survives patches."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from e2e.browsing import SERVER_AWAY, Visitor, field, form
from e2e.serving import Server

pytestmark = pytest.mark.small

Visit = Callable[..., Visitor]


class Hold:
    """Holds a request back from the server until `release`."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def __call__(self, route: Route) -> None:
        self.routes.append(route)

    def release(self) -> None:
        self.routes.pop().continue_()


def test_thirty_quick_clicks_count_thirty(shop: Server, visit: Visit) -> None:
    page = visit(shop).open("/counter")
    form(page, "Increment").get_by_role("button").evaluate(
        "(button) => { for (let i = 0; i < 30; i++) button.click() }"
    )
    expect(field(page, "Count")).to_have_text("30")
    page.reload()
    expect(field(page, "Count")).to_have_text("30")


def test_clicks_before_the_stream_is_open_count_once(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    ann.context.add_init_script(
        "window.seen = []; new MutationObserver(() => {"
        " const text = document.querySelector('#mine')?.textContent;"
        " if (text && window.seen.at(-1) !== text) window.seen.push(text);"
        "}).observe(document, {subtree: true, childList: true, characterData: true})"
    )
    hold = Hold()
    ann.context.route("**/_starmodel/stream*", hold)
    page = ann.open("/wall", live=False)
    for _ in range(3):
        page.get_by_role("button", name="Two").click()
    expect(page.locator("#mine")).to_have_text("6")
    hold.release()
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    page.get_by_role("button", name="Five").click()
    expect(page.locator("#mine")).to_have_text("11")
    seen = [int(text) for text in page.evaluate("window.seen")]
    assert seen == sorted(seen)


def test_two_buttons_of_one_event_keep_their_amounts(shop: Server, visit: Visit) -> None:
    page = visit(shop).open("/wall")
    page.evaluate(
        "() => { const [two, five] = document.querySelectorAll('button');"
        " for (let i = 0; i < 5; i++) { two.click(); five.click() } }"
    )
    expect(page.locator("#mine")).to_have_text("35")


def test_click_with_lost_response_is_retried_and_counts_once(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    ann.expect_errors(*SERVER_AWAY)
    page = ann.open("/counter")
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("1")
    tries: list[str] = []

    def lose_first_reply(route: Route) -> None:
        tries.append(route.request.headers["idempotency-key"])
        if len(tries) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/counter/increment", lose_first_reply)
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("2")
    expect(form(page, "Increment")).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert len(tries) == 2
    assert len(set(tries)) == 1
    page.reload()
    expect(field(page, "Count")).to_have_text("2")


def test_enter_submits_and_a_form_is_empty_after_success(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.open("/board")
    note = form(page, "Add").get_by_label("Note")
    note.fill("By Enter")
    note.press("Enter")
    expect(field(page, "Notes")).to_contain_text("By Enter")
    expect(note).to_have_value("")
    expect(note).to_be_focused()


def test_rejected_form_keeps_input_and_shows_the_error_beside_the_field(
    shop: Server, visit: Visit
) -> None:
    ann = visit(shop)
    page = ann.open("/products/new", live=False)
    name = page.locator("[name=name]")
    tags = page.get_by_role("group", name="Tags").get_by_role("textbox")
    name.fill("A name of more than twenty characters")
    page.get_by_label("Stock").fill("12")
    page.get_by_label("Size").select_option("L")
    page.get_by_label("Active").uncheck()
    for word in ("new", "red"):
        page.get_by_role("button", name="Add tag", exact=True).click()
        tags.last.fill(word)
    page.get_by_role("button", name="Create", exact=True).click()
    beside = page.locator(".sm-field").filter(has=name).locator("small")
    expect(beside).to_have_text("At most 20 characters.")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("At most 20 characters.")
    expect(name).to_be_focused()
    expect(name).to_have_value("A name of more than twenty characters")
    expect(page.get_by_label("Stock")).to_have_value("12")
    expect(page.get_by_label("Size")).to_have_value("L")
    expect(page.get_by_label("Active")).not_to_be_checked()
    assert [box.input_value() for box in tags.all()] == ["new", "red"]
    sent = [r for r in ann.responses if "starmodel-status" in r.headers]
    assert sent[-1].headers["starmodel-status"] == "422"

    name.fill("Short")
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url(lambda url: not url.endswith("/new"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Short")
    expect(field(page, "Active")).to_have_text("No")
    expect(field(page, "Tags").locator("li")).to_have_text(["new", "red"])


def test_domain_error_is_shown_and_changes_nothing(shop: Server, visit: Visit) -> None:
    page = visit(shop).open("/counter")
    amount = form(page, "Decrement").get_by_label("Amount")
    amount.fill("3")
    amount.press("Enter")
    expect(page.get_by_role("alert").get_by_role("paragraph")).to_have_text("Only 0 left")
    expect(amount).to_have_value("3")
    expect(field(page, "Count")).to_have_text("0")


def test_error_beside_a_field_is_removed_after_success(shop: Server, visit: Visit) -> None:
    page = visit(shop).open("/counter")
    amount = form(page, "Increment").get_by_label("Amount")
    small = form(page, "Increment").locator("small")
    amount.evaluate("(input) => { input.type = 'text'; input.value = 'three' }")
    form(page, "Increment").get_by_role("button").click()
    expect(small).to_have_text("Enter a whole number.")
    expect(amount).to_have_value("three")
    amount.fill("3")
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("3")
    expect(small).to_be_empty()
    expect(amount).not_to_have_attribute("aria-invalid", "true")


def test_edit_form_shows_the_values_and_saves_the_changed_ones(shop: Server, visit: Visit) -> None:
    page = visit(shop).open("/products/new", live=False)
    page.get_by_label("Name").fill("Before")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Name")).to_have_value("Before")
    page.get_by_label("Name").fill("After")
    page.get_by_label("Price").fill("2.5")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("After")
    expect(field(page, "Price")).to_have_text("2.5")


def test_input_typed_during_a_request_is_kept(shop: Server, visit: Visit) -> None:
    page = visit(shop).open("/counter")
    amount = form(page, "Increment").get_by_label("Amount")
    hold = Hold()
    page.route("**/counter/increment", hold)
    amount.fill("5")
    amount.press("Enter")
    expect(form(page, "Increment")).to_have_attribute("aria-busy", "true")
    amount.fill("6")
    hold.release()
    expect(field(page, "Count")).to_have_text("5")
    expect(form(page, "Increment")).not_to_have_attribute("aria-busy", "true")
    expect(amount).to_have_value("6")


def test_proxy_error_is_shown_and_keeps_unsent_input(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    ann.expect_errors("status of 502")
    page = ann.open("/counter")
    amount = form(page, "Increment").get_by_label("Amount")
    page.route("**/counter/increment", lambda route: route.fulfill(status=502, body="no upstream"))
    amount.fill("5")
    amount.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Try again")
    expect(amount).to_have_value("5")


def test_user_routes_handle_clicks_like_events(shop: Server, visit: Visit) -> None:
    page = visit(shop).open("/parts", live=False)
    for name, place, text in (("Component", "#part", "A part"), ("Signals", "#told", "something")):
        page.get_by_role("button", name=name).click()
        expect(page.locator(place)).to_have_text(text)
    with page.expect_response("**/nothing"):
        page.get_by_role("button", name="Nothing").click()
    expect(page.get_by_role("heading", name="Parts")).to_have_count(1)
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url("**/wall")
