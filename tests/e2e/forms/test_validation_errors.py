"""Validation errors beside their inputs, ids from pickers, and toasts that cover no control."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from e2e.browsing import Visitor, form
from e2e.serving import Server

Visit = Callable[..., Visitor]
CHECKED_MS = 900  # longer than the debounce of validation while typing
TAKEN = "Name is already taken."


def made(visitor: Visitor, path: str, **data: object) -> Any:
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
    answer = visitor.context.request.post(path, data=data, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()["entity"]


def read(visitor: Visitor, path: str) -> Any:
    return visitor.context.request.get(path, headers={"accept": "application/json"}).json()


def problem(page: Page, name: str) -> Locator:
    return page.locator(f"small[id$='-{name}-problem']")


def fill(page: Page, name: str, text: str) -> None:
    page.fill(f"[name={name}]", text)
    page.press(f"[name={name}]", "Tab")
    page.wait_for_timeout(CHECKED_MS)


def test_duplicate_value_error_stays_until_its_input_changes(
    page_state: Server, visit: Visit
) -> None:
    ann = visit(page_state)
    made(ann, "/crews", name="Red")
    page = ann.open("/crews/new", live=False)
    page.fill("[name=name]", "Red")
    page.get_by_role("button", name="Create").click()
    expect(problem(page, "name")).to_have_text(TAKEN)
    fill(page, "size", "2")
    expect(problem(page, "name")).to_have_text(TAKEN)
    expect(page.locator("[name=name]")).to_have_attribute("aria-invalid", "true")
    fill(page, "name", "Blue")
    expect(problem(page, "name")).to_be_empty()
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/crews/*-*")


def test_conflict_stays_beside_its_input_until_resubmit(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state)
    crew = made(ann, "/crews", name="Conflicted")
    page = ann.open(f"/crews/{crew['id']}/edit", live=False)
    page.fill("[name=size]", "2")
    made(ann, f"/crews/{crew['id']}/update", size=9)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(problem(page, "size")).to_contain_text("changed this to \u201c9\u201d")
    fill(page, "note", "mine")
    expect(problem(page, "size")).to_contain_text("changed this to \u201c9\u201d")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"**/crews/{crew['id']}")
    now = read(ann, f"/crews/{crew['id']}")
    assert (now["size"], now["note"]) == (2, "mine")


def test_picker_sends_the_id_of_a_chosen_record_and_never_typed_text(
    page_state: Server, visit: Visit
) -> None:
    ann = visit(page_state)
    bob, crew = made(ann, "/people", name="Bob"), made(ann, "/crews", name="Led")
    page = ann.open(f"/crews/{crew['id']}")
    lead, picker = form(page, "Lead"), page.locator("[data-picker] input[role=combobox]")
    for text in ("nobody at all", bob["id"]):
        picker.fill(text)
        page.wait_for_timeout(CHECKED_MS)
        picker.press("Escape")  # which closes the list of choices
        lead.get_by_role("button").click()
        expect(problem(page, "by")).to_have_text("Choose one from the list.")
        assert read(ann, f"/crews/{crew['id']}")["note"] == ""
    picker.fill("Bob")
    expect(problem(page, "by")).to_be_empty()
    picker.press("Tab")
    made(ann, f"/crews/{crew['id']}/update", size=3)  # the page is patched under the choice
    expect(page.locator("main dd").get_by_text("3", exact=True)).to_be_visible()
    lead.get_by_role("button").click()
    expect(page.locator("main dd").get_by_text("led by Bob")).to_be_visible()


def test_foreign_key_is_chosen_by_the_name_of_its_record(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state)
    zoe = made(ann, "/people", name="Zoe")
    page = ann.open("/crews/new", live=False)
    page.fill("[name=name]", "Captained")
    picker = page.get_by_label("Captain")
    picker.fill("nobody at all")
    page.wait_for_timeout(CHECKED_MS)
    picker.press("Tab")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(problem(page, "captain_id")).to_have_text("Choose one from the list.")
    picker.fill("Zoe")
    expect(problem(page, "captain_id")).to_be_empty()
    picker.press("Tab")
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/crews/*-*")
    expect(page.get_by_role("heading", name="Captained")).to_be_visible()
    address = page.url.removeprefix(page_state.url)
    assert read(ann, address)["captain_id"] == zoe["id"]
    page = ann.open(f"{address}/edit", live=False)
    picker = page.get_by_label("Captain")
    expect(picker).to_have_value("Zoe")
    picker.fill("")
    picker.press("Tab")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"**{address}")
    assert read(ann, address)["captain_id"] is None


def test_refusal_is_not_displayed_after_the_corrected_form(
    page_state: Server, visit: Visit
) -> None:
    ann = visit(page_state)
    made(ann, "/crews", name="Refused")
    page = ann.open("/crews/new", live=False)
    page.fill("[name=name]", "Refused")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#Crew-create-name-problem")).not_to_be_empty()
    page.fill("[name=name]", "Corrected")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/crews/*-*")
    expect(page.get_by_role("heading", name="Corrected")).to_be_visible()
    expect(page.locator("[data-toast=error]")).to_have_count(0)


def test_toasts_are_bounded_in_number(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state)
    page = ann.open(f"/crews/{made(ann, '/crews', name='Failing')['id']}")
    button, toasts = form(page, "Fail").get_by_role("button"), page.locator("[data-toast]")
    for count in range(1, 8):
        with page.expect_response("**/fail"):
            button.click()
        expect(toasts).to_have_count(min(count, 4))
    toasts.first.get_by_role("button", name="Dismiss").click()
    expect(toasts).to_have_count(3)


def test_focused_input_is_not_covered_by_the_header(page_state: Server, visit: Visit) -> None:
    page = visit(page_state, viewport={"width": 390, "height": 500}).open("/rules/new", live=False)
    page.get_by_label("Id", exact=False).first.fill("r9")
    page.get_by_label("Name").fill("Long form")
    page.get_by_label("Name").fill("")
    page.get_by_role("button", name="Create").scroll_into_view_if_needed()
    page.get_by_label("Id", exact=False).first.fill("")
    page.get_by_role("button", name="Create").scroll_into_view_if_needed()
    page.get_by_role("button", name="Create").click()
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("name", "id")
    bar = page.locator(".sm-bar").bounding_box()
    box = focused.bounding_box()
    assert bar is not None
    assert box is not None
    assert box["y"] >= bar["y"] + bar["height"]
