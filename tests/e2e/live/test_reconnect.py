"""Streams reconnect after network failures, server restarts and hidden tabs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.apps.shop import LEDGER, SHOP
from e2e.browsing import SERVER_AWAY, Visitor, expect_streams, field, form, hide, show
from e2e.serving import Server

pytestmark = pytest.mark.small

Visit = Callable[..., Visitor]


def test_page_recovers_from_a_restart_without_reload(
    serve: Callable[..., Server], visit: Visit
) -> None:
    server = serve(SHOP)
    ann = visit(server)
    ann.expect_errors(*SERVER_AWAY)
    page = ann.open("/counter")
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("1")
    amount = form(page, "Increment").get_by_label("Amount")
    amount.fill("40")
    page.evaluate("window.mark = 'same page'")

    server.stop()
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    server.start()
    expect(page.get_by_text("Connection lost")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    # The memory store is empty after the restart, and the page renders the new state.
    expect(field(page, "Count")).to_have_text("0")
    expect(amount).to_have_value("40")
    amount.press("Enter")
    expect(field(page, "Count")).to_have_text("40")
    assert page.evaluate("window.mark") == "same page"


def test_short_disconnect_shows_no_status(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.open("/counter")
    page.evaluate(
        "() => { window.told = []; new MutationObserver(() => window.told.push("
        " document.getElementById('starmodel-status').textContent)).observe("
        " document.getElementById('starmodel-status'), {childList: true}) }"
    )
    ann.context.request.get("/drop")
    expect_streams(ann, 1)
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("1")
    assert page.evaluate("window.told") == []


def test_kill_9_loses_no_acknowledged_click_and_counts_none_twice(
    serve: Callable[..., Server], visit: Visit
) -> None:
    server = serve(LEDGER)
    ann, bob = visit(server), visit(server)
    ann.expect_errors(*SERVER_AWAY)
    bob.expect_errors(*SERVER_AWAY)
    page, other = ann.open("/ledger"), bob.open("/ledger")
    page.evaluate(
        """() => {
          window.clicks = window.acknowledged = 0;
          document.addEventListener("datastar-fetch", ({detail: {argsRaw, live}}) => {
            if (!live && argsRaw.status === "200") acknowledged++;
          });
          const button = document.querySelector("#Ledger-click button");
          window.clicking = setInterval(() => { button.click(); clicks++ }, 15);
        }"""
    )
    text = form(page, "Note").get_by_label("Text")
    text.press_sequentially("typed while ", delay=20)
    server.kill()
    acknowledged = page.evaluate("window.acknowledged")
    text.press_sequentially("the server was dead", delay=20)
    clicks = page.evaluate("() => { clearInterval(window.clicking); return window.clicks }")
    server.start()
    assert 0 < acknowledged < clicks

    expect(page.locator("html")).to_have_attribute("data-live", "open")
    answer = ann.context.request.get("/ledger", headers={"accept": "application/json"})
    assert acknowledged <= answer.json()["clicks"] <= clicks
    # Datastar retries requests without a response, with their first idempotency keys.
    expect(field(page, "Clicks")).to_have_text(str(clicks), timeout=15_000)
    expect(field(other, "Clicks")).to_have_text(str(clicks))
    expect(text).to_have_value("typed while the server was dead")
    page.wait_for_function("window.acknowledged >= window.clicks", timeout=15_000)
    time.sleep(0.2)
    assert page.evaluate("[window.acknowledged, window.clicks]") == [clicks, clicks]
    expect(field(page, "Clicks")).to_have_text(str(clicks))


def test_hidden_tab_closes_its_stream_and_catches_up_when_shown(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page, tab = ann.open("/counter"), ann.open("/counter")
    expect_streams(ann, 2)
    form(tab, "Increment").get_by_label("Amount").fill("9")
    hide(tab)
    expect_streams(ann, 1)
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("1")
    expect(field(tab, "Count")).to_have_text("0")
    show(tab)
    expect(field(tab, "Count")).to_have_text("1")
    expect(form(tab, "Increment").get_by_label("Amount")).to_have_value("9")
    expect_streams(ann, 2)


def test_closed_tab_frees_its_stream(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.open("/counter")
    expect_streams(ann, 1)
    page.close()
    expect_streams(ann, 0)


def test_lost_network_is_shown_in_a_tab_that_was_hidden(
    serve: Callable[..., Server], visit: Visit
) -> None:
    server = serve(SHOP)
    ann = visit(server)
    ann.expect_errors(*SERVER_AWAY)
    page = ann.open("/counter")
    server.kill()
    page.wait_for_timeout(200)
    hide(page)
    show(page)
    expect(page.get_by_role("status")).to_contain_text("Connection lost")


def test_half_open_connection_is_detected(serve: Callable[..., Server], visit: Visit) -> None:
    server = serve(SHOP)
    page = visit(server).open("/counter")
    server.freeze()  # three heartbeats of half a second are missing
    expect(page.get_by_role("status")).to_contain_text("Connection lost")
    server.thaw()
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    form(page, "Increment").get_by_role("button").click()
    expect(field(page, "Count")).to_have_text("1")
