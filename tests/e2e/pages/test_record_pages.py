"""The page of a record in a browser: events, dialogs, toasts and deletions, by keyboard too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.accessibility.axe import violations
from e2e.apps.desk import DESK
from e2e.browsing import Visitor, answer, field
from e2e.serving import Server

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("desk"), DESK) as server:
        yield server


def made(visitor: Visitor, number: str) -> Any:
    """The addresses of a new order with three lines, and of its customer."""
    return visitor.context.request.get(f"{visitor.url}/new-desk/{number}").json()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText || document.activeElement.name"))


def test_event_with_parameters_runs_in_a_dialog_by_keyboard(desk: Server, visit: Visit) -> None:
    ann, bob = visit(desk), visit(desk)
    url = made(ann, "1001")["order"]
    page, other = ann.open(url), bob.open(url)
    opener = page.get_by_role("button", name="Discount\u2026")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Discount")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()

    page.keyboard.press("Enter")
    dialog.get_by_label("Percent").fill("13")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Not thirteen.")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Percent").fill("10")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(
        page.get_by_role("status").filter(has_text="Discount: done for order 1001.")
    ).to_be_visible()
    expect(opener).to_be_focused()
    expect(field(other, "Total")).to_have_text("90")


def test_link_of_a_list_opens_the_dialog_of_its_event(desk: Server, visit: Visit) -> None:
    ann = visit(desk)
    url = made(ann, "1002")["order"]
    page = ann.open(f"{url}#Order-discount-{url.rpartition('/')[2]}")
    expect(page.get_by_role("dialog", name="Discount")).to_be_visible()


def test_deletion_names_the_record_and_counts_what_goes_along(desk: Server, visit: Visit) -> None:
    ann = visit(desk, reduced_motion="reduce")
    addresses = made(ann, "1003")
    page = ann.open(addresses["order"])
    delete = page.get_by_role("button", name="Delete")
    delete.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Delete order 1003?")
    expect(dialog).to_contain_text("3 lines are deleted with it.")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    assert violations(page, "deletion") == []
    page.keyboard.press("Escape")
    expect(delete).to_be_focused()
    page.keyboard.press("Enter")
    answer(page, "Delete")
    expect(page).to_have_url(f"{desk.url}/orders")
    expect(page.get_by_role("status").filter(has_text="Order 1003 deleted.")).to_be_visible()


def test_record_that_is_referred_to_offers_no_deletion(desk: Server, visit: Visit) -> None:
    ann = visit(desk)
    page = ann.open(made(ann, "1004")["customer"])
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete customer Ann of 1004?")
    expect(dialog).to_contain_text("This can't be deleted: 1 order refers to it.")
    expect(dialog.get_by_role("button", name="Delete")).to_have_count(0)
    dialog.get_by_role("link", name="Show the list").click()
    expect(page.locator("tbody .sm-open")).to_have_text(["1004"])


def test_menu_of_a_row_asks_by_name_and_says_what_it_did(desk: Server, visit: Visit) -> None:
    ann = visit(desk)
    made(ann, "1005")
    page = ann.open("/orders?search=1005")
    page.locator("summary[aria-label='Actions for 1005']").click()
    page.get_by_role("button", name="Delete").last.click()
    expect(page.get_by_role("dialog")).to_have_accessible_name("Delete order 1005?")
    answer(page, "Delete")
    expect(page.get_by_role("status").filter(has_text="Order 1005 deleted.")).to_be_visible()
    expect(page.locator("tbody .sm-open")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_record_page_has_no_violations(desk: Server, visit: Visit, scheme: str) -> None:
    for width in (390, 1440):
        ann = visit(
            desk, color_scheme=scheme, reduced_motion="reduce",
            viewport={"width": width, "height": 900},
        )  # fmt: skip
        page = ann.open(made(ann, f"{scheme}{width}")["order"])
        found = violations(page, f"record {scheme} {width}")
        page.get_by_role("button", name="Discount\u2026").click()
        found += violations(page, f"dialog {scheme} {width}")
        page.goto("/")
        found += violations(page, f"start {scheme} {width}")
        assert found == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_forms_of_events_stand_in_the_page_without_javascript(desk: Server, visit: Visit) -> None:
    ann = visit(desk, java_script_enabled=False)
    url = made(ann, "1006")["order"]
    page = ann.context.new_page()
    page.goto(url)
    page.get_by_label("Percent").fill("20")
    page.get_by_role("button", name="Discount", exact=True).click()
    expect(field(page, "Total")).to_have_text("80")
    expect(page.locator("[data-toast] p")).to_have_text("Discount: done for order 1006.")
