"""Streams of a session close when it ends."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.apps.shop import SHOP
from e2e.browsing import SERVER_AWAY, Visitor, expect_streams, field, form
from e2e.serving import Server

Visit = Callable[..., Visitor]
REFUSED = "status of 40[13]"


def test_sign_out_in_one_tab_ends_the_other(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    ann.expect_errors(REFUSED)
    first = ann.open("/in")
    second = ann.open("/account")
    form(first, "Visit").get_by_role("button").click()
    expect(field(second, "Visits")).to_have_text("1")
    expect_streams(ann, 2)

    first.goto("/out")
    expect(first.locator("main")).to_contain_text("Sign in to see this")
    expect(second.locator("main")).to_contain_text("Sign in to see this")
    expect(field(second, "Visits")).to_have_count(0)
    expect_streams(ann, 0)


def test_sign_out_keeps_unsent_input_in_the_other_tab(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    ann.expect_errors(REFUSED)
    first, second = ann.open("/in"), ann.open("/counter")
    form(second, "Increment").get_by_label("Amount").fill("77")
    first.goto("/out")
    expect(second.get_by_role("status")).to_contain_text("no longer belongs to your session")
    expect(form(second, "Increment").get_by_label("Amount")).to_have_value("77")


def test_sign_in_keeps_the_sessions_counter(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.open("/counter")
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("1")
    ann.open("/in")
    expect(field(page, "Count")).to_have_text("1")
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("2")


def test_development_sign_in_grants_access(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.context.new_page()
    page.goto(shop.sign_in_url)
    expect(page).to_have_url(f"{shop.url}/")
    page.get_by_role("main").get_by_role("link", name="Account").click()
    expect(field(page, "Visits")).to_have_text("0")


def test_click_without_cookie_reloads_the_page_and_runs_nothing(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.open("/counter")
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("1")
    ann.context.clear_cookies()

    with page.expect_navigation():
        form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("0")
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("1")


def test_click_without_cookie_shows_a_notice_with_unsent_input(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.open("/counter")
    form(page, "Increment").get_by_label("Amount").fill("77")
    ann.context.clear_cookies()

    form(page, "Increment").get_by_role("button").click()

    expect(page.get_by_role("status")).to_contain_text("Your session has ended")
    expect(form(page, "Increment").get_by_label("Amount")).to_have_value("77")


def test_restart_keeps_the_signed_in_actor(serve: Callable[..., Server], visit: Visit) -> None:
    shop = serve(SHOP)
    ann = visit(shop)
    ann.expect_errors(REFUSED, *SERVER_AWAY)
    page = ann.open("/in")
    ann.open("/account")
    shop.stop()
    shop.start()
    page.goto("/account")
    expect(field(page, "Visits")).to_have_count(1)
    page.goto("/out")
    shop.stop()
    shop.start()
    page.goto("/account")
    expect(page.locator("main")).to_contain_text("Sign in to see this")
