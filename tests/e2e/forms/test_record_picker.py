"""Choosing a related record: keyboard, roles, stale answers, a new record in a dialog, filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from e2e.accessibility.axe import violations
from e2e.apps.town_orders import TOWN_ORDERS
from e2e.browsing import Visitor, expect_state
from e2e.serving import Server

Visit = Callable[..., Visitor]
CHOICES = "**/customers/_choices*"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("desk"), TOWN_ORDERS) as server:
        yield server


@pytest.fixture
def ann(desk: Server, visit: Visit) -> Visitor:
    return visit(desk)


def made(visitor: Visitor, path: str, **data: object) -> Any:
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
    answer = visitor.context.request.post(path, data=data, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()["entity"]


def customer(page: Page, label: str = "Customer") -> Locator:
    return page.get_by_role("combobox", name=label)


def options(page: Page) -> Locator:
    return page.locator("[role=option]:visible")


def sent_id(page: Page, name: str = "customer_id") -> Locator:
    return page.locator(f"main input[type=hidden][name={name}]")


def test_record_is_chosen_by_keyboard_alone(ann: Visitor) -> None:
    ids = [made(ann, "/customers", name=f"Key {n}", email=f"k{n}@x.example")["id"] for n in "abc"]
    page = ann.open("/orders/new", live=False)
    box = customer(page)
    expect(box).to_have_attribute("aria-expanded", "false")
    box.focus()
    page.keyboard.type("key")
    expect(options(page)).to_have_text(
        [
            "Key aka@x.example",
            "Key bkb@x.example",
            "Key ckc@x.example",
            "New customer \u201ckey\u201d",
        ]
    )
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("listbox")).to_have_attribute(
        "id", box.get_attribute("aria-controls") or ""
    )

    def active() -> str:
        return page.locator(f"#{box.get_attribute('aria-activedescendant')}").inner_text()

    assert "Key a" in active()
    steps = {"ArrowDown": "Key b", "End": "New", "Home": "Key a", "ArrowUp": "New"}
    for key, title in (*steps.items(), ("ArrowDown", "Key a"), ("ArrowDown", "Key b")):
        page.keyboard.press(key)
        assert title in active(), key
    page.keyboard.press("Enter")
    expect(box).to_have_value("Key b")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(sent_id(page)).to_have_value(ids[1])
    expect(page.get_by_role("link", name="Open in a new tab")).to_have_attribute(
        "href", f"/customers/{ids[1]}"
    )
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Key c")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.get_by_label("Title").fill("By keys")
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/orders/*-*")


def test_tab_takes_the_active_option_and_escape_clears_an_optional_one(ann: Visitor) -> None:
    id = made(ann, "/customers", name="Tabbed")["id"]
    page = ann.open("/orders/new", live=False)
    agent = customer(page, "Agent")
    agent.focus()
    page.keyboard.type("tab")
    expect(options(page).first).to_contain_text("Tabbed")
    page.keyboard.press("Tab")
    expect(agent).to_have_value("Tabbed")
    expect(sent_id(page, "agent_id")).to_have_value(id)
    agent.focus()
    page.keyboard.press("Escape")
    expect(agent).to_have_value("")
    expect(sent_id(page, "agent_id")).to_have_value("")
    expect(customer(page)).to_have_attribute("required", "")


def test_late_answer_does_not_replace_a_newer_one(ann: Visitor) -> None:
    for name in ("Slow one", "Fast one"):
        made(ann, "/customers", name=name)
    page = ann.open("/orders/new", live=False)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/customers/_choices?search=slow", hold)
    box = customer(page)
    box.fill("slow")
    for _ in range(100):
        if held:
            break
        page.wait_for_timeout(50)
    box.fill("fast")
    expect(options(page).first).to_contain_text("Fast one")
    held[0].continue_()
    page.wait_for_timeout(300)
    expect(options(page).first).to_contain_text("Fast one")


def test_no_results_and_a_server_that_is_away_are_said(ann: Visitor) -> None:
    page = ann.open("/orders/new", live=False)
    box = customer(page)
    box.fill("nobody of this name")
    expect(page.get_by_text("No results", exact=True).first).to_be_visible()
    ann.expect_errors("Failed to load resource", "ERR_FAILED")
    page.route(CHOICES, lambda route: route.abort())
    box.fill("anybody")
    expect(page.get_by_text("The server can't be reached.").first).to_be_visible()
    page.unroute(CHOICES)
    page.get_by_label("Title").fill("Typed only")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("small[id$='-customer_id-problem']")).to_have_text(
        "Choose one from the list."
    )


def test_new_record_is_made_in_a_dialog_and_chosen(ann: Visitor) -> None:
    page = ann.open("/orders/new", live=False)
    page.get_by_label("Title").fill("Kept")
    box = customer(page)
    box.fill("Newcomer")
    options(page).filter(has_text="New customer").click()
    dialog = page.get_by_role("dialog", name="New customer")
    name = dialog.get_by_label("Name")
    expect(name).to_have_value("Newcomer")
    expect(name).to_be_focused()
    name.fill("N")
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog.get_by_text("At least 2 characters.")).to_be_visible()
    expect(name).to_have_attribute("aria-invalid", "true")
    assert violations(page, "dialog") == []

    town = dialog.get_by_role("combobox", name="Town")  # a picker inside the dialog
    town.fill("Utrecht")
    expect(options(page).filter(has_text="New town")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    town.fill("")
    name.fill("Newcomer")
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(box).to_have_value("Newcomer")
    expect(box).to_be_focused()
    expect(page.get_by_label("Title")).to_have_value("Kept")
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/orders/*-*")


def test_last_choices_come_first_until_sign_out(ann: Visitor) -> None:
    for name in ("Aaa", "Zzz"):
        made(ann, "/customers", name=name)
    page = ann.open("/orders/new", live=False)
    customer(page).fill("zzz")
    options(page).filter(has_text="Zzz").first.click()
    page.reload()
    customer(page).click()
    expect(page.get_by_role("listbox").get_by_text("Recent")).to_be_visible()
    expect(options(page).first).to_contain_text("Zzz")
    ann.context.clear_cookies()  # another session, as after a sign-out
    page.goto("/orders/new")
    customer(page).click()
    expect(options(page).filter(has_text="Aaa").first).to_be_visible()
    expect(page.get_by_role("listbox").get_by_text("Recent")).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('recent'))") == []


def test_hostile_title_is_shown_as_text(ann: Visitor) -> None:
    title = "<img src=x onerror=alert(1)> \"q\" 'x' \u05e9\u05dc\u05d5\u05dd"
    made(ann, "/customers", name=title, email="<b>bold</b>")
    page = ann.open("/orders/new", live=False)
    box = customer(page)
    box.fill("<img")
    options(page).first.click()
    expect(box).to_have_value(title)
    assert page.locator("main img").count() == 0


def test_list_is_filtered_by_a_chosen_record(ann: Visitor) -> None:
    bea = made(ann, "/customers", name="Filtered Bea")["id"]
    other = made(ann, "/customers", name="Other")["id"]
    made(ann, "/orders", title="Of Bea", customer_id=bea)
    made(ann, "/orders", title="Of other", customer_id=other)
    page = ann.open("/orders")
    page.get_by_text("Filters", exact=True).click()
    box = customer(page)
    box.fill("Filtered")
    options(page).first.click()
    page.wait_for_url(f"**/orders?customer_id={bea}")
    expect(page.get_by_role("row", name="Of Bea")).to_be_visible()
    expect(page.get_by_role("row", name="Of other")).to_have_count(0)
    expect(customer(page)).to_have_value("Filtered Bea")
    assert violations(page, "filtered list") == []
    page.get_by_role("button", name="Clear Customer").click()
    page.wait_for_url(re.compile(r"/orders\??$"))
    expect(page.get_by_role("row", name="Of other")).to_be_visible()


def test_event_parameter_is_chosen_on_the_record_page(ann: Visitor) -> None:
    first, second = (made(ann, "/customers", name=n)["id"] for n in ("Giver", "Taker"))
    order = made(ann, "/orders", title="Handed", customer_id=first)["id"]
    page = ann.open(f"/orders/{order}")
    page.get_by_role("button", name="Hand over\u2026").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Customer").fill("tak")
    options(page).first.click()
    assert violations(page, "record") == []
    dialog.get_by_role("button", name="Hand over", exact=True).click()
    expect(dialog).to_have_count(0)
    expect_state(ann, f"/orders/{order}", customer_id=second)


def test_open_list_has_no_accessibility_violations(ann: Visitor) -> None:
    made(ann, "/customers", name="Axe", email="axe@x.example")
    page = ann.open("/orders/new", live=False)
    customer(page).click()
    expect(options(page).first).to_be_visible()
    assert violations(page, "open list") == []


def test_search_step_without_javascript(desk: Server, visit: Visit) -> None:
    visitor = visit(desk, java_script_enabled=False)
    visitor.expect_errors("422")
    made(visitor, "/customers", name="Plain Pat", email="pat@x.example")
    page = visitor.context.new_page()
    page.goto("/orders/new")
    page.get_by_label("Title").fill("Without scripts")
    page.get_by_role("textbox", name="Customer").fill("plain")
    page.get_by_role("button", name="Create", exact=True).click()
    match = page.get_by_role("radio", name="Plain Pat pat@x.example")
    expect(match).to_be_checked()
    expect(page.get_by_label("Title")).to_have_value("Without scripts")
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/orders/*-*")
    expect(page.locator("main").get_by_text("Without scripts").first).to_be_visible()


def test_words_typed_before_the_picker_has_loaded_are_searched_for(ann: Visitor) -> None:
    made(ann, "/customers", name="Early bird")
    page = ann.context.new_page()
    waiting = list[Route]()

    def wait(route: Route) -> None:
        waiting.append(route)

    page.route("**/editing-*.js", wait)
    page.goto("/orders/new", wait_until="domcontentloaded")
    page.locator("[data-picker] input[type=text]").first.press_sequentially("Early")
    for route in waiting:
        route.continue_()
    options(page).first.click()
    expect(customer(page)).to_have_value("Early bird")
