"""Choosing several related records: chips, keyboard, a new record in a dialog, drafts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.accessibility.axe import violations
from e2e.apps.town_orders import TOWN_ORDERS
from e2e.browsing import Visitor
from e2e.forms.test_record_picker import made, options
from e2e.serving import Server

Visit = Callable[..., Visitor]
HOSTILE = "<img src=x onerror=alert(1)> $& \"q\" 'x'"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("labels"), TOWN_ORDERS) as server:
        yield server


@pytest.fixture
def ann(desk: Server, visit: Visit) -> Visitor:
    return visit(desk)


def labels(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Labels")


def chips(page: Page) -> Locator:
    return page.get_by_role("list", name="Chosen labels").get_by_role("listitem")


def order(visitor: Visitor, **data: object) -> str:
    customer = made(visitor, "/customers", name="Whose")["id"]
    return str(made(visitor, "/orders", title="Tea", customer_id=customer, **data)["id"])


def test_records_are_chosen_and_removed_by_keyboard(ann: Visitor) -> None:
    red, blue = (made(ann, "/labels", name=name)["id"] for name in ("Key red", "Key blue"))
    id = order(ann)
    page = ann.open(f"/orders/{id}/edit", live=False)
    box = labels(page)
    box.focus()
    page.keyboard.type("key r")
    expect(options(page).first).to_have_text("Key red")
    page.keyboard.press("Enter")
    expect(chips(page)).to_have_text(["Key red"])
    expect(box).to_be_focused()
    page.keyboard.type("key b")
    expect(options(page).first).to_have_text("Key blue")
    page.keyboard.press("Enter")
    expect(chips(page)).to_have_text(["Key red", "Key blue"])
    page.keyboard.press("Backspace")
    expect(chips(page)).to_have_text(["Key red"])
    page.keyboard.type("key b")
    expect(options(page).first).to_have_text("Key blue")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Remove Key blue")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(chips(page)).to_have_text(["Key blue"])
    expect(page.get_by_role("button", name="Remove Key blue")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(box).to_be_focused()
    assert violations(page, "chips") == []
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"**/orders/{id}")
    expect(page.get_by_role("link", name="Key blue")).to_be_visible()
    expect(page.get_by_role("link", name="Key red")).to_have_count(0)
    assert red != blue


def test_open_list_marks_what_is_chosen_and_a_new_record_is_made_in_a_dialog(ann: Visitor) -> None:
    made(ann, "/labels", name="Mark one")
    page = ann.open("/orders/new", live=False)
    box = labels(page)
    box.fill("mark")
    options(page).first.click()
    box.fill("mark")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    assert violations(page, "open list") == []
    box.fill("Fresh label")
    options(page).filter(has_text="Fresh label").click()
    dialog = page.get_by_role("dialog", name="New label")
    expect(dialog.get_by_label("Name")).to_have_value("Fresh label")
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(chips(page)).to_have_text(["Mark one", "Fresh label"])
    box.fill("typed only")
    page.get_by_label("Title").fill("Words are no record")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("small[id$='-labels-problem']")).to_have_text("Choose one from the list.")


def test_draft_keeps_chips_and_reset_brings_the_stored_ones_back(ann: Visitor) -> None:
    stored = made(ann, "/labels", name="Stored chip")["id"]
    made(ann, "/labels", name=HOSTILE)
    id = order(ann, labels=[stored])
    page = ann.open(f"/orders/{id}/edit", live=False)
    labels(page).fill("<img")
    options(page).first.click()
    expect(chips(page)).to_have_text(["Stored chip", HOSTILE])
    page.wait_for_function("Object.keys(localStorage).some((key) => key.includes('draft'))")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_text("restored.")).to_be_visible()
    expect(chips(page)).to_have_text(["Stored chip", HOSTILE])
    assert page.locator("main img").count() == 0
    expect(page.get_by_role("button", name=f"Remove {HOSTILE}")).to_be_visible()
    page.get_by_role("button", name="Discard draft").click()
    expect(chips(page)).to_have_text(["Stored chip"])


def test_check_boxes_without_javascript(desk: Server, visit: Visit) -> None:
    visitor = visit(desk, java_script_enabled=False)
    visitor.expect_errors("422")
    stored = made(visitor, "/labels", name="Plain one")["id"]
    made(visitor, "/labels", name="Plain two")
    id = order(visitor, labels=[stored])
    page = visitor.context.new_page()
    page.goto(f"/orders/{id}/edit")
    expect(page.get_by_role("checkbox", name="Plain one")).to_be_checked()
    page.get_by_label("Labels", exact=True).fill("plain")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("checkbox", name="Plain two").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"**/orders/{id}")
    expect(page.get_by_role("link", name="Plain two")).to_be_visible()
